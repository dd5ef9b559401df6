"""How things stand this moment: what waits in the lines and in the outbox, and since when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, case, func, select

from worker.store.database import reading
from worker.store.schema import cursors, inbox, replies, sites
from worker.store.states import IN_DOUBT, TO_SEND


@dataclass(frozen=True, slots=True)
class LineSummary:
    """A site's line: its last place, how many are not decided, and since when the first of those waits."""

    site_id: int
    site: str
    gateway: str
    last_seq: int
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """Replies that have not gone out: how many are due or will be, since when the first, how many are in doubt."""

    pending: int
    oldest_at: datetime | None
    in_doubt: int


def line_standings(engine: Engine, site_ids: Collection[int]) -> list[LineSummary]:
    """Return how the lines of these sites stand, in the order of the sites' founding."""
    first = (inbox.c.site_id == sites.c.id) & (inbox.c.seq == cursors.c.decided_seq + 1)
    waiting = (sites.c.last_seq - cursors.c.decided_seq).label("waiting")
    query = (
        select(sites.c.id, sites.c.name, sites.c.gateway, sites.c.last_seq, waiting, inbox.c.received_at)
        .join(cursors, cursors.c.site_id == sites.c.id)
        .outerjoin(inbox, first)
        .where(sites.c.id.in_(site_ids))
        .order_by(sites.c.id)
    )
    with reading(engine).connect() as connection:
        return [LineSummary(*row) for row in connection.execute(query)]


def outbox_standing(engine: Engine, site_ids: Collection[int]) -> OutboxSummary:
    """Return how the outbox of these sites stands."""
    with reading(engine).connect() as connection:
        return _outbox(connection, site_ids)


def _outbox(connection: Connection, site_ids: Collection[int]) -> OutboxSummary:
    # By the index on states: those that are over, which are nearly all, cost nothing.
    waiting = replies.c.state.in_(TO_SEND)
    counted = select(
        func.count(case((waiting, 1))),
        func.min(case((waiting, replies.c.created_at))),
        func.count(case((replies.c.state.in_(IN_DOUBT), 1))),
    ).where(and_(replies.c.state.in_((*TO_SEND, *IN_DOUBT)), replies.c.site_id.in_(site_ids)))
    pending, oldest_at, in_doubt = connection.execute(counted).one()
    return OutboxSummary(pending, oldest_at, in_doubt)
