"""What a phone fetches: the due replies of its sites, leased to it for as long as they are of use.

A phone's queue sends in the order in which messages came into it, so all that is due goes to it at once, in the order
of its writing, several to one person too; nothing waits for its word (L20). What it has fetched and not settled it is
given again, until it says anything of it, and seldom after that: it may not have had the answer, and knows by their
ids what it has had. So a phone that dies leaves its replies to the one that takes its place, and fetching alone puts
nothing in doubt. A phone from which its site was taken is asked to cancel them, and has some time to do so (`recall`).
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Engine, and_, bindparam, or_, select, update

from worker.crash_points import committing
from worker.gateways.base import Outgoing
from worker.gateways.phone_server import Fetched
from worker.log import say
from worker.outbox.due import NOW, fetchable_query, newest_due_query, times
from worker.outbox.leases import TAKEN, retire
from worker.outbox.ledger import PRESENT, begin, outgoing_of, this_attempt, with_site
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.outbox.recall import GIVEN_BACK_WITHIN, left
from worker.store.repeatable import repeatable
from worker.store.schema import UNSENT, attempts, replies, sites
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
_LEFT_TO_IT: Final = and_(
    replies.c.site_id.in_(_SITES),
    attempts.c.gateway == sites.c.gateway,
    left(NOW, bindparam("silent_since", type_=UtcTime())),
)
_HELD: Final = (
    with_site()
    .add_columns(attempts.c.phone, attempts.c.had_at, attempts.c.sid.label("given_as"), attempts.c.recalled_at)
    .join(attempts, PRESENT)
    .where(UNSENT, replies.c.state == ReplyState.SENDING, replies.c.useful_until > NOW)
    .where(or_(attempts.c.phone == bindparam("phone"), _LEFT_TO_IT))
    .with_for_update(of=attempts)
)
_ITS_SITES: Final = (
    select(sites.c.id).where(sites.c.id.in_(_SITES)).order_by(sites.c.id).with_for_update(key_share=True)
)
_TAKE_OVER: Final = (
    update(attempts)
    .where(this_attempt(bindparam("of_reply"), bindparam("of_number")))
    .values(phone=bindparam("its_phone"), recalled_at=None, had_at=None)
)


def newest_due(
    connection: Connection, site_ids: Collection[int], now: datetime, pace: Pace = AS_THEY_COME
) -> dict[int, int]:
    """Return of each of these sites for which something may be fetched now the newest such reply."""
    given = times(now, pace) | {"sites": list(site_ids)}
    return dict(map(tuple, connection.execute(newest_due_query(pace.gap is not None), given)))


def fetch(
    engine: Engine,
    phone: str,
    sims: Mapping[int, int],
    now: datetime,
    pace: Pace = AS_THEY_COME,
    named: Callable[[Outgoing], str] | None = None,
) -> list[Fetched]:
    """Return what a phone is to send, by which of its `sims` (SIM → site id), in the order of its writing.

    And what it is not to send any more, where another has its site. Each is kept under the id that `named` gives it.
    """
    retire(engine, now)
    sim_of = {site_id: sim for sim, site_id in sims.items()}
    return _leased(engine, phone, sim_of, now, pace, named or (lambda outgoing: ""))


@repeatable
def _leased(
    engine: Engine, phone: str, sim_of: Mapping[int, int], now: datetime, pace: Pace, named: Callable[[Outgoing], str]
) -> list[Fetched]:
    given = times(now, pace) | {"sites": [*sim_of]}
    with committing(engine, "lease.commit") as connection:
        mine = given | {"phone": phone, "silent_since": now - GIVEN_BACK_WITHIN}
        # Of two phones of a site the second sees what the first has taken, so that it overtakes nothing.
        connection.execute(_ITS_SITES, {"sites": [*sim_of]})
        held = connection.execute(_HELD, mine).all()
        others = [row for row in held if row.phone != phone]
        if others:
            keys = [{"of_reply": row.id, "of_number": row.attempt, "its_phone": phone} for row in others]
            connection.execute(_TAKE_OVER, keys)
        room = max(0, MOST_HELD - len(held))
        due = connection.execute(fetchable_query(pace.gap is not None), mine | {"room": room}).all()
        taken = pace.takes_all(connection, due, now)
        outgoing = [replace(outgoing_of(row), attempt=row.attempt + 1) for row in taken]
        new = [
            Fetched(each, sim_of[each.site_id], row.created_at, named(each))
            for each, row in zip(outgoing, taken, strict=True)
        ]
        if taken:
            connection.execute(_TAKE, {"ids": [row.id for row in taken], "leased_at": now})
            attempted = [(row.id, row.attempt + 1, row.gateway) for row in taken]
            begin(connection, attempted, now, phone, [reply.sid or None for reply in new])
    for row in taken:
        say(log, "leased", **trail(row.site_id, row.cause), reply=row.id, attempt=row.attempt + 1)
    again = [
        row
        for row in held
        if row.phone != phone or row.recalled_at or not row.had_at or now - row.had_at >= GIVEN_AGAIN_AFTER
    ]
    # Of a recalled one that was taken over the row is what it was before.
    known = [
        Fetched(outgoing_of(row), sim, row.created_at, row.given_as or "", recalled=sim is None)
        for row in again
        for sim in [sim_of.get(row.site_id)]
    ]
    return sorted([*known, *new], key=lambda each: each.outgoing.reply_id)
