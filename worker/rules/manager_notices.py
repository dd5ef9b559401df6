"""What the manager is told of reports: policy `notify` (texts.md, section 3; E3, E8, E21, E25, L10)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from worker.rules.codes import Code
from worker.rules.model import Deadline
from worker.rules.part import REGISTERED, Part
from worker.rules.states import DeadlineKind, Flag
from worker.rules.turn import Turn

ALWAYS = (Code.SUSPECTED, Code.CONTESTED, Code.UNLISTED, Code.REFUSED_OTHER_UNIT, Code.MISMATCH)
SINGLY_EACH_HOUR = 6


def notify_staff(turn: Turn, parts: Sequence[Part]) -> None:
    """Tell the managers of a report text: what needs them at once, the accepted by policy; one message a code."""
    needing = {code: [part for part in parts if part.code == code and not part.recorded] for code in ALWAYS}
    if turn.is_stranger and any(needing.values()):
        # A report from off the roster is told by itself: a phone's first of the day, few an hour (L10).
        sender, site, today = turn.state.sender(turn.phone), turn.in_hour(), turn.state.day(turn.now).isoformat()
        if sender.shown_on == today or site.hour_strangers >= SINGLY_EACH_HOUR:
            _gather(turn, "unlisted")
            return
        turn.state.put(replace(sender, shown_on=today))
        turn.state.put(replace(site, hour_strangers=site.hour_strangers + 1))
    for code, concerned in needing.items():
        _tell(turn, code, concerned)
    accepted = [part for part in parts if part.code in REGISTERED]
    if not accepted or turn.role == "manager" or turn.policy.notify == "off":
        return
    # `auto` gathers from the seventh of a clock hour on (E25).
    if turn.policy.notify == "auto" and turn.count_report() > SINGLY_EACH_HOUR:
        _gather(turn, "count")
    else:
        _tell(turn, Code.NEW_REPORT, accepted)


def _tell(turn: Turn, code: Code, concerned: Sequence[Part]) -> None:
    if not concerned:
        return
    params = concerned[0].params
    ref = params.get("ref", "")
    if len(concerned) > 1:
        params = {"parts": [part.params | {"code": code} for part in concerned]}
    turn.notify(turn.state.staff("manager"), code, params, ref)
    for part in concerned:
        if part.claim is not None:
            claim = turn.state.claims[part.claim.number]
            turn.state.put(replace(claim, flags=tuple(dict.fromkeys((*claim.flags, Flag.TOLD)))))


def _gather(turn: Turn, what: str) -> None:
    """Count one more for the digest at the full hour: a new report (`count`), or one from off the roster."""
    hour = turn.now.astimezone(turn.state.zone).replace(minute=0, second=0, microsecond=0)
    subject, end = f"{hour:%Y-%m-%dT%H}", (hour + timedelta(hours=1)).astimezone(turn.now.tzinfo)
    known = turn.state.deadlines.get((DeadlineKind.DIGEST, subject, end))
    detail = {"count": 0, **(known.detail if known is not None else {}), "hour": f"{hour:%H}"}
    turn.state.put(Deadline(DeadlineKind.DIGEST, subject, end, detail=detail | {what: detail.get(what, 0) + 1}))
