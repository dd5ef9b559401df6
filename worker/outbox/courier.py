"""Sends what is due: lease, hand over, record. Several of these at once are safe, each lease is one courier's alone.

Leases are taken here one after another; gateways are asked from a few threads, so that one that is slow to answer does
not hold the others' replies.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from worker.clock import Clock
from worker.crash_points import around
from worker.gateways.base import Gateway, Handover, Sent, Unknown
from worker.log import complain, say
from worker.outbox.leases import Lease, candidates, lease, retire
from worker.outbox.outcomes import record
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.trail import trail

log = logging.getLogger(__name__)

THREADS = 4
BUDGET_S = 20.0
LOOK_AGAIN_S = 0.1
LATEST_START = timedelta(seconds=20)
RECORD_TRIES = 8
RECORD_PAUSE_S = 1.0


@dataclass(slots=True)
class Drained:
    """What a drain did; `more`: something was still due when its time was over."""

    handed_over: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends the replies of these gateways; `stopping` tells it to take on nothing more."""

    engine: Engine
    gateways: Mapping[str, Gateway]
    clock: Clock
    stopping: Callable[[], bool] = lambda: False
    threads: int = THREADS
    pace: Pace = AS_THEY_COME
    pause: Callable[[float], object] = time.sleep

    def drain(self, budget_s: float = BUDGET_S) -> Drained:
        """Send until nothing is due, for about `budget_s` seconds at the most; never waits for what is backed off."""
        retire(self.engine, self.clock())
        done = Drained()
        until = time.monotonic() + budget_s
        known: deque[int] = deque()
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.threads, "courier") as pool:
            while True:
                running = {future for future in running if not future.done()}
                if self.stopping() or time.monotonic() > until:
                    done.more = True
                    return done
                leased = self._next(known) if len(running) < self.threads else None
                if leased is not None:
                    running.add(pool.submit(self._hand_over, leased))
                    done.handed_over += 1
                elif running:
                    # Not longer: a reply may have become due that has nothing to do with those on their way.
                    wait(running, LOOK_AGAIN_S, FIRST_COMPLETED)
                elif self.pace.gap and candidates(self.engine, self.gateways.keys(), self.clock()):
                    # Something would go out now, were it not for the pace.
                    self.pause(min(LOOK_AGAIN_S, self.pace.gap_s))
                else:
                    return done

    def _next(self, known: deque[int]) -> Lease | None:
        if not known:
            known.extend(candidates(self.engine, self.gateways.keys(), self.clock(), self.pace))
        while known:
            leased = lease(self.engine, known.popleft(), self.clock(), self.pace)
            if leased is not None:
                return leased
        return None

    def _hand_over(self, leased: Lease) -> None:
        if self.clock() > leased.since + LATEST_START:
            # This process was held up for so long that its lease may be over: whoever closes it looks the reply up.
            return
        try:
            with around("post"):
                outcome = self.gateways[leased.gateway].send(leased.outgoing)
        except Exception as error:
            # An adapter's mistake proves nothing about what the gateway has done.
            reply, attempt = leased.key
            complain(log, "adapter failed", error, reply=reply, attempt=attempt, gateway=leased.gateway)
            outcome = Unknown(type(error).__name__, "the adapter failed")
        self._record(leased, outcome)

    def _record(self, leased: Lease, outcome: Handover) -> None:
        reply, attempt = leased.key
        for tried in range(1, RECORD_TRIES + 1):
            try:
                record(self.engine, leased, outcome, self.clock())
                break
            except DBAPIError as error:
                last = tried == RECORD_TRIES
                complain(log, "outcome not recorded", error, reply=reply, attempt=attempt, tried=tried, final=last)
                if last:
                    return
                time.sleep(RECORD_PAUSE_S)
        level, code = (logging.INFO, None) if isinstance(outcome, Sent) else (logging.WARNING, outcome.code)
        ids, kind = trail(leased.site_id, leased.cause), type(outcome).__name__
        say(log, "handed over", level, **ids, reply=reply, attempt=attempt, outcome=kind, code=code)
