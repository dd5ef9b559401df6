"""What is asked for again and again, and costs something: made once, and handed out for some seconds."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A value and when it was made; whoever comes while it is made waits for that one."""

    def __init__(self, make: Callable[[], T], seconds: float) -> None:
        self._make, self._seconds, self._lock = make, seconds, Lock()
        self._made: tuple[float, T] | None = None

    def value(self) -> T:
        """Return the value, made anew when it is too old; raises what making it raises."""
        with self._lock:
            if self._made is None or time.monotonic() - self._made[0] >= self._seconds:
                self._made = (time.monotonic(), self._make())
            return self._made[1]
