"""The sweeper: what must happen even if nobody rings, or nobody hears it. A process of its own, without RQ.

It rings for whatever waits; when the bell is gone, or rings and nothing moves, it does the work itself. It closes the
leases of senders that died, settles what is in doubt, writes the notices that passing time makes due, and looks in the
gateways' lists for what never reached us. A step that fails is logged and harms no other; the rounds below run beside
each other, so that a gateway which is slow to answer does not hold the line.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from typing import NamedTuple

from sqlalchemy import select

from worker.alerts.alerts import LOOK_EVERY_S, Alerts
from worker.bell.heartbeats import BEAT_EVERY_S, SWEEPER, beat
from worker.decide.notices import Notices
from worker.decide.set_up import spread
from worker.gateways.phone_server import handed_to
from worker.line.backfill import Backfill, InterruptedBackfillError
from worker.line.canaries import ask_due
from worker.log import complain, say
from worker.outbox.doubts import AT_ONCE, Settler
from worker.outbox.leases import candidates, close_leases, retire
from worker.outbox.recall import give_up_recalled
from worker.outbox.stops import stops
from worker.phones.trials import hand_over_canaries
from worker.processes.couriers import courier_of
from worker.processes.feeder import feeder_of
from worker.processes.jobs import Tasks
from worker.processes.rush import LONGEST_S
from worker.retention.nightly import Nightly
from worker.runtime import Runtime
from worker.store.database import reading
from worker.store.schema import cursors, sites

log = logging.getLogger(__name__)

EVERY_S = 2.0
"""So often it is looked for what somebody waits for: texts and replies that nobody rang for, notices."""
UPKEEP_EVERY_S = 5.0
"""So often for all else: an idle installation spends most of its CPU on looking."""
STUCK_S = 3.0
SEND_FOR_S = 5.0
REMIND_EVERY_S = 60.0
NIGHT_EVERY_S = 300.0
DIRECTORY_EVERY_S = 60.0
CANARIES_EVERY_S = 30.0

Step = Callable[[], object]


@dataclass(slots=True)
class Watch:
    """Tells what has not moved for `STUCK_S`, from what it is shown once a round."""

    monotonic: Callable[[], float] = time.monotonic
    seen: dict[int, tuple[int, float]] = field(default_factory=dict)

    def stuck(self, positions: Mapping[int, int], after_s: float = STUCK_S) -> set[int]:
        """Return the keys whose position has been the same for long; forget the keys that are no longer shown."""
        now = self.monotonic()
        before = self.seen
        self.seen = {
            key: before[key] if key in before and before[key][0] == position else (position, now)
            for key, position in positions.items()
        }
        return {key for key, (_, since) in self.seen.items() if now - since >= after_s}


@dataclass(slots=True)
class Every:
    """Tells when it is time again: at once, and then once in so many seconds."""

    seconds: float
    monotonic: Callable[[], float]
    last: float | None = None

    def due(self) -> bool:
        """Tell whether it is time, and count from now if it is."""
        now = self.monotonic()
        if self.last is not None and now - self.last < self.seconds:
            return False
        self.last = now
        return True


class Round(NamedTuple):
    """Steps that are done one after another, at once and then so many seconds after the last one."""

    every_s: float
    steps: Sequence[Step]


class Sweeper:
    """The sweeper of one process. `rounds` names its steps; each round runs in a thread of its own."""

    def __init__(self, runtime: Runtime, stop: Event, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._runtime = runtime
        self._stop = stop
        self._tasks = Tasks(runtime, stop.is_set)
        self._feeder = feeder_of(runtime, stop.is_set)
        self._backfill = Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock, stop.is_set)
        self._notices = Notices(runtime.engine)
        self._settler = Settler(runtime.engine, runtime.gateways, runtime.clock)
        self._lines, self._outbox = Watch(monotonic), Watch(monotonic)
        self._monotonic = monotonic
        self._crowded_at: float | None = None
        self._alerts = Alerts(runtime.engine, runtime.spool, runtime.settings.alert_url, runtime.clock, monotonic)
        self._nightly = Nightly(runtime.engine, runtime.spool, runtime.clock, stop.is_set)
        self._calendar = Every(NIGHT_EVERY_S, monotonic)
        self._directory = Every(DIRECTORY_EVERY_S, monotonic)
        self._canaries = Every(CANARIES_EVERY_S, monotonic)
        self._heart = Every(BEAT_EVERY_S, monotonic)
        self._watchman = Every(LOOK_EVERY_S, monotonic)
        self._reminder = Every(REMIND_EVERY_S, monotonic)

    @property
    def rounds(self) -> Mapping[str, Round]:
        """The steps of each round, in their order."""
        return {
            "line": Round(EVERY_S, (self.feed_spool, self.tell_notices, self.see_to_forwards, self.see_to_lines)),
            "upkeep": Round(UPKEEP_EVERY_S, (self.close_leases, self.retire)),
            "outbox": Round(EVERY_S, (self.see_to_outbox, self.remind_of_stops)),
            "doubts": Round(UPKEEP_EVERY_S, (self.see_to_doubts,)),
            "gaps": Round(UPKEEP_EVERY_S, (self.see_to_gaps,)),
            "directory": Round(UPKEEP_EVERY_S, (self.see_to_directory, self.see_to_canaries)),
            "heart": Round(UPKEEP_EVERY_S, (self.beat,)),
            "alerts": Round(UPKEEP_EVERY_S, (self.alert,)),
            "retention": Round(UPKEEP_EVERY_S, (self.see_to_retention,)),
        }

    def run(self) -> None:
        """Go round until told to stop."""
        threads = [Thread(target=self._go_round, args=(each,), name=name) for name, each in self.rounds.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def sweep(self) -> None:
        """Go round once, one step after another."""
        for each in self.rounds.values():
            for step in each.steps:
                attempt(step)

    def _go_round(self, mine: Round) -> None:
        while not self._stop.is_set():
            for step in mine.steps:
                attempt(step)
            self._stop.wait(mine.every_s)

    def feed_spool(self) -> int:
        """Put the texts in line that waited in files while the database was away."""
        return self._feeder.feed()

    def see_to_forwards(self) -> None:
        """Put into other sites' lines what was decided to be theirs and has not got there."""
        self._tasks.forward()

    def see_to_directory(self) -> None:
        """Tell each line, once a minute, of sites and names that it has not heard of: who named them may have died."""
        if self._directory.due():
            spread(self._runtime.engine, self._runtime.line_clock)

    def see_to_canaries(self) -> None:
        """Ask twice a minute for the texts to ourselves that are due, and hand them to gateways that fetch nothing."""
        if self._canaries.due():
            ask_due(self._runtime.engine, self._runtime.clock())
            hand_over_canaries(self._runtime.engine, self._runtime.gateways, self._runtime.clock())

    def see_to_lines(self) -> None:
        """Ring for every line with undecided messages; decide those for which ringing does not help."""
        query = select(cursors.c.site_id, cursors.c.decided_seq).join(sites, sites.c.id == cursors.c.site_id)
        with reading(self._runtime.engine).connect() as connection:
            rows = connection.execute(query.where(cursors.c.decided_seq < sites.c.last_seq)).all()
        waiting = {row.site_id: row.decided_seq for row in rows}
        stuck, heard = self._lines.stuck(waiting, STUCK_S + self._longer_s(bool(waiting))), True
        for site_id in waiting:
            rung = self._runtime.bell.ring_decide(site_id, again=True)
            if (not rung or site_id in stuck) and not self._stop.is_set():
                attempt(partial(self._tasks.decide_site, site_id), site=site_id)
                heard = False
        if not heard:
            # The answers would otherwise wait for the next round of the outbox.
            self.see_to_outbox()

    def _longer_s(self, anybody_waits: bool) -> float:
        """Return for how much longer a line may stand: in a crowd whoever decides may be giving way, which ends."""
        now = self._monotonic()
        if anybody_waits and self._runtime.bell.is_crowded():
            self._crowded_at = now
        lately = self._crowded_at is not None and now - self._crowded_at < LONGEST_S
        return LONGEST_S if lately else 0.0

    def see_to_outbox(self) -> None:
        """Ring for due replies; send them when ringing does not help."""
        runtime = self._runtime
        courier = courier_of(runtime, self._stop.is_set)
        first = candidates(runtime.engine, handed_to(runtime.gateways), runtime.clock(), courier.pace)[:1]
        stuck = self._outbox.stuck(dict.fromkeys(first, 0))
        if first and (not runtime.bell.ring_send(again=True) or stuck):
            courier.drain(SEND_FOR_S)

    def see_to_doubts(self) -> None:
        """Look up what is in doubt, some at a time, until no more of it is due."""
        while self._settler.settle() >= AT_ONCE and not self._stop.is_set():
            pass

    def see_to_gaps(self) -> None:
        """Put in line what gateways have in their lists and we have not, each list when it is due."""
        # What waits in the spool is missing nowhere; it has its turn first.
        if self._runtime.spool.is_empty():
            with suppress(InterruptedBackfillError):
                self._backfill.catch_up(self._runtime.gateways)

    def tell_notices(self) -> None:
        """Write the notices that are due."""
        told = self._notices.tell(self._runtime.clock())
        if told:
            say(log, "notices written", count=told)

    def close_leases(self) -> int:
        """Close the leases of senders that died."""
        engine, now = self._runtime.engine, self._runtime.clock()
        return close_leases(engine, now) + give_up_recalled(engine, now)

    def retire(self) -> int:
        """Record what is no longer worth sending."""
        return retire(self._runtime.engine, self._runtime.clock())

    def remind_of_stops(self) -> None:
        """Say once a minute which gateways do not send."""
        if not self._reminder.due():
            return
        for stop in stops(self._runtime.engine):
            scope = "number" if stop.number else "gateway"
            say(log, "still stopped", logging.ERROR, gateway=stop.gateway, scope=scope, code=stop.code)

    def beat(self) -> None:
        """Say every few seconds that the sweeper lives."""
        if self._heart.due():
            beat(self._runtime.engine, SWEEPER, self._runtime.clock())

    def alert(self) -> None:
        """Tell ALERT_URL every few seconds what has come up and what is over."""
        if self._watchman.due():
            self._alerts.look()

    def see_to_retention(self) -> None:
        """Erase once a night what the policy wants no longer kept."""
        if self._calendar.due():
            self._nightly.look()


def attempt(step: Step, **ids: int) -> None:
    """Do a step; if it fails, say so and let the others go on."""
    try:
        step()
    except Exception as error:
        name = getattr(step, "__name__", "decide_site")
        complain(log, "step failed", error, failed=name, **ids)
