"""How many replies are in each state, without reading all of them: nearly all are sent, and there are ever more."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from worker.store.schema import UNSENT, replies
from worker.store.states import FEW, ReplyState

SURELY_COMMITTED: Final = timedelta(minutes=10)
"""No transaction lasts this long: of what was written before, nothing more will appear."""


@dataclass(slots=True)
class OutboxCounts:
    """Counts for one process. A reply is never removed, so each is counted once, as written; those in every other
    state are few and counted anew each time, and the rest are sent.
    """

    upto: datetime | None = None
    written: int = 0
    lock: Lock = field(default_factory=Lock)

    def by_state(self, connection: Connection, now: datetime, failed: int) -> dict[str, int]:
        """Return the number of replies in each state; how many have failed is known to whoever asks."""
        with self.lock:
            upto = max(now - SURELY_COMMITTED, self.upto or now - SURELY_COMMITTED)
            old = replies.c.created_at <= upto
            self.written += _count(connection, old if self.upto is None else old & (replies.c.created_at > self.upto))
            self.upto = upto
            total = self.written + _count(connection, replies.c.created_at > upto)
        query = select(replies.c.state, func.count()).where(UNSENT, replies.c.state.in_(FEW)).group_by(replies.c.state)
        others = {state: int(count) for state, count in connection.execute(query)} | {ReplyState.FAILED: failed}
        return dict.fromkeys(ReplyState, 0) | others | {ReplyState.SENT: max(0, total - sum(others.values()))}


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(replies).where(which)).scalar_one())
