"""What a phone shows by what it says of messages: that it has them, and that its clock is ahead.

A phone that says anything of a message has it, so it need not be given that again at each fetch, to which its app would
answer with a request for each (`outbox.fetch`).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, and_, or_, select, tuple_, update

from worker.gateways.base import Retry, Status
from worker.gateways.phone_server import Said
from worker.outbox.ledger import this_attempt
from worker.phones.entry import in_minutes
from worker.store.schema import attempts, phones, replies

NOT_SETTLED: Final = (None, "sending")
_AT_ONCE: Final = Retry(0, "RECALLED", "its phone has given it back")


def note_said(
    engine: Engine, phone: str, site_ids: Collection[int], words: Iterable[Said], now: datetime
) -> list[Status]:
    """Note what a phone shows by these words, and return what they settle: of messages that it was given alone.

    Those are what it has fetched itself, though its site has another phone by now, and what was fetched for the sites
    that it has: an app that has registered anew tells of what it had fetched before.
    """
    said = {(word.reply_id, word.attempt): word for word in words}
    these = tuple_(attempts.c.reply_id, attempts.c.number).in_(list(said))
    columns = [attempts.c[name] for name in ("reply_id", "number", "started_at", "delivery", "recalled_at", "sid")]
    query = select(*columns, replies.c.site_id).join(replies, replies.c.id == attempts.c.reply_id)
    its_own = or_(attempts.c.phone == phone, attempts.c.phone.is_not(None) & replies.c.site_id.in_(site_ids))
    found: list[Status] = []
    with engine.begin() as connection:
        rows = connection.execute(
            query.where(these, its_own).order_by(attempts.c.reply_id).with_for_update(of=attempts)
        ).all()
        for row in rows:
            word = said[row.reply_id, row.number]
            if row.site_id != word.site_id or row.sid not in (None, word.sid):
                # The id is another installation's.
                continue
            connection.execute(update(attempts).where(this_attempt(row.reply_id, row.number)).values(had_at=now))
            if word.status is not None:
                given_back = word.cancelled and row.recalled_at is not None
                found.append(replace(word.status, failure=_AT_ONCE) if given_back else word.status)
            at = word.at
            # What was said before may be said again, with the time that a clock showed which is right by now.
            if at is not None and at > now and row.delivery in NOT_SETTLED:
                _note_ahead(connection, phone, at - now, row.started_at)
    return found


def _note_ahead(connection: Connection, phone: str, ahead: timedelta, since: datetime) -> None:
    """Note that a phone's clock was ahead by this at the least, some time after `since`.

    It may say what has happened late, but not before it is so: then its clock is ahead, for which it may have dropped
    all. What it has signed since tells its clock exactly.
    """
    seconds = in_minutes(ahead)
    unsigned = or_(phones.c.clock_at.is_(None), phones.c.clock_at < since)
    mine = and_(phones.c.id == phone, unsigned, phones.c.clock_ahead < seconds)
    connection.execute(update(phones).where(mine).values(clock_ahead=seconds))
