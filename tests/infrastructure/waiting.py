"""Waiting for something to become true: generous deadlines, no fixed sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

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
