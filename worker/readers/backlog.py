"""How things stand this moment: what waits in the lines and in the outbox, and since when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, case, func, select

from worker.readers.lines import Line, lines
from worker.store.database import reading
from worker.store.schema import UNSENT, replies
from worker.store.states import IN_DOUBT, TO_SEND


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """Replies that have not gone out: how many are due or will be, since when the first, how many are in doubt."""

    pending: int
    oldest_at: datetime | None
    in_doubt: int


def backlog(engine: Engine, site_ids: Collection[int]) -> tuple[list[Line], OutboxBacklog]:
    """Return the lines and the outbox of these sites."""
    # By the index of those that are not sent: the others, which are nearly all, cost nothing.
    waiting = replies.c.state.in_(TO_SEND)
    counted = select(
        func.count(case((waiting, 1))),
        func.min(case((waiting, replies.c.created_at))),
        func.count(case((replies.c.state.in_(IN_DOUBT), 1))),
    ).where(and_(UNSENT, replies.c.state.in_((*TO_SEND, *IN_DOUBT)), replies.c.site_id.in_(site_ids)))
    with reading(engine).connect() as connection:
        pending, oldest_at, in_doubt = connection.execute(counted).one()
        return lines(connection, site_ids), OutboxBacklog(pending, oldest_at, in_doubt)
