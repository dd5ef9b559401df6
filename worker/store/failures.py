"""When a database fails: how long it is waited for, and whether that is the doing of what was to be written."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.patience import within
from worker.store.repeatable import is_given_up

T = TypeVar("T")


def hits_all(error: Exception) -> bool:
    """Tell whether nothing else could be written either: the database is away, full, locked, or too slow."""
    if isinstance(error, OperationalError):
        return not is_given_up(error)
    return isinstance(error, (InterfaceError, PoolTimeoutError, TimeoutError))


def in_time(engine: Engine, seconds: float, call: Callable[[], T]) -> T:
    """Return what a call on this database returns; raises TimeoutError when a server does not answer in so long."""
    # SQLite ends every wait by itself; a thread for each call would only cost time.
    return call() if engine.dialect.name == "sqlite" else within(seconds, call)
