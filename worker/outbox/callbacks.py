"""What gateways say later of replies that they took: many such words in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from worker.clock import utc_now
from worker.crash_points import committing
from worker.gateways.base import Status
from worker.log import say
from worker.outbox.consequences import see_to_others, weighed
from worker.outbox.delivery import after_status
from worker.outbox.ledger import attempt_of, chance, change_reply, note_delivery, take_back, tally_of, with_site
from worker.store.schema import replies
from worker.trail import trail

log = logging.getLogger(__name__)


def record_status(engine: Engine, status: Status, now: datetime | None = None) -> bool:
    """Apply a gateway's later word; False when it is about no reply of ours. May come early, twice, or out of order."""
    return record_statuses(engine, [status], now)[0]


def record_statuses(engine: Engine, statuses: Sequence[Status], now: datetime | None = None) -> list[bool]:
    """Apply gateways' later words in their order, in one transaction: all of them, or, if this raises, none.

    Returns for each whether it is about a reply of ours. They may come early, twice, or out of order.
    """
    now = now or utc_now()
    with committing(engine, "status.commit") as connection:
        found = [attempt_of(connection, status) for status in statuses]
        # In one order, so that two batches never wait for each other.
        ids = sorted({one[0] for one in found if one})
        if len(statuses) > 1:
            connection.execute(
                select(replies.c.id).where(replies.c.id.in_(ids)).order_by(replies.c.id).with_for_update()
            )
        return [_record(connection, status, now) for status in statuses]


def _record(connection: Connection, status: Status, now: datetime) -> bool:
    found = attempt_of(connection, status)
    tally = found and tally_of(connection, found[0])
    if not found or not tally:
        say(log, "status of no reply", logging.WARNING, gateway=status.gateway, delivery=status.delivery)
        return False
    row = connection.execute(with_site().where(replies.c.id == found[0])).one()
    if status.sid is not None and status.reply_id is not None:
        take_back(connection, found[0], status.sid, now)
    news = note_delivery(connection, *found, status)
    if news is not None:
        failure = weighed(connection, row.site_id, row.recipient, news.failure, now)
        news = replace(news, failure=failure)
        change_reply(connection, found[0], after_status(tally, news, now, chance()), now)
        see_to_others(connection, found[0], news.failure, now)
    ids = trail(row.site_id, row.cause)
    say(log, "status", **ids, reply=row.id, attempt=found[1], delivery=status.delivery, code=status.error_code)
    return True
