"""Transactions that a database gives up for another's sake are done again, from their first statement.

Two that wait for each other's rows are a deadlock, of which PostgreSQL ends one; a database that is spread over
machines, or asked for more isolation than ours, ends one that it cannot put in order with another.
"""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

SERIALIZATION_FAILURE, DEADLOCK_DETECTED = "40001", "40P01"
"""PostgreSQL's codes: https://www.postgresql.org/docs/current/errcodes-appendix.html, class 40."""
TRIES: Final = 5
PAUSE_S: Final = 0.02
"""Before the first repetition; twice that before the next. Part of it by chance, or the same two meet again."""

P = ParamSpec("P")
T = TypeVar("T")


def is_given_up(error: DBAPIError) -> bool:
    """Tell whether the database gave a transaction up though nothing is wrong with it."""
    return getattr(error.orig, "sqlstate", None) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


def repeatable(writer: Callable[P, T]) -> Callable[P, T]:
    """Make a function repeat itself when the database has given up its transaction, up to `TRIES` times in all.

    It must be one transaction and do nothing beside it before the commit: what it does then it does once.
    """

    @wraps(writer)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for tried in range(1, TRIES):
            try:
                return writer(*args, **kwargs)
            except DBAPIError as error:
                if not is_given_up(error):
                    raise
                time.sleep(PAUSE_S * 2**tried * random.uniform(0.25, 1.0))  # noqa: S311 - no secret
        return writer(*args, **kwargs)

    return repeated
