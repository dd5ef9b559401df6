"""What a phone shows by what it says of messages: that it has them, and that its clock is ahead.

A phone that says anything of a message has it, so it need not be given that again at each fetch, to which its app would
answer with a request for each (`outbox.fetch`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, and_, or_, select, tuple_, update

from worker.gateways.phone_server import Said
from worker.phones.entry import in_minutes
from worker.store.schema import attempts, phones

NOT_SETTLED: Final = (None, "sending")


def note_said(engine: Engine, phone: str, words: Iterable[Said], now: datetime) -> None:
    """Note what a phone shows by these words on messages of its sites; before they settle them."""
    said = {(word.reply_id, word.attempt): word for word in words}
    mine = tuple_(attempts.c.reply_id, attempts.c.number).in_(list(said))
    columns = [attempts.c[name] for name in ("reply_id", "number", "started_at", "delivery")]
    with engine.begin() as connection:
        rows = connection.execute(select(*columns).where(mine).order_by(attempts.c.reply_id).with_for_update()).all()
        connection.execute(update(attempts).where(mine).values(had_at=now, phone=phone))
        for row in rows:
            at = said[row.reply_id, row.number].at
            # What was said before may be said again, with the time that a clock showed which is right by now.
            if at is not None and at > now and row.delivery in NOT_SETTLED:
                _note_ahead(connection, phone, at - now, row.started_at)


def _note_ahead(connection: Connection, phone: str, ahead: timedelta, since: datetime) -> None:
    """Note that a phone's clock was ahead by this at the least, some time after `since`.

    It may say what has happened late, but not before it is so: then its clock is ahead, for which it may have dropped
    all. What it has signed since tells its clock exactly.
    """
    seconds = in_minutes(ahead)
    unsigned = or_(phones.c.clock_at.is_(None), phones.c.clock_at < since)
    mine = and_(phones.c.id == phone, unsigned, phones.c.clock_ahead < seconds)
    connection.execute(update(phones).where(mine).values(clock_ahead=seconds))
