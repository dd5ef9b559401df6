"""How fast each of our numbers may send: SEND_PER_SECOND. Off by default, as a gateway queues at its number's own rate.

When a number is free again stands in the database, so that the rate holds over all senders together, wherever they run.
There are no bursts: what a number sends is at least one gap apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, exists, insert, update
from sqlalchemy.exc import IntegrityError

from worker.store.schema import paces, sites
from worker.store.types import UtcTime


@dataclass(frozen=True, slots=True)
class Pace:
    """The least time between two replies of one number; None: as they come."""

    gap: timedelta | None = None

    @property
    def gap_s(self) -> float:
        """The gap in seconds."""
        return self.gap.total_seconds() if self.gap else 0.0

    def takes_all(self, connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> list[Row[Any]]:
        """Take this moment for the first of these replies of each number that is free; return which those are.

        Rows have the reply's `gateway` and `sending_number`.
        """
        if self.gap is None:
            return list(rows)
        firsts: dict[tuple[str, str], Row[Any]] = {}
        for row in rows:
            firsts.setdefault((row.gateway, row.sending_number), row)
        return [row for number, row in firsts.items() if self.takes(connection, *number, now)]

    def takes(self, connection: Connection, gateway: str, number: str, now: datetime) -> bool:
        """Take this moment for a reply of this number; False when another sender was faster."""
        if self.gap is None:
            return True
        row = {"gateway": gateway, "number": number, "free_at": now + self.gap}
        mine = and_(paces.c.gateway == gateway, paces.c.number == number)
        free = mine & ~and_(paces.c.free_at > now, paces.c.free_at <= now + self.gap)
        if connection.execute(update(paces).where(free).values(row)).rowcount:
            return True
        try:
            with connection.begin_nested():
                connection.execute(insert(paces).values(row))
        except IntegrityError:
            return False
        return True


AS_THEY_COME = Pace()


def held_back(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition, on a row of `sites`, that its number has sent so lately that it must wait.

    The query takes as `free_again` when a number that sends now is free again.
    """
    mine = and_(paces.c.gateway == sites.c.gateway, paces.c.number == sites.c.number)
    # Later than that it can only be by a clock that was set back, or a rate that was raised.
    return exists().where(mine, paces.c.free_at > now, paces.c.free_at <= bindparam("free_again", type_=UtcTime()))


def pace_of(per_second: float | None) -> Pace:
    """Return the pace of so many replies a second."""
    return AS_THEY_COME if per_second is None else Pace(timedelta(seconds=1 / per_second))
