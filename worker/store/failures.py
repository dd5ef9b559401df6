"""When a database fails: how long it is waited for, and whether that is the doing of what was to be written."""

from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.patience import within

T = TypeVar("T")

ENDED_FOR_ANOTHER: Final = ("40001", "40P01")
"""What PostgreSQL says of a transaction that it has ended because of another one."""


def hits_all(error: Exception) -> bool:
    """Tell whether nothing else could be written either: the database is away, full, locked, or too slow."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) not in ENDED_FOR_ANOTHER
    return isinstance(error, (InterfaceError, PoolTimeoutError, TimeoutError))


def in_time(engine: Engine, seconds: float, call: Callable[[], T]) -> T:
    """Return what a call on this database returns; raises TimeoutError when a server does not answer in so long."""
    # SQLite ends every wait by itself; a thread for each call would only cost time.
    return call() if engine.dialect.name == "sqlite" else within(seconds, call)
