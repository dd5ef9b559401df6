"""The table of comparisons with gateways' lists: what was asked, what was missing, and how far we have compared."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, select, update

from worker.crash_points import committing
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import backfills

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a comparison ended: texts `found` in the list, those `healed`, and the kind of error that cut it short."""

    gateway: str
    since: datetime
    until: datetime
    found: int
    healed: int
    error: str | None


@repeatable
def begin(engine: Engine, gateway: str, since: datetime, until: datetime, now: datetime) -> int:
    """Note that a comparison begins; return its id."""
    row = {"gateway": gateway, "since": since, "until": until, "started_at": now, "found": 0, "healed": 0}
    with committing(engine, "backfill.begin") as connection:
        return int(connection.execute(insert(backfills).values(row).returning(backfills.c.id)).scalar_one())


@repeatable
def finish(engine: Engine, number: int, ended: Comparison, now: datetime) -> None:
    """Note how the comparison with this id ended, and remove those that nobody needs any more."""
    values = {"ended_at": now, "found": ended.found, "healed": ended.healed, "error": ended.error}
    with committing(engine, "backfill.end") as connection:
        connection.execute(update(backfills).where(backfills.c.id == number).values(values))
        old = and_(backfills.c.gateway == ended.gateway, backfills.c.started_at < now - KEPT)
        reached = _reached(connection, ended.gateway)
        if reached is not None:
            # The one that says how far we came stays, however long ago that was.
            old = and_(old, ~and_(_well_ended(ended.gateway), backfills.c.until == reached))
        connection.execute(delete(backfills).where(old))


def last_begun(engine: Engine, gateway: str) -> datetime | None:
    """Return when a comparison with this gateway began last."""
    query = select(func.max(backfills.c.started_at)).where(backfills.c.gateway == gateway)
    with reading(engine).connect() as connection:
        last: datetime | None = connection.execute(query).scalar_one()
    return last


def compared_until(engine: Engine, gateway: str) -> datetime | None:
    """Return up to when this gateway's list has been compared without a gap; None: never."""
    with reading(engine).connect() as connection:
        return _reached(connection, gateway)


def _reached(connection: Connection, gateway: str) -> datetime | None:
    """Return the end of the spans that join; one that was asked for later and lies beyond a gap does not close it."""
    spans = select(backfills.c.since, backfills.c.until).where(_well_ended(gateway)).order_by(backfills.c.id)
    reached: datetime | None = None
    for since, until in connection.execute(spans):
        if reached is None or since <= reached:
            reached = until if reached is None else max(reached, until)
    return reached


def _well_ended(gateway: str) -> ColumnElement[bool]:
    return and_(backfills.c.gateway == gateway, backfills.c.ended_at.is_not(None), backfills.c.error.is_(None))
