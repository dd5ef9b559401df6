"""What an operator has to know of now: a table of conditions, each read from the tables with a few indexed queries.

Each alarm is a code, what it is about, one sentence that says what is wrong and how to mend it, and ids and counts.
Neither holds a name, a number or a word of a text. `baobei doctor`, ALERT_URL and /metrics all read them here.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from worker.alerts.alarm import Alarm, Condition
from worker.alerts.clocks import clocks_apart
from worker.alerts.line_alarms import (
    acts_closed,
    backfill_fails,
    backfill_healed,
    clock_jumped,
    forwards_wait,
    line_ahead,
    line_stands,
    many_messages,
    undecidable,
    unrouted_texts,
)
from worker.alerts.phone_alarms import canary_lost, phones_troubled
from worker.alerts.reply_alarms import (
    content_refused,
    gateway_stopped,
    no_manager_told,
    replies_fail,
    replies_in_doubt,
    replies_in_review,
    replies_wait,
)
from worker.store.database import reading

CONDITIONS: Final[tuple[Condition, ...]] = (
    line_stands,
    line_ahead,
    clock_jumped,
    clocks_apart,
    undecidable,
    forwards_wait,
    gateway_stopped,
    replies_wait,
    replies_fail,
    content_refused,
    replies_in_review,
    replies_in_doubt,
    no_manager_told,
    unrouted_texts,
    many_messages,
    acts_closed,
    backfill_healed,
    backfill_fails,
    phones_troubled,
    canary_lost,
)


def alarms(engine: Engine, now: datetime) -> list[Alarm]:
    """Return everything that is wrong at `now`. Raises SQLAlchemyError when the database is away."""
    with reading(engine).connect() as connection:
        return [alarm for condition in CONDITIONS for alarm in condition(connection, now)]
