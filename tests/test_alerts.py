"""Alerts: a real server at ALERT_URL hears of each thing once, is reminded at most hourly, and hears its end once."""

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from tests.infrastructure.serving import AGENT, open_line
from tests.sending import NOON, NUMBER, StandingClock, add_reply, add_site
from worker.alerts.alarms import alarms
from worker.alerts.alerts import Alerts
from worker.alerts.spool import spool_alarms
from worker.gateways.base import Inbound, Stopped
from worker.line.comparisons import Comparison, begin, finish
from worker.line.door import accept
from worker.line.spool import Spool
from worker.outbox.stops import resume, stop
from worker.store.database import open_engine
from worker.store.schema import alerts, attempts, cursors, gateway_stops

CANARY = "13812345678"


@dataclass
class Listener:
    """Whoever is behind ALERT_URL."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def said(self) -> list[tuple[str, str]]:
        return [(alert["alert"], alert["state"]) for alert in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            listener.authorization.append(self.headers["Authorization"])
            self.send_response(listener.answers.pop(0) if listener.answers else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield listener
    server.shutdown()
    thread.join()
    server.server_close()


class Time:
    """A monotonic clock that stands."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def spool(tmp_path: Path, clock: StandingClock) -> Spool:
    return Spool(tmp_path / "spool", clock)


@pytest.fixture
def watch(engine: Engine, spool: Spool, listener: Listener, clock: StandingClock, time: Time) -> Alerts:
    return Alerts(engine, spool, listener.url, clock, time)


def stop_gateway(engine: Engine) -> None:
    with engine.begin() as connection:
        stop(connection, "twilio", "", Stopped("20003", "Twilio refuses our account or token"), NOON)


def raised(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(alerts.c.code)).scalars())


def add_replies(engine: Engine, count: int, clock: StandingClock, **fields: Any) -> None:
    for _ in range(count):
        add_reply(engine, 1, f"geheim {secrets.token_hex(4)}", clock(), **fields)


class TestTelling:
    def test_raised_once_reminded_hourly_and_cleared_once(
        self, engine: Engine, watch: Alerts, listener: Listener, clock: StandingClock
    ) -> None:
        stop_gateway(engine)
        for _ in range(3):
            watch.look()
            clock.move(minutes=19)
        assert listener.heard == [
            {
                "alert": "gateway_stopped",
                "state": "raised",
                "scope": "twilio",
                "since": NOON.isoformat(),
                "sentence": "Gateway twilio is stopped since 2026-11-02 04:00 UTC (20003: Twilio refuses our account "
                "or token) and its replies wait: mend that, then run `baobei gateway resume twilio`.",
                "gateway": "twilio",
                "error": "20003",
            }
        ]
        clock.move(minutes=3)
        watch.look()
        assert len(listener.heard) == 2
        resume(engine, "twilio")
        for _ in range(2):
            watch.look()
        assert listener.said() == [("gateway_stopped", "raised")] * 2 + [("gateway_stopped", "cleared")]
        assert raised(engine) == set()

    def test_a_restart_repeats_nothing_and_forgets_no_end(
        self, engine: Engine, spool: Spool, watch: Alerts, listener: Listener, clock: StandingClock, time: Time
    ) -> None:
        stop_gateway(engine)
        watch.look()
        Alerts(engine, spool, listener.url, clock, time).look()
        assert (len(listener.heard), raised(engine)) == (1, {"gateway_stopped"})
        resume(engine, "twilio")
        Alerts(engine, spool, listener.url, clock, time).look()
        assert listener.said()[1:] == [("gateway_stopped", "cleared")]

    def test_what_was_not_taken_is_posted_again_after_a_while(
        self, engine: Engine, watch: Alerts, listener: Listener, time: Time
    ) -> None:
        listener.answers = [500, 302]
        stop_gateway(engine)
        heard = []
        for seconds in (0, 4, 1, 9, 1, 60):
            time.now += seconds
            watch.look()
            heard.append(len(listener.heard))
        assert heard == [1, 1, 2, 2, 3, 3]
        assert raised(engine) == {"gateway_stopped"}

    def test_an_end_that_was_not_taken_is_kept_over_a_restart(
        self, engine: Engine, spool: Spool, watch: Alerts, listener: Listener, clock: StandingClock, time: Time
    ) -> None:
        stop_gateway(engine)
        watch.look()
        resume(engine, "twilio")
        listener.answers = [503]
        watch.look()
        Alerts(engine, spool, listener.url, clock, time).look()
        assert listener.said()[1:] == [("gateway_stopped", "cleared")] * 2

    def test_nobody_at_the_address_harms_nothing(
        self, engine: Engine, spool: Spool, clock: StandingClock, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        stop_gateway(engine)
        Alerts(engine, spool, "http://127.0.0.1:9/secret-path", clock, time).look()
        assert raised(engine) == {"gateway_stopped"}
        assert "alert not delivered" in caplog.text
        assert "secret-path" not in caplog.text

    def test_name_and_password_in_the_address_are_used(
        self, engine: Engine, spool: Spool, listener: Listener, clock: StandingClock, time: Time
    ) -> None:
        stop_gateway(engine)
        Alerts(engine, spool, listener.url.replace("//", "//me:p%40ss@"), clock, time).look()
        assert listener.authorization == ["Basic bWU6cEBzcw=="]

    def test_without_an_address_the_book_is_kept_and_the_log_tells(
        self, engine: Engine, spool: Spool, clock: StandingClock, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        watch = Alerts(engine, spool, None, clock, time)
        stop_gateway(engine)
        watch.look()
        assert (raised(engine), "alert raised" in caplog.text) == ({"gateway_stopped"}, True)
        resume(engine, "twilio")
        watch.look()
        assert (raised(engine), "alert cleared" in caplog.text) == (set(), True)


def test_the_databases_absence_is_told_from_memory_and_nothing_else_is_taken_back(
    engine: Engine, watch: Alerts, listener: Listener, clock: StandingClock, tmp_path: Path
) -> None:
    stop_gateway(engine)
    watch.look()
    watch._engine = open_engine(f"sqlite:///{tmp_path}/no/such/folder/db.sqlite")
    for seconds in (5, 5, 1, 3_600, 1):
        watch.look()
        clock.move(seconds=seconds)
    assert listener.said() == [
        ("gateway_stopped", "raised"),
        ("database_away", "raised"),
        ("gateway_stopped", "raised"),
        ("database_away", "raised"),
    ]
    watch._engine = engine
    watch.look()
    assert listener.said()[4:] == [("database_away", "cleared")]
    assert raised(engine) == {"gateway_stopped"}


def test_an_absence_at_the_start_does_not_make_it_forget_what_was_told_before(
    engine: Engine, spool: Spool, watch: Alerts, listener: Listener, clock: StandingClock, time: Time, tmp_path: Path
) -> None:
    stop_gateway(engine)
    watch.look()
    late = Alerts(open_engine(f"sqlite:///{tmp_path}/no/such/folder/db.sqlite"), spool, listener.url, clock, time)
    late.look()
    clock.move(seconds=11)
    late.look()
    late._engine = engine
    late.look()
    assert listener.said() == [("gateway_stopped", "raised"), ("database_away", "raised"), ("database_away", "cleared")]


def _line_stands(engine: Engine, clock: StandingClock) -> None:
    accept(engine, Inbound("twilio", "m1", AGENT, NUMBER, f"报备 {CANARY}"), clock)
    clock.move(seconds=61)


def _number_stopped(engine: Engine, clock: StandingClock) -> None:
    with engine.begin() as connection:
        stop(connection, "twilio", NUMBER, Stopped("21603", "no number"), NOON)


def _replies_wait(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 2, clock, attempt=3, next_at=clock() + timedelta(minutes=9))
    clock.move(minutes=6)


def _replies_fail(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 5, clock, state="failed", error_code="21211", refusal="number")
    _sent(engine, clock, 20)


def _content_refused(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 3, clock, state="failed", error_code="30007", refusal="content")


def _replies_in_review(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 1, clock, state="review")


def _replies_in_doubt(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 1, clock, state="unknown")
    clock.move(minutes=16)


def _unrouted_texts(engine: Engine, clock: StandingClock) -> None:
    accept(engine, Inbound("twilio", "m1", AGENT, "+8613800000077", CANARY), clock)


def _many_messages(engine: Engine, clock: StandingClock) -> None:
    said = {"timezone": "Asia/Shanghai", "policy": {"site_messages_per_hour": "50"}, "hour_messages": 51}
    with engine.begin() as connection:
        connection.execute(update(cursors).values(state=said | {"hour": "2026-11-02T12"}))


def _backfill_healed(engine: Engine, clock: StandingClock) -> None:
    for healed in (2, 0, 1):
        _compared(engine, clock, healed=healed)


def _backfill_fails(engine: Engine, clock: StandingClock) -> None:
    for error in (None, "503", "503", "ReadTimeout"):
        _compared(engine, clock, error=error)


def _compared(engine: Engine, clock: StandingClock, healed: int = 0, error: str | None = None) -> None:
    since, until = clock() - timedelta(minutes=15), clock() - timedelta(minutes=2)
    one = begin(engine, "twilio", since, until, clock())
    finish(engine, one, Comparison("twilio", since, until, 9, healed, error), clock())
    clock.move(minutes=5)


def _sent(engine: Engine, clock: StandingClock, count: int) -> None:
    for number in range(count):
        one = add_reply(engine, 1, f"sent {number}", clock(), state="sent")
        with engine.begin() as connection:
            row = {"reply_id": one, "number": 1, "started_at": clock(), "ended_at": clock(), "outcome": "sent"}
            connection.execute(insert(attempts).values(row | {"lookups": 0}))


FAULTS = {
    "line_stands": (_line_stands, "site:1", {"site": 1, "waiting": 1}),
    "number_stopped": (_number_stopped, "site:1", {"site": 1, "gateway": "twilio", "error": "21603"}),
    "replies_wait": (_replies_wait, "site:1", {"site": 1, "waiting": 2}),
    "replies_fail": (_replies_fail, "site:1", {"site": 1, "failed": 5, "of": 25, "error": "21211"}),
    "content_refused": (_content_refused, "site:1", {"site": 1, "refused": 3, "error": "30007"}),
    "replies_in_review": (_replies_in_review, "site:1", {"site": 1, "replies": 1}),
    "replies_in_doubt": (_replies_in_doubt, "site:1", {"site": 1, "replies": 1}),
    "unrouted_texts": (_unrouted_texts, "", {"texts": 1}),
    "many_messages": (_many_messages, "site:1", {"site": 1, "messages": 51}),
    "backfill_healed": (_backfill_healed, "twilio", {"gateway": "twilio", "healed": 3}),
    "backfill_fails": (_backfill_fails, "twilio", {"gateway": "twilio", "error": "ReadTimeout"}),
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_one_alarm_with_ids_and_counts_only(engine: Engine, clock: StandingClock, code: str) -> None:
    cause, scope, detail = FAULTS[code]
    add_site(engine)
    assert alarms(engine, clock()) == []
    cause(engine, clock)
    (alarm,) = alarms(engine, clock())
    assert (alarm.code, alarm.scope, alarm.detail) == (code, scope, detail)
    for secret in (CANARY, AGENT[1:], NUMBER[1:], "geheim"):
        assert secret not in repr(alarm)


def kept(spool: Spool, count: int) -> None:
    for number in range(count):
        spool.keep(Inbound("twilio", f"m{number}", AGENT, NUMBER, f"报备 {CANARY}"))


def test_texts_that_wait_in_the_spool_are_an_alarm_after_a_minute(spool: Spool, clock: StandingClock) -> None:
    assert spool_alarms(spool, clock()) == []
    kept(spool, 2)
    clock.move(seconds=60)
    assert spool_alarms(spool, clock()) == []
    clock.move(seconds=1)
    (alarm,) = spool_alarms(spool, clock())
    assert (alarm.code, alarm.since, alarm.detail) == ("texts_spooled", NOON, {"waiting": 2})
    assert CANARY not in repr(alarm)
    assert AGENT[1:] not in repr(alarm)


def test_files_that_nobody_could_read_are_an_alarm(spool: Spool, clock: StandingClock) -> None:
    kept(spool, 2)
    spool.set_aside(spool.waiting()[1])
    (alarm,) = spool_alarms(spool, clock())
    assert (alarm.code, alarm.detail) == ("texts_unreadable", {"files": 1})


def test_the_spools_alarms_are_told_and_taken_back_while_the_database_is_away(
    watch: Alerts, spool: Spool, listener: Listener, clock: StandingClock, tmp_path: Path
) -> None:
    watch._engine = open_engine(f"sqlite:///{tmp_path}/no/such/folder/db.sqlite")
    kept(spool, 1)
    watch.look()
    clock.move(seconds=61)
    watch.look()
    assert set(listener.said()) == {("texts_spooled", "raised"), ("database_away", "raised")}
    spool.remove(spool.waiting()[0])
    watch.look()
    assert listener.said()[2:] == [("texts_spooled", "cleared")]


def test_a_spool_that_cannot_be_read_takes_nothing_back(
    watch: Alerts, spool: Spool, listener: Listener, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(spool, 1)
    clock.move(seconds=61)
    watch.look()

    def denied() -> list[str]:
        raise PermissionError

    monkeypatch.setattr(spool, "waiting", denied, raising=True)
    watch.look()
    assert listener.said() == [("texts_spooled", "raised")]


def _a_line_that_just_began_to_wait(engine: Engine, clock: StandingClock) -> None:
    _line_stands(engine, clock)
    clock.move(seconds=-2)


def _replies_that_fail_among_many(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 5, clock, state="failed", error_code="21211", refusal="number")
    _sent(engine, clock, 21)


def _four_failures(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 4, clock, state="failed", error_code="21211", refusal="number")


def _failures_of_long_ago(engine: Engine, clock: StandingClock) -> None:
    _replies_fail(engine, clock)
    clock.move(minutes=11)


def _people_who_opted_out(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 9, clock, state="failed", error_code="opted out")


def _a_soft_failure_that_waits_for_its_time(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 1, clock, attempt=1, delivery="undelivered", next_at=clock() + timedelta(minutes=12))
    clock.move(minutes=11)


def _replies_of_a_stopped_number(engine: Engine, clock: StandingClock) -> None:
    add_replies(engine, 1, clock)
    clock.move(minutes=6)
    with engine.begin() as connection:
        row = {"gateway": "twilio", "number": NUMBER, "since": clock(), "code": "21603", "words": ""}
        connection.execute(insert(gateway_stops).values(row))


def _healed_two_days_ago(engine: Engine, clock: StandingClock) -> None:
    _backfill_healed(engine, clock)
    clock.move(days=1)


def _two_comparisons_that_failed(engine: Engine, clock: StandingClock) -> None:
    for _ in range(2):
        _compared(engine, clock, error="503")


def _a_comparison_that_ended_well_again(engine: Engine, clock: StandingClock) -> None:
    _backfill_fails(engine, clock)
    _compared(engine, clock)


def _comparisons_that_failed_at_a_gateway_long_gone(engine: Engine, clock: StandingClock) -> None:
    _backfill_fails(engine, clock)
    clock.move(days=1)


QUIET: list[tuple[Callable[[Engine, StandingClock], None], set[str]]] = [
    (_a_line_that_just_began_to_wait, set()),
    (_replies_that_fail_among_many, set()),
    (_four_failures, set()),
    (_failures_of_long_ago, set()),
    (_people_who_opted_out, set()),
    (_a_soft_failure_that_waits_for_its_time, set()),
    (_replies_of_a_stopped_number, {"number_stopped"}),
    (_healed_two_days_ago, set()),
    (_two_comparisons_that_failed, set()),
    (_a_comparison_that_ended_well_again, set()),
    (_comparisons_that_failed_at_a_gateway_long_gone, set()),
]


@pytest.mark.parametrize(("cause", "wanted"), QUIET, ids=[q[0].__name__.strip("_") for q in QUIET])
def test_what_is_no_fault_raises_nothing(
    engine: Engine, clock: StandingClock, cause: Callable[[Engine, StandingClock], None], wanted: set[str]
) -> None:
    add_site(engine)
    cause(engine, clock)
    assert {alarm.code for alarm in alarms(engine, clock())} == wanted


def test_a_decided_line_does_not_stand(engine: Engine, clock: StandingClock) -> None:
    open_line(engine)
    clock.now = clock.now.replace(year=2030)
    # A clock that is years ahead at once has jumped, and is told of itself.
    assert {alarm.code for alarm in alarms(engine, clock())} - {"clock_ahead"} == {"line_stands"}
