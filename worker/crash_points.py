"""Crash points: named places on the path of a text, at which a test lets the process end as `kill -9` would.

There is one before and one after each commit, each ring and each call of a gateway. Reaching one that nobody watches
costs next to nothing. `BAOBEI_CRASH_AT` names the point at which a real process is to end; it is for tests alone.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

Watcher = Callable[[str], None]

_watchers: list[Watcher] = []


def reached(point: str) -> None:
    """Tell whoever watches that this point has been reached."""
    for watcher in _watchers:
        watcher(point)


@contextmanager
def around(step: str) -> Iterator[None]:
    """Stand around what the outside world sees: the points are `STEP.before` and `STEP.after`."""
    reached(f"{step}.before")
    yield
    reached(f"{step}.after")


@contextmanager
def committing(engine: Engine, step: str) -> Iterator[Connection]:
    """Run a transaction as `engine.begin()` does; the points stand just before and after its commit."""
    with engine.begin() as connection:
        yield connection
        reached(f"{step}.before")
    reached(f"{step}.after")


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Tell a watcher of every point that is reached meanwhile; what it raises is raised there."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def crash_at(point: str) -> None:
    """From now on end this process at this point, without any of the tidying that its end usually brings."""

    def end(reached_point: str) -> None:
        if reached_point == point:
            os.kill(os.getpid(), signal.SIGKILL)

    _watchers.append(end)
