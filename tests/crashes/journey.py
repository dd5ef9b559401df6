"""The journey of a few texts through every crash point, in one process whose death is an exception that nobody catches.

A step that was interrupted is taken again, as a restarted process and a gateway that got no answer would.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event

from flask.testing import FlaskClient

from tests.fake_twilio import ACCEPTS_AND_FAILS, ACCOUNT, FORGETS_AND_FAILS, TOKEN, FakeTwilio, refuses
from tests.infrastructure.serving import PUBLIC_URL, client_of, database_away, post, runtime_of, signed_by_twilio
from tests.invariants import at_rest, received
from tests.sending import AGENT, MANAGER, NUMBER, StandingClock, lease
from worker.crash_points import watching
from worker.decide.set_up import open_site, put, set_policy, site_named
from worker.errors import SetUpError
from worker.line.backfill import Backfill
from worker.outbox.doubts import Settler
from worker.outbox.leases import candidates, close_leases
from worker.outbox.stops import resume
from worker.processes.feeder import feeder_of
from worker.processes.jobs import Tasks
from worker.processes.sweeper import STUCK_S, Sweeper
from worker.runtime import Runtime

SITES = {"翡翠湾": NUMBER, "云栖府": "+8613800000100"}
MOST_ROUNDS = 60


class CrashedError(BaseException):
    """The process has died; no `except Exception` of the program gets to see that."""


@dataclass(slots=True)
class Death:
    """Lets the process die at a point: what it reaches after that, in any thread, it does not get past either."""

    point: str | None
    dead: bool = False

    def __call__(self, reached: str) -> None:
        """Die, if it is time."""
        self.dead = self.dead or reached == self.point
        if self.dead:
            raise CrashedError(reached)


@dataclass
class Journey:
    """Texts on their way through a program that may die at one point."""

    var: Path
    database_url: str
    redis_url: str
    fake: FakeTwilio
    clock: StandingClock
    texted: dict[str, str] = field(default_factory=dict)
    """What agents texted so far, by message id."""
    acknowledged: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)
    """Of which messages the gateway was answered that we know them delivered."""
    reached: set[str] = field(default_factory=set)
    runtime: Runtime = field(init=False)
    client: FlaskClient = field(init=False)
    sweeper: Sweeper = field(init=False)
    seconds: float = 0.0
    missed: str = ""
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Start the first process."""
        self.fake.now = self.clock
        self._start()

    def _start(self) -> None:
        twilio = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": self.fake.url}
        self.runtime = runtime_of(self.var, self.database_url, self.redis_url, PUBLIC_URL=PUBLIC_URL, **twilio)
        self.runtime.clock = self.clock
        self.client = client_of(self.runtime)
        self.sweeper = Sweeper(self.runtime, Event(), lambda: self.seconds)

    def travel(self, point: str | None) -> bool:
        """Take every step, dying once at this point; return whether it was reached."""
        death = Death(point)
        for step in self.steps():
            with watching(self.reached.add), watching(death):
                self._until_death(step)
            if death.dead:
                death = Death(None)
                self._restart()
                step()
                point = None
        self.drain()
        return point is None

    def _until_death(self, step: Callable[[], object]) -> None:
        try:
            step()
        except CrashedError:
            return

    def _restart(self) -> None:
        self.runtime.close()
        self._start()

    def close(self) -> None:
        """End the last process."""
        self.runtime.close()

    def steps(self) -> Iterator[Callable[[], object]]:
        """Yield what happens, in its order."""
        yield from (self._found, self._spread, self._set_up)
        yield self.texts("报备 张三 138****5678 李四", "报备 李梅 139****2233 李四", "帮助", "查 R1")
        yield from (self._decide, self._send_badly, self._call_back)
        yield from (self._look_up, self._look_up_again, self._send)
        yield self.texts("报备 何健 186****0917 李四")
        yield self.without_the_database(self.texts("报备 孙丽 177****3300 李四", "查 R2"))
        yield from (self._feed, self._miss_one, self._backfill)
        yield from (self._decide, self._stop_and_resume, self._send)
        yield self.texts("报备 王丽 151****2001 李四", "报备 云栖府 周敏 133****0909 李四")
        yield from (self._decide, self._lose_a_sender)
        yield self.texts("报备 吴刚 153****8812 李四")
        yield from (self._decide, self._come_too_late, self._tell)

    def _found(self) -> None:
        for name, number in SITES.items():
            # What was founded before the process died is there.
            with suppress(SetUpError):
                open_site(self.runtime.engine, name, number, {"manager": [MANAGER]}, "twilio")

    def _spread(self) -> None:
        # Whoever founded the sites may have died before each had heard of the other.
        self.sweeper.see_to_directory()

    def _set_up(self) -> None:
        people = [{"name": "李四", "phone": AGENT, "unit": "链家"}]
        for site in map(partial(site_named, self.runtime.engine), SITES):
            put(self.runtime.engine, site, "roster", {"people": people})
            set_policy(self.runtime.engine, site, ["quiet_hours=off", "reminder_hours=0"])

    def texts(self, *texts: str) -> Callable[[], object]:
        requests = {f"SM{next(self._ids):032x}": words for words in texts}

        def arrive() -> None:
            for message_id, words in requests.items():
                self.texted[message_id] = words
                self.text_again()

        return arrive

    def text_again(self) -> None:
        """Have every text arrive that got no answer yet, as its gateway would."""
        for message_id in self.texted:
            self.text(message_id)

    def text(self, message_id: str) -> None:
        """Have a text arrive unless it got its answer; several may at the same time."""
        if message_id not in self.acknowledged and self._arrives(message_id, self.texted[message_id]):
            self.acknowledged.add(message_id)

    def _arrives(self, message_id: str, words: str) -> bool:
        fields = {"MessageSid": message_id, "AccountSid": ACCOUNT, "From": AGENT, "To": NUMBER, "Body": words}
        return self._post("messages", fields)

    def _post(self, route: str, fields: dict[str, str]) -> bool:
        path = f"/gateways/twilio/{route}"
        request = signed_by_twilio(f"{PUBLIC_URL}{path}", TOKEN, list(fields.items()))
        return post(self.client.application.test_client(), path, request).status_code == 200

    def without_the_database(self, step: Callable[[], object]) -> Callable[[], object]:
        def arrive() -> None:
            with database_away(self.runtime, self.var):
                step()

        return arrive

    def _feed(self) -> None:
        feeder_of(self.runtime).feed()

    def _miss_one(self) -> None:
        if not self.missed:
            self.missed = self.fake.receive("ff", "报备 郑爽 188****7777 李四", self.clock())

    def _backfill(self) -> None:
        # One that was begun, and not ended, is due again after five minutes.
        self.clock.move(minutes=6)
        Backfill(self.runtime.engine, self.runtime.bell.ring_decide, self.clock).catch_up(self.runtime.gateways)
        self.acknowledged.add(self.missed)

    def _decide(self) -> None:
        for site_id, _ in enumerate(SITES, start=1):
            Tasks(self.runtime).decide_site(site_id)

    def _send(self) -> None:
        self.fake.behave_well()
        Tasks(self.runtime).send_replies()

    def _send_badly(self) -> None:
        self.fake.behave_well()
        self.fake.behave(ACCEPTS_AND_FAILS, FORGETS_AND_FAILS)
        Tasks(self.runtime).send_replies()

    def _call_back(self) -> None:
        for form, message in zip(self.fake.asked, reversed(self.fake.sent), strict=False):
            query = "?" + form["StatusCallback"].partition("?")[2]
            fields = {"MessageSid": message["sid"], "AccountSid": ACCOUNT, "MessageStatus": "delivered"}
            if message["body"] == form["Body"] and self._post(f"status{query}", fields):
                self.delivered.add(message["sid"])

    def _look_up(self) -> None:
        self.clock.move(seconds=61)
        Settler(self.runtime.engine, self.runtime.gateways, self.clock).settle()

    def _look_up_again(self) -> None:
        self.clock.move(minutes=5)
        Settler(self.runtime.engine, self.runtime.gateways, self.clock).settle()

    def _stop_and_resume(self) -> None:
        self.fake.behave_well()
        self.fake.behave(refuses(20003, 401))
        Tasks(self.runtime).send_replies()
        resume(self.runtime.engine, "twilio")

    def _lose_a_sender(self) -> None:
        for reply_id in candidates(self.runtime.engine, ["twilio"], self.clock()):
            lease(self.runtime.engine, reply_id, self.clock())
        self.clock.move(seconds=61)
        close_leases(self.runtime.engine, self.clock())

    def _come_too_late(self) -> None:
        self.clock.move(hours=5)
        self._send()

    def _tell(self) -> None:
        self.clock.move(days=8)
        self.sweeper.tell_notices()

    def drain(self, seconds: float = 31) -> None:
        """Let the sweeper do what is left to do, once in so many seconds. Raises AssertionError if that has no end."""
        self.fake.behave_well()
        for swept in range(MOST_ROUNDS):
            # What nobody does when the sweeper rings it does by itself, once it has seen it twice.
            self.seconds += STUCK_S
            self.clock.move(seconds=seconds)
            self.sweeper.sweep()
            if swept >= 2 and at_rest(self.runtime.engine) and self.acknowledged <= received(self.runtime.engine):
                return
        raise AssertionError("the system does not come to rest")
