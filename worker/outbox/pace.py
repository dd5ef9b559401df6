"""How fast each of our numbers may send: SEND_PER_SECOND. Off by default, as a gateway queues at its number's own rate.

When a number is free again stands in the database, so that the rate holds over all senders together, wherever they run.
There are no bursts: what a number sends is at least one gap apart.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, false, insert, update
from sqlalchemy.exc import IntegrityError

from worker.store.schema import paces, sites


@dataclass(frozen=True, slots=True)
class Pace:
    """The least time between two replies of one number; None: as they come."""

    gap: timedelta | None = None

    @property
    def gap_s(self) -> float:
        """The gap in seconds."""
        return self.gap.total_seconds() if self.gap else 0.0

    def holds_back(self, now: datetime) -> ColumnElement[bool]:
        """Return the condition, on a row of `sites`, that its number has sent so lately that it must wait."""
        if self.gap is None:
            return false()
        mine = and_(paces.c.gateway == sites.c.gateway, paces.c.number == sites.c.number)
        # Later than that it can only be by a clock that was set back, or a rate that was raised.
        return exists().where(mine, paces.c.free_at > now, paces.c.free_at <= now + self.gap)

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


def pace_of(per_second: float | None) -> Pace:
    """Return the pace of so many replies a second."""
    return AS_THEY_COME if per_second is None else Pace(timedelta(seconds=1 / per_second))
