"""How far each site's line is decided, and how long its first undecided message has waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from worker.store.schema import cursors, inbox, sites


@dataclass(frozen=True, slots=True)
class Line:
    """A site's line: the last place given, the last place decided, and the receipt of the message after that."""

    site_id: int
    last_seq: int
    decided_seq: int
    waiting_since: datetime | None

    @property
    def waiting(self) -> int:
        """How many messages are undecided."""
        return self.last_seq - self.decided_seq


def lines(connection: Connection) -> Sequence[Line]:
    """Return every line, by site; costs a few steps for each, however long they are."""
    next_up = and_(inbox.c.site_id == cursors.c.site_id, inbox.c.seq == cursors.c.decided_seq + 1)
    columns = (sites.c.id, sites.c.last_seq, cursors.c.decided_seq, inbox.c.received_at)
    # An outer join, and no condition on the time: SQLite would begin an inner one by reading the whole inbox.
    joined = select(*columns).join(cursors, cursors.c.site_id == sites.c.id).outerjoin(inbox, next_up)
    return [Line(*row) for row in connection.execute(joined.order_by(sites.c.id))]
