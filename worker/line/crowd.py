"""A crowd: for a while more texts at once are on their way into the line than this process takes in without a queue.

A web process sees it at once, and nobody else can: those who wait for an answer before they send again, as a gateway's
connections do, bring no more than is taken in, however many they would.
"""

import time
from collections.abc import Callable
from typing import Final

MANY: Final = 8.0
"""Texts at once, in the mean. 250 a second are two to six, each of them taken in within 20 ms."""
STILL_MANY: Final = 4.0
"""What began as a crowd lasts until they are no more than these: let in, a crowd is smaller at each look."""
SHARE: Final = 0.2
"""What the newest look counts for in the mean."""
FORGOTTEN_S: Final = 1.0
TOLD_EVERY_S: Final = 0.1


class Crowd:
    """Looks after each batch how many texts are on their way, and tells while they are many.

    Threads may look at the same time: no harm is done by a look that counts for nothing.
    """

    def __init__(self, tell: Callable[[], object], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._mean = 0.0
        self._is_crowd = False
        self._looked_at = self._told_at = monotonic() - FORGOTTEN_S

    def look(self, on_their_way: int) -> None:
        """Note how many they were when a batch ended, its own included."""
        now = self._monotonic()
        if now - self._looked_at >= FORGOTTEN_S:
            self._mean, self._is_crowd = 0.0, False
        self._looked_at = now
        self._mean += SHARE * (on_their_way - self._mean)
        self._is_crowd = self._mean >= (STILL_MANY if self._is_crowd else MANY)
        if self._is_crowd and now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            self._tell()
