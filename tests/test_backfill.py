"""Backfill: what a gateway has in its list and never reached us gets into line, by schedule and by command."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, event, func, select

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.serving import AGENT, SITE_NUMBER, open_line, runtime_of
from tests.infrastructure.waiting import eventually
from tests.sending import NOON, StandingClock
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.backfill import BATCH, Backfill, InterruptedBackfillError
from worker.line.comparisons import Comparison, begin, finish
from worker.line.door import accept
from worker.processes.sweeper import Sweeper
from worker.runtime import Runtime
from worker.store.schema import backfills, decisions, inbox, unrouted

REPORT = "报备 张三 138****5678"
WANG = "+8613900000021"
MINUTE = timedelta(minutes=1)
SINCE = NOON - timedelta(hours=2)


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        yield fake


@pytest.fixture
def environ(fake: FakeTwilio) -> dict[str, str]:
    return {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": fake.url}


@pytest.fixture
def runtime(
    tmp_path: Path, database_url: str, redis_url: str, environ: dict[str, str], clock: StandingClock
) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path / "var", database_url, redis_url, **environ)
    runtime.clock = clock
    open_line(runtime.engine, gateway="twilio")
    yield runtime
    runtime.close()


@pytest.fixture
def backfill(runtime: Runtime) -> Backfill:
    return Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock)


def line(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(inbox).where(inbox.c.kind == "text").order_by(inbox.c.seq)))


def words(engine: Engine) -> list[str]:
    return [row.text for row in line(engine)]


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(backfills).order_by(backfills.c.id)))


def compare(backfill: Backfill, runtime: Runtime, since: datetime = SINCE, until: datetime = NOON) -> Comparison:
    return backfill.compare(runtime.gateways["twilio"], since, until)


class TestComparing:
    def test_missing_texts_enter_in_the_order_of_their_creation_with_its_time(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        for number in range(5):
            fake.receive(str(number), f"text {number} 13812345678", NOON - (9 - number) * MINUTE)
        ended = compare(backfill, runtime)
        assert (ended.found, ended.healed, ended.error) == (5, 5, None)
        kept = line(runtime.engine)
        assert [row.text for row in kept] == [f"text {number} 138▒▒▒▒5678" for number in range(5)]
        assert [row.sent_at for row in kept] == [NOON - (9 - number) * MINUTE for number in range(5)]
        assert (kept[0].sender, kept[0].gateway, kept[0].seq) == (AGENT, "twilio", 2)
        assert runtime.redis.llen("rq:queue:decide") == 1

    def test_of_one_second_the_list_still_tells_which_was_first(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        for number in range(5):
            fake.receive(str(9 - number), f"text {number}", NOON - MINUTE)
        compare(backfill, runtime)
        assert words(runtime.engine) == [f"text {number}" for number in range(5)]

    def test_what_is_there_costs_no_aborted_transaction(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        here = fake.receive("1", "here", NOON - 2 * MINUTE)
        apart = fake.receive("2", "apart", NOON - 2 * MINUTE)
        fake.receive("3", "missing", NOON - MINUTE)
        accept(runtime.engine, Inbound("twilio", here, AGENT, SITE_NUMBER, "here"))
        accept(runtime.engine, Inbound("twilio", apart, AGENT, "+8613800009999", "apart"))
        failed: list[Any] = []
        event.listen(runtime.engine, "handle_error", failed.append)
        ended = compare(backfill, runtime)
        assert (ended.found, ended.healed, failed) == (3, 1, [])
        assert words(runtime.engine) == ["here", "missing"]
        with runtime.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(unrouted)).scalar_one() == 1

    def test_another_gateways_equal_id_is_another_text(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        sid = fake.receive("1", "twilio's", NOON - MINUTE)
        accept(runtime.engine, Inbound("sandbox", sid, AGENT, SITE_NUMBER, "the sandbox's"))
        assert compare(backfill, runtime).healed == 1

    def test_what_is_outside_the_span_or_ours_is_not_taken(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        fake.receive("1", "before", SINCE - timedelta(seconds=1))
        fake.receive("2", "first", SINCE)
        fake.receive("3", "last", NOON - timedelta(seconds=1))
        fake.receive("4", "after", NOON)
        fake.messages.insert(0, fake.message({"To": SITE_NUMBER, "From": SITE_NUMBER, "Body": "ours"}))
        compare(backfill, runtime)
        assert words(runtime.engine) == ["first", "last"]

    def test_one_that_comes_by_itself_meanwhile_is_silent(self, fake: FakeTwilio, runtime: Runtime) -> None:
        for number in range(BATCH):
            fake.receive(str(number), "text", NOON - MINUTE)
        fake.page_size = BATCH

        def webhook(*_: object) -> None:
            accept(runtime.engine, Inbound("twilio", "SM" + "7".rjust(32, "0"), AGENT, SITE_NUMBER, "by itself"))

        backfill = Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock, tell=webhook)
        ended = compare(backfill, runtime)
        assert (ended.found, ended.healed) == (BATCH, BATCH - 1)
        assert [row.seq for row in line(runtime.engine)] == list(range(2, BATCH + 2))

    def test_an_overlap_that_it_would_have_won_is_contested(
        self, tmp_path: Path, database_url: str, redis_url: str, environ: dict[str, str], fake: FakeTwilio
    ) -> None:
        runtime = runtime_of(tmp_path / "var", database_url, redis_url, **environ)
        people = [{"name": "李四", "phone": AGENT, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]
        site = open_site(runtime.engine, "湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "twilio")
        put(runtime.engine, site, "roster", {"people": people})
        now = datetime.now(UTC)
        fake.receive("1", REPORT, now - timedelta(minutes=5))
        accept(runtime.engine, Inbound("twilio", "late", WANG, SITE_NUMBER, REPORT))
        compare(
            Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock), runtime, now - timedelta(hours=1), now
        )
        while decide_site(runtime.engine, site.id).more:
            pass
        with runtime.engine.connect() as connection:
            codes = connection.execute(select(decisions.c.code).order_by(decisions.c.seq)).scalars().all()
        assert codes[-2:] == ["accepted", "contested"]
        runtime.close()

    def test_each_comparison_is_a_row(self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime) -> None:
        fake.receive("1", "text", NOON - MINUTE)
        compare(backfill, runtime)
        fake.list_status = 401
        compare(backfill, runtime)
        wanted = [
            ("twilio", SINCE, NOON, NOON, NOON, 1, 1, None),
            ("twilio", SINCE, NOON, NOON, NOON, 0, 0, "HTTP 401"),
        ]
        assert [tuple(row)[1:] for row in rows(runtime.engine)] == wanted

    def test_a_list_that_breaks_off_puts_nothing_in_line_before_its_turn(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime
    ) -> None:
        for number in range(5):
            fake.receive(str(number), f"text {number}", NOON - (9 - number) * MINUTE)
        fake.pages_left = 2
        ended = compare(backfill, runtime)
        assert (ended.healed, ended.error, words(runtime.engine)) == (0, "HTTP 500", [])
        fake.pages_left = None
        compare(backfill, runtime)
        assert words(runtime.engine) == [f"text {number}" for number in range(5)]

    def test_one_that_is_stopped_stays_unfinished(self, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.receive("1", "text", NOON - MINUTE)
        backfill = Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock, stopping=lambda: True)
        with pytest.raises(InterruptedBackfillError):
            compare(backfill, runtime)
        assert [(row.ended_at, row.error) for row in rows(runtime.engine)] == [(None, None)]


class TestSchedule:
    def spans(self, runtime: Runtime) -> list[tuple[timedelta, timedelta]]:
        """Return how long before its beginning each comparison's span began and ended."""
        return [(row.started_at - row.since, row.started_at - row.until) for row in rows(runtime.engine)]

    def test_goes_on_where_the_last_one_ended_and_leaves_what_may_be_on_its_way(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime, clock: StandingClock
    ) -> None:
        fake.receive("1", "on its way", NOON - timedelta(seconds=119))
        fake.receive("2", "missing", NOON - timedelta(seconds=120, microseconds=1))
        assert backfill.catch_up(runtime.gateways) == 1
        clock.move(minutes=4, seconds=59)
        assert backfill.catch_up(runtime.gateways) == 0
        clock.move(seconds=1)
        assert backfill.catch_up(runtime.gateways) == 1
        assert words(runtime.engine) == ["missing", "on its way"]
        assert self.spans(runtime) == [(120 * MINUTE, 2 * MINUTE), (17 * MINUTE, 2 * MINUTE)]

    def test_a_failure_and_an_unfinished_one_move_nothing(
        self,
        fake: FakeTwilio,
        backfill: Backfill,
        runtime: Runtime,
        clock: StandingClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        backfill.catch_up(runtime.gateways)
        fake.list_status = 500
        clock.move(days=3)
        fake.receive("1", "missing", clock() - timedelta(days=2))
        backfill.catch_up(runtime.gateways)
        begin(runtime.engine, "twilio", clock() - MINUTE, clock(), clock())
        assert "backfill failed" in {record.getMessage() for record in caplog.records}
        fake.list_status = 200
        clock.move(minutes=5)
        assert backfill.catch_up(runtime.gateways) == 1
        assert self.spans(runtime)[-1][0] == timedelta(days=3) + 17 * MINUTE

    def test_one_that_was_asked_for_closes_no_gap_before_it(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime, clock: StandingClock
    ) -> None:
        backfill.catch_up(runtime.gateways)
        clock.move(days=1)
        fake.receive("1", "missing", clock() - timedelta(hours=20))
        compare(backfill, runtime, clock() - timedelta(hours=2), clock() - 2 * MINUTE)
        assert words(runtime.engine) == []
        clock.move(minutes=5)
        assert backfill.catch_up(runtime.gateways) == 1
        clock.move(minutes=5)
        backfill.catch_up(runtime.gateways)
        assert self.spans(runtime)[-1] == (17 * MINUTE, 2 * MINUTE)

    def test_the_table_stays_small_and_keeps_how_far_we_came(
        self, fake: FakeTwilio, backfill: Backfill, runtime: Runtime, clock: StandingClock
    ) -> None:
        for _ in range(3):
            backfill.catch_up(runtime.gateways)
            clock.move(minutes=5)
        failed = Comparison("twilio", NOON, NOON, 0, 0, "HTTP 500")
        for _ in range(3):
            clock.move(days=5)
            finish(runtime.engine, begin(runtime.engine, "twilio", NOON, NOON, clock()), failed, clock())
        assert [(row.started_at, row.error) for row in rows(runtime.engine)] == [
            (NOON + 10 * MINUTE, None),
            (NOON + 15 * MINUTE + timedelta(days=10), "HTTP 500"),
            (NOON + 15 * MINUTE + timedelta(days=15), "HTTP 500"),
        ]
        clock.move(minutes=5)
        backfill.catch_up(runtime.gateways)
        assert rows(runtime.engine)[-1].since == NOON - 2 * MINUTE

    def test_a_gateway_without_a_list_is_left_alone(self, tmp_path: Path, database_url: str, redis_url: str) -> None:
        runtime = runtime_of(tmp_path, database_url, redis_url)
        Backfill(runtime.engine, runtime.bell.ring_decide, runtime.clock).catch_up(runtime.gateways)
        assert rows(runtime.engine) == []
        runtime.close()


class TestSweeper:
    def test_compares(self, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.receive("1", "missing", NOON - 5 * MINUTE)
        Sweeper(runtime, Event()).sweep()
        assert words(runtime.engine) == ["missing"]

    def test_lets_what_waits_in_the_spool_go_first(self, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.receive("1", "missing", NOON - 5 * MINUTE)
        runtime.spool.keep(Inbound("twilio", "spooled", AGENT, SITE_NUMBER, "spooled"))
        with runtime.spool.feeding():
            Sweeper(runtime, Event()).sweep()
        assert words(runtime.engine) == []
        Sweeper(runtime, Event()).sweep()
        assert words(runtime.engine) == ["spooled", "missing"]

    def test_a_slow_gateway_holds_nothing_and_a_stopped_sweeper_ends(
        self, fake: FakeTwilio, tmp_path: Path, database_url: str, runtime: Runtime, environ: dict[str, str]
    ) -> None:
        deaf = runtime_of(tmp_path / "var", database_url, f"unix://{tmp_path}/none.sock", **environ)
        fake.list_gate, stop = Event(), Event()
        sweeper = Thread(target=Sweeper(deaf, stop).run)
        sweeper.start()
        eventually(lambda: fake.lists_asked, "the list is asked for")
        accept(runtime.engine, Inbound("twilio", "m1", AGENT, SITE_NUMBER, REPORT))

        def decided() -> bool:
            with runtime.engine.connect() as connection:
                return bool(connection.execute(select(decisions.c.seq).where(decisions.c.seq == 2)).first())

        eventually(decided, "the text is decided while the list is waited for")
        stop.set()
        fake.list_gate.set()
        sweeper.join(60)
        assert not sweeper.is_alive()
        deaf.close()


class TestCommand:
    @pytest.fixture
    def run(
        self,
        database_url: str,
        redis_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        environ: dict[str, str],
    ) -> Any:
        given = environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "BAOBEI_VAR": str(tmp_path / "var")}
        for name, value in given.items():
            monkeypatch.setenv(name, value)

        def run(*arguments: str) -> Result:
            return CliRunner().invoke(main, ["backfill", *arguments])

        return run

    def test_puts_in_line_what_is_missing_and_says_how_much(self, run: Any, fake: FakeTwilio, runtime: Runtime) -> None:
        now = datetime.now(UTC)
        fake.receive("1", "too old", now - timedelta(hours=3))
        fake.receive("2", "missing", now - timedelta(hours=1))
        done = run("--since", "2h")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "twilio: 1 in its list since" in done.stdout
        assert "1 of them missing here and put in line now" in done.stdout
        assert words(runtime.engine) == ["missing"]
        assert runtime.redis.llen("rq:queue:decide") == 1

    def test_writes_json(self, run: Any, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.receive("1", "missing", datetime.now(UTC) - timedelta(hours=1))
        (one,) = json.loads(run("--since", "3d", "--json", "--gateway", "twilio").stdout)
        assert (
            datetime.fromisoformat(one["until"]) - datetime.fromisoformat(one["since"])
            == timedelta(days=3) - 2 * MINUTE
        )
        del one["since"], one["until"]
        assert one == {"gateway": "twilio", "found": 1, "healed": 1, "error": None, "list": True}

    def test_tells_its_progress_while_it_takes_long(
        self, run: Any, fake: FakeTwilio, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("worker.line.backfill.BATCH", 2)
        for number in range(4):
            fake.receive(str(number), "text", datetime.now(UTC) - timedelta(minutes=30))
        told = run("--since", "1h").stderr.splitlines()
        assert told[0] == "twilio: 2 compared, 2 missing, 0 put in line …"
        assert told[-1] == "twilio: 4 compared, 4 missing, 4 put in line …"

    def test_a_list_that_cannot_be_read_is_a_problem(self, run: Any, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.list_status = 401
        done = run("--since", "2h")
        assert done.exit_code == 1
        assert "The list of twilio could not be read (HTTP 401)" in done.stderr
        assert "Traceback" not in done.output

    def test_texts_in_the_spool_go_first(self, run: Any, fake: FakeTwilio, runtime: Runtime) -> None:
        fake.receive("1", "missing", datetime.now(UTC) - timedelta(hours=1))
        runtime.spool.keep(Inbound("twilio", "spooled", AGENT, SITE_NUMBER, "spooled"))
        assert run("--since", "2h").exit_code == 0
        assert words(runtime.engine) == ["spooled", "missing"]

    def test_a_gateway_without_a_list_is_said_so(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL"):
            monkeypatch.delenv(name)
        done = run("--since", "2h")
        assert done.exit_code == 0
        assert "sandbox keeps no list of its own" in done.stdout
        (one,) = json.loads(run("--since", "2h", "--json").stdout)
        assert (one["gateway"], one["list"], one["healed"]) == ("sandbox", False, None)

    @pytest.mark.parametrize("since", ["", "2", "h", "2w", "-2h", "1.5h", "0m", "2m", "401d", "9999999h", "2h30m"])
    def test_a_duration_that_cannot_be_meant_is_refused(self, run: Any, since: str) -> None:
        done = run("--since", since)
        assert done.exit_code == 2
        assert "3d" in done.stderr or "400d" in done.stderr

    def test_says_which_gateways_there_are(self, run: Any, runtime: Runtime) -> None:
        done = run("--since", "2h", "--gateway", "pigeon")
        assert done.exit_code == 2
        assert "There is no gateway “pigeon” here; there are: twilio." in done.stderr

    def test_a_database_that_lacks_its_tables_is_a_sentence(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite")
        done = run("--since", "2h")
        assert done.exit_code == 1
        assert "baobei migrate" in done.stderr


def test_no_words_and_numbers_in_the_log(
    fake: FakeTwilio, backfill: Backfill, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.receive("1", "报备 金丝雀 13812345678", NOON - MINUTE)
    compare(backfill, runtime)
    said = str([vars(record) for record in caplog.records if record.name.startswith(("worker", "twilio"))])
    assert "backfilled" in said
    for word in ("金丝雀", "12345678", AGENT[1:]):
        assert word not in said
