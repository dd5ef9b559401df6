"""How far each site's line is decided, and how long its first undecided message has waited."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from worker.store.schema import cursors, inbox, sites


@dataclass(frozen=True, slots=True)
class Line:
    """A site's line: the last place given, the last place decided, and the receipt of the message after that."""

    site_id: int
    site: str
    gateway: str
    last_seq: int
    decided_seq: int
    waiting_since: datetime | None

    @property
    def waiting(self) -> int:
        """How many messages are undecided."""
        return self.last_seq - self.decided_seq


def lines(connection: Connection, site_ids: Collection[int] | None = None) -> list[Line]:
    """Return every line, or those of these sites, by site; costs a few steps for each, however long they are."""
    next_up = and_(inbox.c.site_id == cursors.c.site_id, inbox.c.seq == cursors.c.decided_seq + 1)
    columns = (sites.c.id, sites.c.name, sites.c.gateway, sites.c.last_seq, cursors.c.decided_seq, inbox.c.received_at)
    # An outer join, and no condition on the time: SQLite would begin an inner one by reading the whole inbox.
    joined = select(*columns).join(cursors, cursors.c.site_id == sites.c.id).outerjoin(inbox, next_up)
    wanted = joined if site_ids is None else joined.where(sites.c.id.in_(site_ids))
    return [Line(*row) for row in connection.execute(wanted.order_by(sites.c.id))]
