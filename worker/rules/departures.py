"""L17: an agent's line of the roster ends; the manager hears once which clients he has, and gives them to others.

At once where the line ends by a change of the roster, else when its last day is over. To acts the agent is unknown
from there on (`Turn.has_left`).
"""

from datetime import datetime
from typing import Any, Final

from worker.rules.codes import Code
from worker.rules.deadlines import end_of_day
from worker.rules.model import Deadline, Listed, Reply
from worker.rules.own_clients import listed_clients, own_clients
from worker.rules.state import State
from worker.rules.states import DeadlineKind
from worker.rules.turn import Turn

MOST_NAMED: Final = 12
"""A segment has no room for more."""


def note_leaving(turn: Turn, before: Listed | None, after: Listed) -> None:
    """Tell of the clients of somebody whose line ended by this change, or put down that it will end."""
    today = turn.state.day(turn.now)
    if before is not None and before.on(today) and (not after.on(today) or after.unit != before.unit):
        params = _left(turn.state, before, turn.now)
        if params is not None:
            turn.notify(turn.state.staff("manager"), Code.DIGEST, params)
    if after.to_day is not None and after.on(after.to_day) and after.to_day >= today:
        turn.state.put(Deadline(DeadlineKind.LEFT, after.phone, end_of_day(turn.state, after.to_day)))


def tell_left(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """L17: the day is over on which a line ended; nothing if the roster has another end by now."""
    line = state.roster.get(deadline.subject)
    if line is None or line.to_day is None or end_of_day(state, line.to_day) != deadline.at:
        return []
    params = _left(state, line, now)
    return [Reply(phone, Code.DIGEST, "notice", params) for phone in state.staff("manager")] if params else []


def _left(state: State, line: Listed, now: datetime) -> dict[str, Any] | None:
    """Return what is said of whoever has left a unit and still has clients there."""
    own = own_clients(state, (c for c in state.claims.values() if c.unit == line.unit), line.phone, now)
    if not own:
        return None
    named = listed_clients(own[:MOST_NAMED])
    return {"state": "left", "agent": line.name, "unit": line.unit, "count": len(own), "clients": named}
