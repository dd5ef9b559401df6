"""The sweeper: whatever waits is done, even if nobody rings or nobody hears it."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.deciding import LI, staffed_site, text
from tests.infrastructure.serving import AGENT, SITE_NUMBER, runtime_of
from tests.sending import StandingClock, add_reply, add_site, attempts_of, lease, record_status, reply
from worker.bell.heartbeats import SWEEPER, beat, last_beat
from worker.clock import utc_now
from worker.decide.notices import Notices
from worker.decide.set_up import open_site, set_policy
from worker.gateways.base import Inbound, Status, Stopped
from worker.line.door import accept
from worker.outbox.stops import stop
from worker.processes import sweeper as module
from worker.processes.rush import LONGEST_S
from worker.processes.sweeper import STUCK_S, Sweeper, Watch
from worker.runtime import Runtime
from worker.store.schema import claims, cursors, decisions, heartbeats, replies

CANARY = "金丝雀13812345678"


class Time:
    """A monotonic clock that stands."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def deaf(tmp_path: Path, database_url: str) -> Iterator[Runtime]:
    """A runtime whose Redis is away."""
    runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/none.sock")
    yield runtime
    runtime.close()


def sweeper_of(runtime: Runtime, time: Callable[[], float]) -> Sweeper:
    return Sweeper(runtime, Event(), time)


def text_at_a_site(runtime: Runtime) -> None:
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
    accept(runtime.engine, Inbound("sandbox", "m1", AGENT, SITE_NUMBER, "报备 张三 138****5678 李四 链家"))


def decided(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(decisions)).scalar_one())


def states(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(replies.c.state)).scalars())


class TestRinging:
    def test_rings_for_undecided_lines_and_due_replies_and_leaves_the_work_to_the_workers(
        self, runtime: Runtime, time: Time
    ) -> None:
        text_at_a_site(runtime)
        waiting = add_reply(runtime.engine, 1, now=utc_now())
        sweeper_of(runtime, time).sweep()
        assert (runtime.redis.llen("rq:queue:decide"), runtime.redis.llen("rq:queue:send")) == (1, 1)
        assert (decided(runtime.engine), reply(runtime.engine, waiting).state) == (1, "pending")

    def test_does_not_ring_when_nothing_waits(self, runtime: Runtime, time: Time) -> None:
        open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
        sweeper_of(runtime, time).sweep()
        assert runtime.redis.keys("rq:queue:*") == []

    def test_does_the_work_itself_when_nobody_answers(self, runtime: Runtime, time: Time) -> None:
        text_at_a_site(runtime)
        sweeper = sweeper_of(runtime, time)
        for _ in range(3):
            sweeper.sweep()
            time.now += STUCK_S
        assert decided(runtime.engine) == 2
        sweeper.sweep()
        assert states(runtime.engine) == {"sent"}

    def test_what_it_decides_without_the_bell_it_answers_at_once(self, deaf: Runtime, time: Time) -> None:
        text_at_a_site(deaf)
        sweeper_of(deaf, time).see_to_lines()
        assert (decided(deaf.engine), states(deaf.engine)) == (2, {"sent"})

    def test_a_line_that_moves_is_left_to_its_worker(self, runtime: Runtime, time: Time) -> None:
        text_at_a_site(runtime)
        sweeper = sweeper_of(runtime, time)
        sweeper.sweep()
        accept(runtime.engine, Inbound("sandbox", "m2", AGENT, SITE_NUMBER, "报备 李梅 139****0001 李四 链家"))
        time.now += STUCK_S
        with runtime.engine.begin() as connection:
            # As if a worker had decided one text meanwhile.
            connection.execute(update(cursors).values(decided_seq=2))
        sweeper.sweep()
        assert decided(runtime.engine) == 1

    @pytest.mark.parametrize("lasts_s", [3, 60])
    def test_a_line_that_stands_in_a_rush_is_left_to_whoever_gives_way_and_not_for_good(
        self, runtime: Runtime, time: Time, monkeypatch: pytest.MonkeyPatch, lasts_s: int
    ) -> None:
        monkeypatch.setattr(runtime.bell, "is_crowded", lambda: time.now < began + lasts_s)
        text_at_a_site(runtime)
        sweeper = sweeper_of(runtime, time)
        began = time.now
        while decided(runtime.engine) == 1 and time.now < began + 60:
            sweeper.sweep()
            time.now += 1
        assert min(STUCK_S, lasts_s) + LONGEST_S - 1 <= time.now - began <= STUCK_S + LONGEST_S + 2

    def test_does_all_of_it_at_once_when_redis_is_away(self, deaf: Runtime, time: Time) -> None:
        text_at_a_site(deaf)
        sweeper_of(deaf, time).sweep()
        assert decided(deaf.engine) == 2
        assert states(deaf.engine) == {"sent"}


def test_a_round_heeds_a_policy_that_was_changed_since_the_last(runtime: Runtime) -> None:
    site, other = (
        staffed_site(runtime),
        open_site(runtime.engine, "海景", "+8613800000100", {"manager": [AGENT]}, "sandbox"),
    )
    text(runtime, site, LI, "报备 张三 138****5678")
    with runtime.engine.connect() as connection:
        ends_at = connection.execute(select(claims.c.ends_at)).scalar_one()
    notices, early = Notices(runtime.engine), ends_at - timedelta(hours=40)
    notices.tell(early)
    assert notices.tell(early) == 0, "the days' digests are told"
    for each, hours in ((other, 0), (site, 48)):
        assert notices.tell(early) == 0
        set_policy(runtime.engine, each, [f"reminder_hours={hours}", "quiet_hours=off"])
    assert notices.tell(early) == 1
    assert notices.tell(early) == 0


class TestSteps:
    def test_a_step_that_fails_stops_no_other_and_says_no_words(
        self, deaf: Runtime, time: Time, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def failing(*_: Any) -> int:
            raise ValueError(CANARY)

        text_at_a_site(deaf)
        monkeypatch.setattr(module.Notices, "tell", failing)
        monkeypatch.setattr(module, "close_leases", failing)
        sweeper_of(deaf, time).sweep()
        assert states(deaf.engine) == {"sent"}
        assert {record.getMessage() for record in caplog.records} >= {"step failed"}
        assert "金丝雀" not in caplog.text

    def test_a_site_that_cannot_be_decided_does_not_hold_the_others(
        self, deaf: Runtime, time: Time, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text_at_a_site(deaf)
        with deaf.engine.begin() as connection:
            connection.execute(update(cursors).values(decided_seq=0))
        add_site(deaf.engine, "sandbox", "+8613800000099")
        tasks = sweeper_of(deaf, time)
        asked: list[int] = []

        def decide(_engine: Engine, site_id: int, **_: Any) -> Any:
            asked.append(site_id)
            raise ValueError(CANARY)

        monkeypatch.setattr("worker.processes.jobs.decide_site", decide)
        with deaf.engine.begin() as connection:
            connection.execute(update(cursors).values(decided_seq=-1))
        tasks.sweep()
        assert len(set(asked)) == 2

    def test_a_database_that_is_away_ends_nothing(
        self, tmp_path: Path, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        runtime = runtime_of(tmp_path, f"sqlite:///{tmp_path}/no/folder/db.sqlite", f"unix://{tmp_path}/none.sock")
        sweeper_of(runtime, time).sweep()
        assert len([r for r in caplog.records if r.getMessage() == "step failed"]) >= 5
        runtime.close()

    def test_a_dead_senders_lease_is_closed_and_its_reply_settled(self, deaf: Runtime, time: Time) -> None:
        clock = StandingClock(utc_now())
        deaf.clock = clock
        site = add_site(deaf.engine, "sandbox")
        one = add_reply(deaf.engine, site, now=clock())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("worker.outbox.courier.record_all", lambda *_: None)
            sweeper_of(deaf, time).sweep()
        assert reply(deaf.engine, one).state == "sending"
        clock.move(seconds=61)
        sweeper_of(deaf, time).sweep()
        assert reply(deaf.engine, one).state == "sent"

    def test_says_once_a_minute_what_is_stopped(
        self, deaf: Runtime, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        with deaf.engine.begin() as connection:
            stop(connection, "sandbox", "", Stopped("20003", "no"), utc_now())
        sweeper = sweeper_of(deaf, time)
        caplog.set_level(logging.ERROR)
        said = []
        for _ in range(3):
            sweeper.sweep()
            said.append([r.getMessage() for r in caplog.records].count("still stopped"))
            time.now += 30
        assert said == [1, 1, 2]


class TestDoubts:
    """gateways.md, "anything else": a callback, else two look-ups, else one counted re-send, by the sweeper alone."""

    @pytest.fixture
    def fake(self) -> Iterator[FakeTwilio]:
        with fake_twilio() as fake:
            yield fake

    @pytest.fixture
    def clock(self) -> StandingClock:
        return StandingClock(utc_now())

    @pytest.fixture
    def twilio(self, tmp_path: Path, database_url: str, fake: FakeTwilio, clock: StandingClock) -> Iterator[Runtime]:
        """A runtime with the fake as its gateway, without Redis: what is to be sent the sweeper sends itself."""
        account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": fake.url}
        runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/none.sock", **account)
        runtime.clock = clock
        yield runtime
        runtime.close()

    def test_a_sender_that_died_before_it_sent_is_made_up_for_once(
        self, twilio: Runtime, fake: FakeTwilio, clock: StandingClock, time: Time
    ) -> None:
        one = add_reply(twilio.engine, add_site(twilio.engine), now=clock())
        assert lease(twilio.engine, one, clock())
        states = []
        sweeper = sweeper_of(twilio, time)
        for seconds in (59, 1, 239, 1, 1):
            clock.move(seconds=seconds)
            sweeper.sweep()
            states.append((reply(twilio.engine, one).state, len(fake.asked)))
        assert states == [("sending", 0), ("unknown", 0), ("unknown", 0), ("pending", 0), ("sent", 1)]
        assert [(a.outcome, a.lookups) for a in attempts_of(twilio.engine, one)] == [("unknown", 2), ("sent", 0)]

    def test_a_sender_that_died_after_it_sent_is_not(
        self, twilio: Runtime, fake: FakeTwilio, clock: StandingClock, time: Time
    ) -> None:
        one = add_reply(twilio.engine, add_site(twilio.engine), now=clock())
        claimed = lease(twilio.engine, one, clock())
        assert claimed
        twilio.gateways["twilio"].send(claimed.outgoing)
        clock.move(seconds=60)
        for _ in range(3):
            sweeper_of(twilio, time).sweep()
            clock.move(minutes=5)
        assert (reply(twilio.engine, one).state, len(fake.asked)) == ("sent", 1)
        assert reply(twilio.engine, one).sid == fake.messages[0]["sid"]

    @pytest.mark.parametrize("when", [30, 90])
    def test_a_callback_settles_it_at_any_time(
        self, twilio: Runtime, fake: FakeTwilio, clock: StandingClock, time: Time, when: int
    ) -> None:
        one = add_reply(twilio.engine, add_site(twilio.engine), now=clock())
        assert lease(twilio.engine, one, clock())
        clock.move(seconds=when)
        sweeper_of(twilio, time).sweep()
        record_status(twilio.engine, Status("twilio", "SM" + "c" * 32, one, "sent", attempt=1), clock())
        for _ in range(3):
            clock.move(minutes=5)
            sweeper_of(twilio, time).sweep()
        assert (reply(twilio.engine, one).state, fake.asked) == ("sent", [])


def test_beats_while_it_lives(runtime: Runtime, time: Time) -> None:
    sweeper = sweeper_of(runtime, time)
    runtime.clock = clock = StandingClock(utc_now())
    beats = []
    for _ in range(3):
        sweeper.sweep()
        with runtime.engine.connect() as connection:
            beats.append(last_beat(connection, SWEEPER))
        clock.move(seconds=3)
        time.now += 3
    assert beats == [clock.now - timedelta(seconds=9)] * 2 + [clock.now - timedelta(seconds=3)]
    # Those that died are not kept for ever.
    with runtime.engine.begin() as connection:
        connection.execute(update(heartbeats).values(host="another", at=clock.now - timedelta(days=2)))
    beat(runtime.engine, SWEEPER, clock.now)
    with runtime.engine.connect() as connection:
        assert connection.execute(select(heartbeats.c.at)).scalars().all() == [clock.now]


def test_what_does_not_move_is_stuck_and_what_is_gone_is_forgotten(time: Time) -> None:
    watch = Watch(time)
    assert watch.stuck({1: 5, 2: 5}) == set()
    time.now += STUCK_S
    assert watch.stuck({1: 5, 2: 6}) == {1}
    time.now += STUCK_S
    assert watch.stuck({2: 6}) == {2}
    assert watch.stuck({1: 5, 2: 6}) == {2}
