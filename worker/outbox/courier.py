"""Sends what is due: lease, hand over, record. Several of these at once are safe, each lease is one courier's alone.

One thread, the drain's own, leases and records; a crew of others asks the gateways, each holding a connection while it
waits. What the crew brings back while the drain is at the database is recorded together, and as many leases are taken
as hands are free, so that the fewer transactions each reply costs the more there is to do.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue

from sqlalchemy import Engine

from worker.clock import Clock
from worker.crash_points import around
from worker.gateways.base import Gateway, Handover, Sent, Unknown
from worker.gateways.phone_server import handed_to
from worker.log import complain, say
from worker.outbox.leases import Lease, candidates, lease_all, retire
from worker.outbox.outcomes import Answer, record_all
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.trail import trail

log = logging.getLogger(__name__)

THREADS = 32
BUDGET_S = 20.0
AHEAD = 0.25
"""So much of the crew is leased for ahead: a free hand goes on at once, whatever the database makes the drain wait.

No more, because what is leased and not yet handed over is in doubt as well when the sender dies.
"""
LOOK_AGAIN_S = 0.05
ROUND_S = 0.02
"""A round of recording and leasing begins no sooner after the last one, while more is on its way."""
LATEST_START = timedelta(seconds=9)
"""Before it no longer holds up later replies to its phone (`due.LONGEST_HELD_UP`), so that none is passed by one."""
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
        names = [*handed_to(self.gateways)]
        done = Drained()
        until = time.monotonic() + budget_s
        known: deque[int] = deque()
        # At a pace nothing is leased before its moment.
        most = self.threads + (0 if self.pace.gap else int(AHEAD * self.threads))
        with ThreadPoolExecutor(self.threads, "courier") as pool:
            crew = _Crew(pool, self._ask)
            try:
                while not (self.stopping() or time.monotonic() > until):
                    for leases in self._leased(names, known, most - crew.at_work):
                        crew.send(leases)
                        done.handed_over += len(leases)
                    if crew.at_work:
                        # Not longer: a reply may have become due that has nothing to do with those on their way.
                        self._record(crew.back(LOOK_AGAIN_S))
                    elif self.pace.gap and candidates(self.engine, names, self.clock()):
                        # Something would go out now, were it not for the pace.
                        self.pause(min(LOOK_AGAIN_S, self.pace.gap_s))
                    else:
                        return done
                done.more = True
                return done
            finally:
                # Whatever ends the drain, what went out is recorded.
                while crew.at_work:
                    self._record(crew.back())

    def _leased(self, names: Collection[str], known: deque[int], free: int) -> Iterator[list[Lease]]:
        """Yield what has been leased, each time that it is committed; `free` altogether at the most."""
        if len(known) < free:
            known.clear()
            known.extend(candidates(self.engine, names, self.clock(), self.pace))
        while known and free > 0:
            ids = [known.popleft() for _ in range(min(len(known), free))]
            leases = lease_all(self.engine, ids, self.clock(), self.pace)
            free -= len(leases)
            yield leases

    def _ask(self, leased: Lease) -> Handover | None:
        """Return the outcome; None when the gateway was not asked."""
        if self.clock() > leased.since + LATEST_START:
            # This process was held up for so long that its lease may be over: whoever closes it looks the reply up.
            return None
        try:
            with around("post"):
                return self.gateways[leased.gateway].send(leased.outgoing)
        except Exception as error:
            # An adapter's mistake proves nothing about what the gateway has done.
            reply, attempt = leased.key
            complain(log, "adapter failed", error, reply=reply, attempt=attempt, gateway=leased.gateway)
            return Unknown(type(error).__name__, "the adapter failed")

    def _record(self, answers: Sequence[Answer]) -> None:
        """Record answers together; where that fails one by one, so that one that cannot be recorded harms no other."""
        left = deque(answers)
        for tried in range(1, RECORD_TRIES + 1):
            while left:
                some = list(left) if tried == 1 else [left[0]]
                try:
                    record_all(self.engine, some, self.clock())
                except Exception as error:
                    (reply, attempt), last = some[0][0].key, tried == RECORD_TRIES
                    ids = {"reply": reply, "attempt": attempt, "count": len(left)}
                    complain(log, "outcome not recorded", error, **ids, tried=tried, final=last)
                    # Another one has the next try: where the database is away each would wait for it in vain.
                    left.rotate(-1)
                    break
                for answer in some:
                    _tell(*answer)
                    left.popleft()
            if not left or tried == RECORD_TRIES:
                return
            time.sleep(RECORD_PAUSE_S)


class _Crew:
    """The threads that wait for gateways, and what they bring back."""

    def __init__(self, pool: ThreadPoolExecutor, ask: Callable[[Lease], Handover | None]) -> None:
        self._pool = pool
        self._ask = ask
        self._brought: SimpleQueue[tuple[Lease, Handover | None]] = SimpleQueue()
        self._last_back = time.monotonic()
        self.at_work = 0

    def send(self, leases: Sequence[Lease]) -> None:
        """Let each of these be handed over by a thread that is free."""
        for leased in leases:
            self.at_work += 1
            self._pool.submit(self._hand_over, leased)

    def back(self, longest_s: float | None = None) -> list[Answer]:
        """Return what has come back, as soon as there is something; nothing after so many seconds without."""
        brought = self._waiting(longest_s)
        if brought and self.at_work:
            # While more is on its way: a transaction costs nearly the same for one answer as for some.
            time.sleep(max(0.0, self._last_back + ROUND_S - time.monotonic()))
            brought += self._waiting(0)
        self._last_back = time.monotonic()
        return [(leased, outcome) for leased, outcome in brought if outcome is not None]

    def _waiting(self, longest_s: float | None) -> list[tuple[Lease, Handover | None]]:
        brought = []
        with suppress(Empty):
            brought.append(self._brought.get(longest_s != 0, longest_s))
            while True:
                brought.append(self._brought.get_nowait())
        self.at_work -= len(brought)
        return brought

    def _hand_over(self, leased: Lease) -> None:
        outcome = None
        try:
            outcome = self._ask(leased)
        finally:
            self._brought.put((leased, outcome))


def _tell(leased: Lease, outcome: Handover) -> None:
    reply, attempt = leased.key
    level, code = (logging.INFO, None) if isinstance(outcome, Sent) else (logging.WARNING, outcome.code)
    ids, kind = trail(leased.site_id, leased.cause), type(outcome).__name__
    say(log, "handed over", level, **ids, reply=reply, attempt=attempt, outcome=kind, code=code)
