"""A rush: texts come faster than this machine decides and answers them. Taking them in goes first then.

Deciding, sending and the callbacks to replies live on the cores that the webhook needs. Texts wait for their answers in
any case then, but a gateway waits only so long to be told that its text has arrived. So whoever decides gives way for
some seconds, for which the last answers come later, and catches up afterwards.

Web processes say when texts crowd at their door (`worker.line.crowd`). Whether more of them get in when deciding pauses
shows only when it does; where that lets in no more than before, the pause ends at once.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from worker.log import complain, say
from worker.store.database import reading
from worker.store.schema import sites

log = logging.getLogger(__name__)

PER_CORE_S: Final = 150.0
"""Texts a second and core that have to come at the first look: more than a core takes in, decides and answers.

A machine with many cores never comes so far, since its webhook is none the slower for what the others do.
"""
RISEN: Final = 1.2
"""At further looks, so much more has to come than came before, or the pause lets nobody in who was kept waiting."""
LEAST_SHARE: Final = 0.75
"""And at least this share of `PER_CORE_S`: of a few that wait for a slow disk one look sees more than another."""
ASKED_EVERY_S: Final = 0.05
LONGEST_S: Final = 7.0
"""So long way is given at the most; it takes `REST` times as long until as much may be given again."""
REST: Final = 10.0
LEAST_S: Final = 1.0
"""Without so much left it is not worth beginning."""
SETTLE_S: Final = 0.1
"""For so long the replies to what was decided last still go out, and keep the webhook busy."""
LOOK_S: Final = 0.2
LOOKS: Final = 2
"""So many in a row have to see that it is over: one alone may meet the moment in which all wait for the disk."""
AFTER_NONE_S: Final = (1.0, 5.0, 30.0)
"""How long nothing is tried after what may have been a rush and was none: after the first in a row, the next, all."""
CALM_S: Final = 2.0
"""What comes after so long without a crowd has nothing to do with what was before."""

_TAKEN: Final = select(func.sum(sites.c.last_seq))


class _Mark(NamedTuple):
    at: float
    taken: int


class Rush:
    """Decides whether to give way, and for how long. For one thread of one process."""

    def __init__(
        self,
        engine: Engine,
        crowded: Callable[[], bool],
        cores: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._engine = engine
        self._crowded = crowded
        self._from_per_s = PER_CORE_S * (cores or _cores())
        self._monotonic = monotonic
        self._pause = pause
        self._mark: _Mark | None = None
        self._crowded_at = self._ended_at = self._not_before = monotonic()
        self._asked_at = self._ended_at - ASKED_EVERY_S
        self._left_s = LONGEST_S
        self._none = 0
        """How many in a row were none."""

    def give_way(self, decided: int, stopping: Callable[[], bool]) -> None:
        """After a batch of so many decided texts, wait while there is a rush, but only as long as there is patience."""
        now = self._monotonic()
        if not decided or now - self._asked_at < ASKED_EVERY_S:
            return
        self._asked_at = now
        if not self._crowded():
            return
        if now - self._crowded_at > CALM_S:
            self._none, self._not_before, self._mark = 0, now, None
        self._crowded_at = now
        left_s = min(LONGEST_S, self._left_s + (now - self._ended_at) / REST)
        if now < self._not_before or left_s < LEAST_S:
            return
        was_one = False
        try:
            was_one = self._wait(now + left_s, stopping)
        except SQLAlchemyError as error:
            # What was decided stays so, whatever is wrong with the database now.
            complain(log, "rush not seen", error)
        self._crowded_at = self._ended_at = self._monotonic()
        self._left_s = left_s - (self._ended_at - now)
        self._none = 0 if was_one else self._none + 1
        if was_one:
            say(log, "gave way", seconds=round(self._ended_at - now, 1))
        else:
            self._not_before = self._ended_at + AFTER_NONE_S[min(self._none, len(AFTER_NONE_S)) - 1]

    def _wait(self, until: float, stopping: Callable[[], bool]) -> bool:
        """Wait while there is a crowd, if a first look sees that this lets more of it in; return whether it did."""
        # Since the wait before this one; after a calm nothing is known.
        known, before_per_s = self._mark is not None, self._grown_per_s()
        least_per_s = max(RISEN * before_per_s, LEAST_SHARE * self._from_per_s) if known else self._from_per_s
        self._pause(SETTLE_S)
        self._grown_per_s()
        self._pause(LOOK_S)
        if self._grown_per_s() < least_per_s:
            return False
        missed = 0
        while missed < LOOKS and self._monotonic() < until and not stopping():
            self._pause(LOOK_S)
            missed = 0 if self._crowded() else missed + 1
        # What was let in now is not what comes while texts are decided.
        self._grown_per_s()
        return True

    def _grown_per_s(self) -> float:
        before, self._mark = self._mark, _Mark(self._monotonic(), self._taken())
        if before is None or before.at == self._mark.at:
            return 0.0
        return (self._mark.taken - before.taken) / (self._mark.at - before.at)

    def _taken(self) -> int:
        with reading(self._engine).connect() as connection:
            return int(connection.execute(_TAKEN).scalar_one() or 0)


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
