"""The “nothing lost” meter: what comparing the gateways' own lists with ours has brought to light."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from worker.line.comparisons import compared_until
from worker.store.database import reading
from worker.store.schema import backfills


@dataclass(frozen=True, slots=True)
class Meter:
    """A gateway's last comparison, and what all those that are kept have healed; without one only its name.

    `until`: up to when nothing can be missing; `error`: the kind of what ended the last comparison early.
    """

    gateway: str
    until: datetime | None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    found: int = 0
    healed: int = 0
    error: str | None = None
    healed_lately: int = 0


def meters_of(engine: Engine, gateways: Collection[str]) -> list[Meter]:
    """Return the meter of each of these gateways, by name."""
    meters = []
    for name in sorted(gateways):
        mine = backfills.c.gateway == name
        healed = select(func.coalesce(func.sum(backfills.c.healed), 0)).where(mine)
        newest = select(backfills).where(mine).order_by(backfills.c.id.desc()).limit(1)
        with reading(engine).connect() as connection:
            lately: int = connection.execute(healed).scalar_one()
            last = connection.execute(newest).first()
        until = compared_until(engine, name)
        if last is None:
            meters.append(Meter(name, until))
            continue
        ended = last.started_at, last.ended_at, last.found, last.healed, last.error
        meters.append(Meter(name, until, *ended, healed_lately=lately))
    return meters
