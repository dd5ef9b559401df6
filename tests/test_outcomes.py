"""Every row of the outcome table, over real HTTP both ways: a Twilio that misbehaves, and callbacks to a real server.

What is not here stands in test_sender.py: settling by look-up, re-sends, dead senders.
"""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select, update

from tests.fake_twilio import (
    ACCEPTS_AND_FAILS,
    ACCEPTS_AND_IS_SILENT,
    ACCEPTS_AND_RESETS,
    ACCOUNT,
    FORGETS_AND_FAILS,
    FORGETS_AND_RESETS,
    TOKEN,
    Behaviour,
    FakeTwilio,
    fake_twilio,
    refuses,
    wait_no_longer_than_it_takes,
)
from tests.infrastructure.serving import served
from tests.sending import AGENT, MANAGER, NUMBER, StandingClock, add_reply, add_site, attempts_of, reply
from worker.cli.main import main
from worker.gateways.twilio import Twilio
from worker.outbox.courier import Courier
from worker.outbox.stops import stops
from worker.runtime import Runtime
from worker.settings import TwilioSettings
from worker.store.schema import opt_outs, replies

RATE = 429


@pytest.fixture
def clock() -> StandingClock:
    clock = StandingClock()
    # Callbacks are stamped with the real time.
    clock.now = clock.now.fromtimestamp(time.time(), clock.now.tzinfo)
    return clock


@pytest.fixture
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    wait_no_longer_than_it_takes(request, monkeypatch)
    with fake_twilio() as fake:
        yield fake


@pytest.fixture
def runtime(
    tmp_path: Path, database_url: str, redis_url: str, fake: FakeTwilio, clock: StandingClock
) -> Iterator[Runtime]:
    ours = {"BAOBEI_VAR": str(tmp_path), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    twilio = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": fake.url}
    with served(ours | twilio, clock) as runtime:
        yield runtime


@pytest.fixture
def site(engine: Engine) -> int:
    return add_site(engine)


def drain(runtime: Runtime, threads: int = 1) -> int:
    return Courier(runtime.engine, runtime.gateways, runtime.clock, threads=threads).drain().handed_over


def sent_one(runtime: Runtime, site: int, words: str = "R1", recipient: str = AGENT) -> int:
    one = add_reply(runtime.engine, site, words, runtime.clock(), recipient=recipient)
    drain(runtime)
    return one


def state(runtime: Runtime, reply_id: int) -> tuple[Any, ...]:
    row = reply(runtime.engine, reply_id)
    return row.state, row.error_code


def stopped(runtime: Runtime) -> list[tuple[str, str]]:
    return [(stop.number, stop.code) for stop in stops(runtime.engine)]


ANSWERS = [
    ("429 without a code", refuses(None, RATE), "pending", "429"),
    ("20429", refuses(20429, RATE), "pending", "20429"),
    *((str(code), refuses(code), "failed", str(code)) for code in (21211, 21614, 21217, 30005, 30006, 21610)),
    *((str(code), refuses(code), "failed", str(code)) for code in (30004, 30007, 21617)),
    *((str(code), refuses(code), "failed", str(code)) for code in (21408, 21612, 21606)),
    *((str(code), refuses(code), "pending", str(code)) for code in (21611, 30001, 14107)),
    ("a code of tomorrow", refuses(29999), "failed", "29999"),
    ("500, taken", ACCEPTS_AND_FAILS, "unknown", "20500"),
    ("503, forgotten", FORGETS_AND_FAILS, "unknown", "503"),
    ("taken, then silence", ACCEPTS_AND_IS_SILENT, "unknown", "ReadTimeout"),
    ("taken, then reset", ACCEPTS_AND_RESETS, "unknown", "ConnectionError"),
    ("forgotten, then reset", FORGETS_AND_RESETS, "unknown", "ConnectionError"),
    ("half an answer", Behaviour(answer="half"), "unknown", "ChunkedEncodingError"),
    ("nonsense", Behaviour(answer="nonsense"), "unknown", "JSONDecodeError"),
]


@pytest.mark.parametrize(("behaviour", "wanted", "code"), [a[1:] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_an_answer_settles_its_own_reply_and_stops_nobody_else(
    runtime: Runtime, site: int, fake: FakeTwilio, behaviour: Behaviour, wanted: str, code: str
) -> None:
    fake.behave(behaviour)
    one = sent_one(runtime, site)
    other = sent_one(runtime, site, "R2", MANAGER)
    assert state(runtime, one) == (wanted, code)
    assert (state(runtime, other), stopped(runtime)) == (("sent", None), [])


@pytest.mark.parametrize(
    ("behaviour", "number", "code"),
    [
        (refuses(20003, 401), "", "20003"),
        (refuses(None, 401), "", "401"),
        (refuses(20003, 403), "", "20003"),
        (refuses(21603), NUMBER, "21603"),
        (refuses(30034), NUMBER, "30034"),
    ],
)
def test_our_own_fault_stops_at_the_first_reply_and_keeps_all_pending_until_resumed_by_command(
    runtime: Runtime,
    site: int,
    fake: FakeTwilio,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    number: str,
    code: str,
) -> None:
    fake.behave(behaviour)
    ids = [add_reply(runtime.engine, site, f"R{n}", runtime.clock(), recipient=f"+86138000001{n:02}") for n in range(9)]
    drain(runtime)
    drain(runtime)
    assert {(reply(runtime.engine, i).state, reply(runtime.engine, i).attempt) for i in ids} == {("pending", 0)}
    assert (stopped(runtime), len(fake.asked)) == ([(number, code)], 1)
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    assert code in CliRunner().invoke(main, ["gateway", "stops"]).output
    assert CliRunner().invoke(main, ["gateway", "resume", "twilio"]).exit_code == 0
    assert drain(runtime) == 9
    assert {reply(runtime.engine, i).state for i in ids} == {"sent"}


def test_21606_from_five_people_without_one_success_stops_the_number_and_gives_them_back(
    runtime: Runtime, site: int, fake: FakeTwilio
) -> None:
    fake.behave(*[refuses(21606)] * 5)
    ids = [sent_one(runtime, site, f"R{n}", f"+86138000001{n:02}") for n in range(4)]
    assert ({reply(runtime.engine, i).state for i in ids}, stopped(runtime)) == ({"failed"}, [])
    ids.append(sent_one(runtime, site, "R9", MANAGER))
    assert ({reply(runtime.engine, i).state for i in ids}, stopped(runtime)) == ({"pending"}, [(NUMBER, "21606")])


class TestSurelyNotSent:
    @pytest.mark.parametrize("fault", ["nobody listens", "no such name", "no TLS there"])
    def test_what_was_not_written_is_tried_again(
        self, runtime: Runtime, site: int, fake: FakeTwilio, monkeypatch: pytest.MonkeyPatch, fault: str
    ) -> None:
        urls = {
            "nobody listens": "http://127.0.0.1:9",
            "no such name": "http://api.example.invalid",
            "no TLS there": fake.url.replace("http:", "https:"),
        }
        settings = TwilioSettings(ACCOUNT, (TOKEN,), None, urls[fault])
        one = add_reply(runtime.engine, site, "R1", runtime.clock())
        with monkeypatch.context() as patch:
            if fault == "no such name":
                patch.setattr(socket, "getaddrinfo", _no_such_name)
            twilio = Twilio(settings, None, runtime.clock)
            Courier(runtime.engine, {"twilio": twilio}, runtime.clock).drain()
        assert (reply(runtime.engine, one).state, fake.asked) == ("pending", [])
        assert [a.outcome for a in attempts_of(runtime.engine, one)] == ["retry"]

    @pytest.mark.parametrize(
        ("retry_after", "least", "most"),
        [("", 1, 1.5), ("20", 20, 30), ("soon", 1, 1.5), ("-5", 1, 1.5), ("86400", 200, 300)],
    )
    def test_429_waits_as_long_as_it_says_within_five_minutes(
        self, runtime: Runtime, site: int, fake: FakeTwilio, retry_after: str, least: float, most: float
    ) -> None:
        fake.behave(refuses(20429, RATE, Retry_After=retry_after))
        assert least <= self._wait(runtime, sent_one(runtime, site)) <= most

    def test_429_waits_until_the_date_it_says(self, runtime: Runtime, site: int, fake: FakeTwilio) -> None:
        until = runtime.clock() + timedelta(seconds=60)
        fake.behave(refuses(None, RATE, Retry_After=format_datetime(until)))
        assert 58 <= self._wait(runtime, sent_one(runtime, site)) <= 90

    def test_14107_waits_a_minute_at_least(self, runtime: Runtime, site: int, fake: FakeTwilio) -> None:
        fake.behave(refuses(14107))
        assert 60 <= self._wait(runtime, sent_one(runtime, site)) <= 90

    @staticmethod
    def _wait(runtime: Runtime, one: int) -> float:
        return float((reply(runtime.engine, one).next_at - runtime.clock()).total_seconds())


def _no_such_name(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "not known")


class TestRefusedWords:
    @pytest.mark.parametrize("by", ["answer", "callback"])
    @pytest.mark.parametrize("code", [30004, 30007, 21617])
    def test_are_never_sent_to_the_same_person_again(
        self, runtime: Runtime, site: int, fake: FakeTwilio, by: str, code: int
    ) -> None:
        if by == "answer":
            fake.behave(refuses(code))
        first = sent_one(runtime, site, "same words")
        if by == "callback":
            assert fake.call_back(fake.messages[0]["sid"], "undelivered", code) == 200
        assert state(runtime, first) == ("failed", str(code))
        again = add_reply(runtime.engine, site, "same words", runtime.clock(), cause="m:2")
        assert drain(runtime) == 0
        assert (state(runtime, again), len(fake.asked)) == (("failed", "same words"), 1)

    def test_other_words_and_other_people_are_not_concerned(
        self, runtime: Runtime, site: int, fake: FakeTwilio
    ) -> None:
        fake.behave(refuses(30007))
        sent_one(runtime, site, "same words")
        others = [sent_one(runtime, site, "other words"), sent_one(runtime, site, "same words", MANAGER)]
        assert [state(runtime, other) for other in others] == [("sent", None)] * 2


class TestCallbacks:
    def test_before_the_answer_twice_and_out_of_order(self, runtime: Runtime, site: int, fake: FakeTwilio) -> None:
        said: list[int] = []

        def early(message: dict[str, Any]) -> None:
            said.extend(fake.call_back(message["sid"], word) for word in ("sent", "queued", "sent"))

        fake.behave(Behaviour(before=early))
        one = sent_one(runtime, site)
        sid = fake.messages[0]["sid"]
        said += [fake.call_back(sid, word) for word in ("delivered", "sending", "delivered", "undelivered")]
        row = reply(runtime.engine, one)
        assert (row.state, row.delivery, row.sid, said) == ("sent", "delivered", sid, [200] * 7)

    @pytest.mark.parametrize("behaviour", [ACCEPTS_AND_FAILS, ACCEPTS_AND_IS_SILENT, ACCEPTS_AND_RESETS])
    def test_settles_what_the_answer_left_in_doubt(
        self, runtime: Runtime, site: int, fake: FakeTwilio, behaviour: Behaviour
    ) -> None:
        fake.behave(behaviour)
        one = sent_one(runtime, site)
        assert reply(runtime.engine, one).state == "unknown"
        fake.call_back(fake.messages[0]["sid"], "delivered")
        assert (state(runtime, one), drain(runtime), len(fake.asked)) == (("sent", None), 0, 1)

    @pytest.mark.parametrize(
        ("code", "wanted"),
        [
            *((code, "failed") for code in (21211, 21614, 30005, 30006, 30004, 30007, 21408, 21612, 21606, 39999)),
            *((code, "pending") for code in (30001, 30003, 30008, 30034, 30002)),
        ],
    )
    def test_a_failed_delivery_means_what_the_table_says(
        self, runtime: Runtime, site: int, fake: FakeTwilio, code: int, wanted: str
    ) -> None:
        one = sent_one(runtime, site)
        fake.call_back(fake.messages[0]["sid"], "undelivered", code)
        assert reply(runtime.engine, one).state == wanted
        own_fault = {30034: [(NUMBER, "30034")], 30002: [("", "30002")]}
        assert stopped(runtime) == own_fault.get(code, [])

    @pytest.mark.parametrize("code", [30003, 30008])
    def test_a_soft_failure_is_tried_once_more_after_ten_to_fifteen_minutes(
        self, runtime: Runtime, site: int, fake: FakeTwilio, clock: StandingClock, code: int
    ) -> None:
        one = sent_one(runtime, site)
        fake.call_back(fake.messages[0]["sid"], "undelivered", code)
        wait = reply(runtime.engine, one).next_at - clock()
        assert timedelta(minutes=10) <= wait <= timedelta(minutes=15, seconds=30)
        assert drain(runtime) == 0
        clock.move(minutes=16)
        assert drain(runtime) == 1
        fake.call_back(fake.messages[0]["sid"], "undelivered", code)
        assert (state(runtime, one), len(fake.asked)) == (("failed", str(code)), 2)

    def test_who_opted_out_is_marked(self, runtime: Runtime, site: int, fake: FakeTwilio) -> None:
        sent_one(runtime, site)
        fake.call_back(fake.messages[0]["sid"], "failed", 21610)
        with runtime.engine.connect() as connection:
            assert connection.execute(select(opt_outs.c.phone)).scalars().all() == [AGENT]

    def test_a_callback_that_nobody_signed_changes_nothing(self, runtime: Runtime, site: int, fake: FakeTwilio) -> None:
        one = sent_one(runtime, site)
        sid = fake.messages[0]["sid"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.fake_twilio.TOKEN", "another")
            assert fake.call_back(sid, "undelivered", 30005) == 403
        assert reply(runtime.engine, one).state == "sent"


def test_the_gateway_gets_what_remains_of_the_useful_time_and_older_replies_are_recorded(
    runtime: Runtime, site: int, fake: FakeTwilio, clock: StandingClock
) -> None:
    fresh = sent_one(runtime, site)
    late, old = (add_reply(runtime.engine, site, w, clock(), recipient=w) for w in (AGENT, MANAGER))
    clock.move(hours=3, minutes=59)
    with runtime.engine.begin() as connection:
        connection.execute(update(replies).where(replies.c.id == old).values(useful_until=clock()))
    drain(runtime)
    assert [reply(runtime.engine, i).state for i in (fresh, late, old)] == ["sent", "sent", "stale"]
    assert [form["ValidityPeriod"] for form in fake.asked] == ["14400", "60"]
