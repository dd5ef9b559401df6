"""Stopped gateways and numbers: our own misconfiguration keeps replies pending until somebody mends it and says so."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from worker.crash_points import committing
from worker.gateways.base import SenderStopped, Stopped
from worker.log import say
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import attempts, gateway_stops, replies, sites
from worker.store.states import ReplyState

log = logging.getLogger(__name__)

EVIDENCE = timedelta(minutes=10)
WHOLE_GATEWAY = ""


def stopped() -> ColumnElement[bool]:
    """Return the condition, on a row of `sites`, that its gateway or number is stopped."""
    return exists().where(
        gateway_stops.c.gateway == sites.c.gateway,
        or_(gateway_stops.c.number == WHOLE_GATEWAY, gateway_stops.c.number == sites.c.number),
    )


def stop(connection: Connection, gateway: str, number: str, why: Stopped | SenderStopped, now: datetime) -> None:
    """Stop a gateway (`WHOLE_GATEWAY`) or one of its numbers; already stopped is well, too."""
    row = {"gateway": gateway, "number": number, "since": now, "code": why.code, "words": why.words}
    try:
        with connection.begin_nested():
            connection.execute(insert(gateway_stops).values(row))
    except IntegrityError:
        return
    scope = "number" if number else "gateway"
    say(log, "stopped", logging.ERROR, gateway=gateway, scope=scope, code=why.code, words=why.words)


@repeatable
def resume(engine: Engine, gateway: str) -> int:
    """Let a gateway and all its numbers send again; return how many stops that ended."""
    with committing(engine, "resume.commit") as connection:
        ended = connection.execute(delete(gateway_stops).where(gateway_stops.c.gateway == gateway)).rowcount
    say(log, "resumed", gateway=gateway, stops=ended)
    return ended


def stops(engine: Engine) -> list[Row[tuple[str, str, datetime, str, str]]]:
    """Return every stop: gateway, number, since, code, words."""
    with reading(engine).connect() as connection:
        return list(connection.execute(select(gateway_stops).order_by(gateway_stops.c.since)))


def is_believed(connection: Connection, site_id: int, recipient: str, why: SenderStopped, now: datetime) -> bool:
    """Tell whether enough different recipients have met this lately, without one success, to blame our number."""
    lately = _lately(site_id, now)
    if why.recipients <= 1:
        return True
    if connection.execute(select(attempts.c.reply_id).where(lately, attempts.c.outcome == "sent").limit(1)).first():
        return False
    met = select(func.count(func.distinct(replies.c.recipient))).where(lately, attempts.c.code == why.code)
    others = connection.execute(met.where(replies.c.recipient != recipient)).scalar_one()
    return others + 1 >= why.recipients


def revive(connection: Connection, site_id: int, code: str, now: datetime) -> int:
    """Make the replies pending again that failed lately with a code which proved to be our number's fault."""
    blamed = select(replies.c.id).where(_lately(site_id, now), attempts.c.code == code)
    wrongly = and_(replies.c.id.in_(blamed), replies.c.state == ReplyState.FAILED, replies.c.error_code == code)
    return connection.execute(update(replies).where(wrongly).values(state=ReplyState.PENDING, next_at=now)).rowcount


def _lately(site_id: int, now: datetime) -> ColumnElement[bool]:
    return and_(attempts.c.reply_id == replies.c.id, replies.c.site_id == site_id, attempts.c.ended_at > now - EVIDENCE)
