"""Replies that a phone fetched and is to give back, because its site goes by another phone or gateway by now.

The phone may have sent them, or may yet: it is asked to cancel them, and what it says of them still counts. One that
says nothing for `GIVEN_BACK_WITHIN` leaves them to the one that has the site's number now, under the same ids: an app
that has registered anew knows them by these. At another gateway they would go out again, so a person looks at them.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    not_,
    or_,
    select,
    update,
)

from worker.crash_points import committing
from worker.gateways.base import Unknown
from worker.log import say
from worker.outbox.ledger import PRESENT, change_reply, end, this_attempt
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import UNSENT, attempts, phone_sims, phones, replies, sites
from worker.store.states import ReplyState
from worker.store.types import UtcTime
from worker.trail import trail

log = logging.getLogger(__name__)

GIVEN_BACK_WITHIN: Final = timedelta(minutes=5)
"""So long a phone that was replaced has to say what it has sent; one that was silent for so long has no more time."""

_LEFT: Final = Unknown("recalled", "its phone did not say what became of it before the site's texts went another way")
_SERVES: Final = exists().where(phone_sims.c.phone == attempts.c.phone, phone_sims.c.site_id == replies.c.site_id)


def recall(connection: Connection, now: datetime) -> None:
    """Note which replies phones are to give back, in the transaction that has given their sites to others."""
    for serves, value in ((not_(_SERVES), now), (_SERVES, None)):
        changes = attempts.c.recalled_at.is_(None) if value else attempts.c.recalled_at.is_not(None)
        held = _held(attempts.c.reply_id, attempts.c.number).where(serves, changes)
        for reply_id, number in connection.execute(held).all():
            connection.execute(update(attempts).where(this_attempt(reply_id, number)).values(recalled_at=value))


def left(now: datetime | ColumnElement[datetime], since: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition, on a row of `attempts`, that its phone has had its time, which began at `since`."""
    heard = exists().where(phones.c.id == attempts.c.phone, phones.c.seen_at > since)
    return and_(attempts.c.recalled_at <= now, or_(attempts.c.recalled_at <= since, not_(heard)))


def recalled(connection: Connection, now: datetime) -> list[Row[tuple[str, int, bool]]]:
    """Return of each reply that is to be given back its phone, its site, and whether another phone may have it."""
    may = left(now, now - GIVEN_BACK_WITHIN).label("left")
    query = _held(attempts.c.phone, replies.c.site_id, may).where(attempts.c.recalled_at.is_not(None))
    return list(connection.execute(query))


@repeatable
def give_up_recalled(engine: Engine, now: datetime) -> int:
    """Put in review what phones did not give back whose sites go by another gateway now; return how many."""
    times = {"now": now, "since": now - GIVEN_BACK_WITHIN}
    change = {"state": ReplyState.REVIEW, "lease_until": None, "error_code": _LEFT.code, "error_words": _LEFT.words}
    with reading(engine).connect() as connection:
        # Each round of the sweeper asks, mostly in vain.
        if connection.execute(_ANY_NOT_GIVEN_BACK, times).first() is None:
            return 0
    with committing(engine, "leases.commit") as connection:
        rows = connection.execute(_NOT_GIVEN_BACK.with_for_update(of=replies), times).all()
        for row in rows:
            end(connection, row.id, row.attempt, _LEFT, now)
            change_reply(connection, row.id, change, now)
    for row in rows:
        say(log, "not given back", logging.WARNING, **trail(row.site_id, row.cause), reply=row.id, attempt=row.attempt)
    return len(rows)


def _held(*columns: Any) -> Select[Any]:
    """Return the query for what phones have fetched and not settled."""
    query = select(*columns).select_from(replies).join(attempts, PRESENT).join(sites, sites.c.id == replies.c.site_id)
    return query.where(UNSENT, replies.c.state == ReplyState.SENDING, attempts.c.phone.is_not(None))


_NOT_GIVEN_BACK: Final = _held(replies.c.id, replies.c.site_id, replies.c.cause, replies.c.attempt).where(
    left(bindparam("now", type_=UtcTime()), bindparam("since", type_=UtcTime())),
    attempts.c.gateway != sites.c.gateway,
)
_ANY_NOT_GIVEN_BACK: Final = _NOT_GIVEN_BACK.limit(1)
