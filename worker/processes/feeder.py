"""Feeds the spool into the line: oldest first, one feeder at a time on each machine.

Every web process feeds, because its machine may have no sweeper, and the sweeper does, because web processes may be
down. A text gets the place and the time of its feeding. Whoever is killed between the line's commit and the removal of
the file leaves a text that comes in again as a silent repeat.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from sqlalchemy import Engine

from worker.crash_points import around
from worker.line.door import NotDurableError, accept
from worker.line.probe import could_take
from worker.line.spool import Spool, UnreadableError, number_of
from worker.log import complain, kind_of, say
from worker.runtime import Runtime

log = logging.getLogger(__name__)

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Feeder:
    """Who may feed a spool; `ring` is told each site whose line got longer."""

    engine: Engine
    spool: Spool
    ring: Callable[[int], object]
    stopping: Callable[[], bool] = lambda: False

    def feed(self) -> int:
        """Feed in everything that waits; return how many files are gone. Raises NotDurableError, OSError."""
        if self.spool.is_empty():
            return 0
        with self.spool.feeding() as mine:
            if not mine:
                return 0
            total = 0
            # On while files come, so that texts may soon go straight to the line again.
            while fed := sum(self._feed_one(name) for name in self.spool.waiting() if not self.stopping()):
                total += fed
            return total

    def _feed_one(self, name: str) -> bool:
        try:
            text = self.spool.read(name).as_sent()
            receipt = accept(self.engine, text)
        except (NotDurableError, OSError):
            # The others would fare no better, and must not pass it.
            raise
        except Exception as error:
            if not isinstance(error, UnreadableError) and not could_take(self.engine):
                # It is not this text's fault: none would be taken.
                raise NotDurableError("the database takes no text at all") from error
            # The others may pass a text that nobody can read.
            why = str(error) if isinstance(error, UnreadableError) else kind_of(error)
            say(log, "spool file set aside", logging.CRITICAL, spool=number_of(name), why=why)
            try:
                self.spool.set_aside(name)
            except OSError as failed:
                complain(log, "spool file not set aside", failed, spool=number_of(name))
                return False
            return True
        with around("spool.remove"):
            self.spool.remove(name)
        say(log, "fed in", spool=number_of(name), outcome=receipt.outcome, site=receipt.site_id, seq=receipt.seq)
        if receipt.site_id is not None:
            self.ring(receipt.site_id)
        return True


def feeder_of(runtime: Runtime, stopping: Callable[[], bool] = lambda: False) -> Feeder:
    """Return the feeder of a process."""
    return Feeder(runtime.engine, runtime.spool, runtime.bell.ring_decide, stopping)


def keep_feeding(runtime: Runtime, stop: Event) -> None:
    """Feed every second until told to stop; says once that the database is away, not every second."""
    feeder, away = feeder_of(runtime, stop.is_set), False
    while not stop.wait(EVERY_S):
        try:
            feeder.feed()
            away = False
        except Exception as error:
            if not away:
                complain(log, "texts wait in the spool", error)
            away = True
