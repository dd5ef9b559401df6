"""How much one phone is told: beyond its hour's or day's messages, what can wait becomes one message (L11)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from worker.rules.codes import Code
from worker.rules.deadlines import end_of_day
from worker.rules.model import Deadline, Reply
from worker.rules.states import DeadlineKind
from worker.rules.turn import Turn

MOST_NAMED: Final = 12
CAN_WAIT: Final[Mapping[str, frozenset[Code]]] = {
    "reply": frozenset(
        [
            *(Code.HELP, Code.STATUS, Code.MINE, Code.FIGURES, Code.FOLLOWED_UP, Code.RENEWED),
            *(Code.DUPLICATE_OWN, Code.DUPLICATE_UNIT, Code.DUPLICATE_OTHER),
        ]
    ),
    "notice": frozenset([Code.NEW_REPORT, Code.OPTED_OUT, Code.ALIAS_SET, Code.OWN_ARRIVAL, Code.FAMILY_LINKED]),
}
"""By role; a notice of a duplicate says that a claim is lost, and waits for nothing."""


def within_allowance(turn: Turn) -> Iterator[Reply]:
    """Yield what is said now, one message a code and phone, and put by what can wait of those who were told enough."""
    said: set[tuple[Code, str]] = set()
    for reply in turn.replies:
        if (reply.code, reply.recipient) in said:
            continue
        said.add((reply.code, reply.recipient))
        known, hour = turn.state.sender(reply.recipient), turn.hour
        in_hour, in_day = known.told(hour)
        day_over = in_day >= turn.policy.messages_per_day
        if day_over or in_hour >= turn.policy.messages_per_hour:
            # All that a reply says must be able to wait: on several clients, a refusal may stand beside a duplicate.
            codes = {reply.code, *(Code(part["code"]) for part in reply.params.get("parts", ()))}
            if codes <= CAN_WAIT[reply.role]:
                _put_by(turn, reply, day_over)
                continue
        turn.state.put(replace(known, told_hour=hour, told_in_hour=in_hour + 1, told_in_day=in_day + 1))
        site = turn.in_hour()
        turn.state.put(replace(site, hour_messages=site.hour_messages + 1))
        yield reply


def _put_by(turn: Turn, reply: Reply, day_over: bool) -> None:
    """Count a reply for the one message at the end of the hour, or of the day; by number where it has one."""
    began = turn.now.astimezone(turn.state.zone).replace(minute=0, second=0, microsecond=0)
    at = (began + timedelta(hours=1)).astimezone(turn.now.tzinfo)
    if day_over:
        at = end_of_day(turn.state, turn.state.day(turn.now))
    known = turn.state.deadlines.get((DeadlineKind.FOLDED, reply.recipient, at))
    before: Mapping[str, Any] = {"hour": f"{began:%H}", "count": 0, "fitting": []}
    if known is not None:
        before = known.detail
    named = list(dict.fromkeys([*before["fitting"], *([reply.ref] if reply.ref else [])]))[:MOST_NAMED]
    detail = {**before, "count": before["count"] + 1, "fitting": named}
    turn.state.put(Deadline(DeadlineKind.FOLDED, reply.recipient, at, detail=detail))
