"""What the manager is told of reports: policy `notify` (texts.md, section 3; E3, E8, E21, E25)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from worker.rules.model import Deadline
from worker.rules.turn import Turn

ALWAYS = ("suspected", "contested", "unlisted", "refused_other_unit", "mismatch")
SINGLY_EACH_HOUR = 6


def notify_staff(turn: Turn, parts: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Tell the managers of a report text: what needs them at once, the accepted by policy; one message a code."""
    managers = turn.state.staff("manager")
    for code in ALWAYS:
        concerned = [params for its_code, params in parts if its_code == code]
        if concerned:
            turn.notify(managers, code, _one_or_all(concerned, code), concerned[0].get("ref", ""))
    accepted = [params for code, params in parts if code == "accepted"]
    if accepted and turn.role != "manager" and _singly(turn):
        turn.notify(managers, "new_report", _one_or_all(accepted, "new_report"), accepted[0]["ref"])


def _one_or_all(parts: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else {"parts": [part | {"code": code} for part in parts]}


def _singly(turn: Turn) -> bool:
    """Tell whether this report is told by itself; `auto` gathers from the seventh of a clock hour on (E25)."""
    if turn.policy.notify != "auto":
        return turn.policy.notify == "each"
    count = turn.count_report()
    if count > SINGLY_EACH_HOUR:
        _gather(turn, count - SINGLY_EACH_HOUR)
    return count <= SINGLY_EACH_HOUR


def _gather(turn: Turn, count: int) -> None:
    hour = turn.now.astimezone(turn.state.zone).replace(minute=0, second=0, microsecond=0)
    end = (hour + timedelta(hours=1)).astimezone(turn.now.tzinfo)
    turn.state.put(Deadline("digest", f"{hour:%Y-%m-%dT%H}", end, detail={"count": count, "hour": f"{hour:%H}"}))
