"""What gateways say later of replies that they took: many such words in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, bindparam, select

from worker.clock import utc_now
from worker.crash_points import committing
from worker.gateways.base import Status
from worker.log import say
from worker.outbox.books import Books, Key
from worker.outbox.consequences import see_to_others, weighed
from worker.outbox.delivery import after_status, says_more
from worker.outbox.ledger import chance
from worker.store.repeatable import repeatable
from worker.store.schema import attempts
from worker.store.states import ReplyState
from worker.trail import trail

log = logging.getLogger(__name__)

_OF_SIDS: Final = select(attempts.c.reply_id).where(attempts.c.sid.in_(bindparam("sids", expanding=True)))


@repeatable
def record_statuses(engine: Engine, statuses: Sequence[Status], now: datetime | None = None) -> list[bool]:
    """Apply gateways' later words in their order, in one transaction: all of them or, if it raises, none.

    Returns for each whether it is about a reply of ours. They may come early, twice, or out of order.
    """
    sids = {status.sid for status in statuses if status.sid is not None}
    ids = {status.reply_id for status in statuses if status.reply_id is not None}
    with committing(engine, "status.commit") as connection:
        found = connection.execute(_OF_SIDS, {"sids": sorted(sids)}).scalars()
        books = Books(connection, now or utc_now(), sorted(ids.union(found)))
        books.open()
        meant = [_apply(books, status) for status in statuses]
        books.close()
    for status, key in zip(statuses, meant, strict=True):
        _tell(books, status, key)
    return [key is not None for key in meant]


def _apply(books: Books, status: Status) -> Key | None:
    """Apply a word and return the attempt that it is about; None when that is none of ours."""
    key = _attempt_of(books, status)
    if key is None:
        return None
    reply_id, number = key
    if status.sid is not None and status.reply_id is not None:
        _take_back(books, reply_id, status.sid)
    history, known = books.history(reply_id), books.attempts(reply_id)[number]
    if history is None or not says_more(status, known["delivery"]):
        return key
    news = replace(status, reply_id=reply_id, attempt=number, sid=status.sid or known["sid"])
    books.note(key, {"delivery": news.delivery, "sid": news.sid})
    news = replace(news, failure=weighed(books, reply_id, status.failure))
    books.change(reply_id, after_status(history, news, books.now, chance()))
    see_to_others(books, reply_id, news.failure, status.gateway)
    return key


def _attempt_of(books: Books, status: Status) -> Key | None:
    """Return the attempt that a status is about: by our own ids where it carries them, else by the sid."""
    with_sid = [] if status.sid is None else list(books.with_sid(status.sid))
    if status.reply_id is None:
        return min(with_sid, default=None)
    numbers = books.attempts(status.reply_id)
    if numbers and status.site_id not in (None, books.reply(status.reply_id)["site_id"]):
        # Meant for another database's reply, which has the same id there.
        return None
    if status.attempt is not None:
        return (status.reply_id, status.attempt) if status.attempt in numbers else None
    its_own = [key for key in with_sid if key[0] == status.reply_id]
    # Where none has the sid, it came before the answer that would have brought it.
    return min(its_own, default=(status.reply_id, max(numbers)) if numbers else None)


def _take_back(books: Books, reply_id: int, sid: str) -> None:
    """Put those replies in doubt again that a look-up settled by a message which proves to be this one's."""
    for other, number in list(books.with_sid(sid)):
        if other == reply_id:
            continue
        history = books.history(other)
        books.note((other, number), {"outcome": "unknown", "sid": None, "delivery": None})
        if history is not None and (history.state, history.sid) == (ReplyState.SENT, sid):
            books.change(other, {"state": ReplyState.UNKNOWN, "sid": None, "delivery": None, "sent_at": None})


def _tell(books: Books, status: Status, key: Key | None) -> None:
    if key is None:
        say(log, "status of no reply", logging.WARNING, gateway=status.gateway, delivery=status.delivery)
        return
    row = books.reply(key[0])
    ids = trail(row["site_id"], row["cause"])
    say(log, "status", **ids, reply=key[0], attempt=key[1], delivery=status.delivery, code=status.error_code)
