"""Types of columns that take whatever comes, and mean the same on both databases.

What a door lets in is named and refused there; these make sure that nothing which got past one can stop a transaction.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from worker.storable import storable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
_EARLIEST, _LATEST = (FIRST - EPOCH) // MICROSECOND, (LAST - EPOCH) // MICROSECOND


class Words(TypeDecorator[str]):
    """Text as `storable` leaves it, whether it is written or looked for: PostgreSQL takes no NUL, Python no half."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what both databases take."""
        return storable(value) if isinstance(value, str) else value


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since 1970 so that both databases compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return microseconds; a naive datetime is a mistake of the program and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return _within((value - EPOCH) // MICROSECOND)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the datetime that was bound; where that was of no year that UTC has, its first or last moment."""
        return None if value is None else EPOCH + _within(value) * MICROSECOND


def _within(microseconds: int) -> int:
    return min(max(microseconds, _EARLIEST), _LATEST)
