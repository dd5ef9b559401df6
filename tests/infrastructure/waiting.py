"""Waiting for something to become true: generous deadlines, no fixed sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")
DEADLINE_SECONDS = 60.0


def eventually(condition: Callable[[], T], what: str) -> T:
    """Return the first truthy value of the condition; fails the test when there is none within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.02)
    return value


def gone(*pids: int) -> bool:
    """Whether none of these processes runs any more; one that only waits to be looked after has ended."""
    return not any(psutil.pid_exists(pid) and _status(pid) != psutil.STATUS_ZOMBIE for pid in pids)


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_ZOMBIE)
