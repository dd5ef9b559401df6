"""How long to wait: no longer for a call than whoever waits for us, and longer after each failure."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, or raise what it raises; raises TimeoutError when it has not ended in time.

    A database driver on a server that has frozen would wait for ever, and no limit of the server's own ends that.
    """
    future: Future[T] = Future()
    # A daemon, so that it keeps no process from ending.
    Thread(target=_settle, args=(future, call), daemon=True).start()
    return future.result(seconds)


def pause_s(failures: int, first_s: float, longest_s: float) -> float:
    """Return how long to wait after so many failures in a row (1 or more): `first_s`, then twice as long each time."""
    return min(longest_s, first_s * 2.0 ** min(failures - 1, 10))


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)
