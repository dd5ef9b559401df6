"""What a phone fetches: the due replies of its sites, leased to it for as long as they are of use.

A phone's queue sends in the order in which messages came into it, so all that is due goes to it at once, in the order
of its writing, several to one person too; nothing waits for its word (L20). What it has fetched and not settled it is
given again, until it says anything of it, and seldom after that: it may not have had the answer, and knows by their
ids what it has had. So a phone that dies leaves its replies to the one that takes its place, and fetching alone puts
nothing in doubt.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Engine, Row, and_, bindparam, update

from worker.crash_points import committing
from worker.gateways.phone_server import Fetched
from worker.log import say
from worker.outbox.due import fetchable_query, newest_due_query, times
from worker.outbox.leases import TAKEN, retire
from worker.outbox.ledger import begin, outgoing_of, with_site
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.store.repeatable import repeatable
from worker.store.schema import attempts, replies
from worker.store.states import ReplyState
from worker.store.types import UtcTime
from worker.trail import trail

log = logging.getLogger(__name__)

MOST_HELD: Final = 100
"""So many messages stand in a phone's queue at the most; it sends some in a minute, and fetches again."""
GIVEN_AGAIN_AFTER: Final = timedelta(minutes=10)
"""To each message that it knows the app answers with a request of its own, at each fetch."""

_SITES: Final[BindParameter[Any]] = bindparam("sites", expanding=True)
_TAKE: Final = (
    update(replies)
    .where(replies.c.id.in_(bindparam("ids", expanding=True)))
    .values(TAKEN | {"lease_until": replies.c.useful_until})
)
_HELD: Final = (
    with_site()
    .add_columns(attempts.c.phone, attempts.c.had_at)
    .join(attempts, and_(attempts.c.reply_id == replies.c.id, attempts.c.number == replies.c.attempt))
    .where(replies.c.site_id.in_(_SITES), replies.c.state == ReplyState.SENDING, attempts.c.phone.is_not(None))
    .where(replies.c.useful_until > bindparam("now", type_=UtcTime()))
)


def newest_due(
    connection: Connection, site_ids: Collection[int], now: datetime, pace: Pace = AS_THEY_COME
) -> dict[int, int]:
    """Return of each of these sites for which something may be fetched now the newest such reply."""
    given = times(now, pace) | {"sites": list(site_ids)}
    return dict(map(tuple, connection.execute(newest_due_query(pace.gap is not None), given)))


def fetch(
    engine: Engine, phone: str, sims: Mapping[int, int], now: datetime, pace: Pace = AS_THEY_COME
) -> list[Fetched]:
    """Return what a phone is to send, by which of its `sims` (SIM → site id), in the order of its writing."""
    retire(engine, now)
    sim_of = {site_id: sim for sim, site_id in sims.items()}
    leased = _leased(engine, phone, [*sim_of], now, pace)
    return [
        Fetched(replace(outgoing_of(row), attempt=attempt), sim_of[row.site_id], row.created_at)
        for row, attempt in leased
    ]


@repeatable
def _leased(
    engine: Engine, phone: str, site_ids: Sequence[int], now: datetime, pace: Pace
) -> list[tuple[Row[Any], int]]:
    given = times(now, pace) | {"sites": site_ids}
    with committing(engine, "lease.commit") as connection:
        held = connection.execute(_HELD, {"sites": site_ids, "now": now}).all()
        room = max(0, MOST_HELD - len(held))
        due = connection.execute(fetchable_query(pace.gap is not None), given | {"room": room}).all()
        taken = pace.takes_all(connection, due, now)
        if taken:
            connection.execute(_TAKE, {"ids": [row.id for row in taken], "leased_at": now})
            begin(connection, [(row.id, row.attempt + 1, row.gateway) for row in taken], now, phone)
    for row in taken:
        say(log, "leased", **trail(row.site_id, row.cause), reply=row.id, attempt=row.attempt + 1)
    again = [row for row in held if row.phone != phone or not row.had_at or now - row.had_at >= GIVEN_AGAIN_AFTER]
    leased = [(row, row.attempt) for row in again] + [(row, row.attempt + 1) for row in taken]
    return sorted(leased, key=lambda each: each[0].id)
