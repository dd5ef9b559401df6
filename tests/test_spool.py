"""The spool: what is acknowledged while the database is away is kept, in order, and gets into line exactly once."""

import logging
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import Engine, select, text

from parsers.mask import mask_numbers
from tests.infrastructure.databases import Databases
from tests.infrastructure.serving import (
    AGENT,
    SITE_NUMBER,
    client_of,
    database_away,
    open_line,
    post,
    runtime_of,
    sandbox_request,
    spool_away,
    texts,
)
from tests.infrastructure.waiting import eventually
from tests.sending import NOON, StandingClock
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import NotDurableError, ReadyText, Receipt, accept, accept_all
from worker.line.spool import Spool
from worker.lock import file_lock
from worker.processes.feeder import feeder_of
from worker.processes.sweeper import Sweeper
from worker.runtime import Runtime, open_runtime
from worker.store.database import open_engine
from worker.store.schema import claims, decisions, inbox, unrouted

ROUTE = "/gateways/sandbox/messages"
WANG = "+8613900000021"
PEOPLE = [{"name": "李四", "phone": AGENT, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]
REPORT = "报备 张三 138****5678"


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path / "var", database_url, redis_url)
    open_line(runtime.engine)
    yield runtime
    runtime.close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "var" / "spool")


def send(client: FlaskClient, message_id: str, **fields: str) -> int:
    return post(client, ROUTE, sandbox_request(MessageSid=message_id, **fields)).status_code


def inbound(message_id: str, words: str = REPORT, sender: str = AGENT, to: str = SITE_NUMBER) -> Inbound:
    return Inbound("sandbox", message_id, sender, to, words)


def line(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(inbox).where(inbox.c.kind == "text").order_by(inbox.c.seq)))


def ids(engine: Engine) -> list[str]:
    return [row.provider_id for row in line(engine)]


def feed(runtime: Runtime) -> int:
    return feeder_of(runtime).feed()


class TestKeeping:
    def test_a_text_is_acknowledged_and_kept_masked_and_private(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with database_away(runtime, tmp_path):
            assert send(client, "m1", Body="报备 金丝雀 13812345678 李四") == 200
        folder = tmp_path / "var" / "spool"
        (file,) = folder.glob("*.json")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        kept = b"".join(path.read_bytes() for path in folder.iterdir()).decode()
        assert "金丝雀" in kept
        assert "12345678" not in kept
        assert str(int(file.stem)) in str([getattr(record, "fields", None) for record in caplog.records])
        said = caplog.text + str([vars(record) for record in caplog.records])
        assert "金丝雀" not in said
        assert AGENT[1:] not in said

    def test_what_comes_after_it_waits_behind_it_though_the_database_is_back(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path
    ) -> None:
        with database_away(runtime, tmp_path):
            assert send(client, "first") == 200
        assert send(client, "second") == 200
        assert texts(runtime.engine) == 0
        assert feed(runtime) == 2
        assert send(client, "third") == 200
        assert ids(runtime.engine) == ["first", "second", "third"]

    def test_neither_database_nor_spool_is_told_to_the_gateway(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path
    ) -> None:
        (tmp_path / "var").mkdir(exist_ok=True)
        (tmp_path / "var" / "spool").write_text("a file where the folder should be")
        with database_away(runtime, tmp_path):
            assert send(client, "m1") == 503
        assert send(client, "m1") == 200

    def test_a_spool_that_is_held_by_another_is_away(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("worker.line.spool.LONGEST_TURN_S", 0.05)
        with database_away(runtime, tmp_path):
            assert send(client, "m1") == 200
            with file_lock(tmp_path / "var" / "spool" / "writing.lock") as mine:
                assert mine
                assert send(client, "m2") == 503
            assert send(client, "m2") == 200

    def test_order_of_the_files_is_the_order_of_writing_whatever_the_clock_does(self, tmp_path: Path) -> None:
        clock = StandingClock()
        spool = Spool(tmp_path / "spool", clock)
        for number, minutes in enumerate((0, -60, 0, 30, -90)):
            clock.move(minutes=minutes)
            spool.keep(inbound(f"m{number}"))
        kept = [spool.read(name) for name in spool.waiting()]
        assert [text.inbound.provider_id for text in kept] == [f"m{number}" for number in range(5)]
        assert kept[0].spooled_at == NOON
        times = [text.spooled_at for text in kept]
        assert times == sorted(set(times))

    def test_many_at_once_are_kept_each_after_what_its_sender_wrote_before(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("worker.line.spool.LONGEST_TURN_S", 60)

        def write(part: int) -> None:
            # As several processes do: each with a spool of its own on the same folder.
            own = Spool(spool.folder)
            for number in range(10):
                own.keep(inbound(f"{part}-{number}"))

        writers = [threading.Thread(target=write, args=(part,)) for part in range(5)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        kept = [spool.read(name).inbound.provider_id for name in spool.waiting()]
        assert len(kept) == 50
        for part in range(5):
            assert [i for i in kept if i.startswith(f"{part}-")] == [f"{part}-{number}" for number in range(10)]

    @given(words=st.text(st.characters(), max_size=40), stated=st.sampled_from([None, NOON]))
    def test_nothing_is_changed_but_masked(
        self, words: str, stated: datetime | None, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        spool = Spool(tmp_path_factory.mktemp("spool"))
        given = replace(inbound("m\0\ud83d\ude001", words + "\0\ud800"), sent_at=stated, media=2)
        name = spool.keep(given)
        assert spool.read(name).inbound == replace(given, text=mask_numbers(given.text))


class TestFeeding:
    def test_a_text_gets_the_place_and_time_of_its_feeding_and_was_sent_when_it_was_spooled(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path, redis_url: str
    ) -> None:
        before = datetime.now(UTC)
        with database_away(runtime, tmp_path):
            send(client, "m1")
        after = datetime.now(UTC)
        assert feed(runtime) == 1
        (row,) = line(runtime.engine)
        assert (row.seq, row.text) == (2, REPORT)
        assert before - timedelta(microseconds=1) <= row.sent_at <= after <= row.received_at
        with Redis.from_url(redis_url) as redis:
            assert redis.llen("rq:queue:decide") == 1
        assert (feed(runtime), runtime.spool.waiting()) == (0, [])

    def test_a_time_that_its_gateway_states_is_kept(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path
    ) -> None:
        with database_away(runtime, tmp_path):
            send(client, "m1", SentAt=NOON.isoformat())
        feed(runtime)
        assert [row.sent_at for row in line(runtime.engine)] == [NOON]

    def test_how_far_apart_its_gateway_may_date_it_is_kept(self, spool: Spool) -> None:
        text = replace(inbound("m1"), repeats_within=timedelta(minutes=2))
        assert spool.read(spool.keep(text)).inbound == text

    def test_an_overlap_that_it_would_have_won_is_contested(
        self, tmp_path: Path, database_url: str, redis_url: str
    ) -> None:
        here = runtime_of(tmp_path / "here", database_url, redis_url)
        elsewhere = runtime_of(tmp_path / "elsewhere", database_url, redis_url)
        site = open_site(here.engine, "湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
        put(here.engine, site, "roster", {"people": PEOPLE})
        with database_away(here, tmp_path):
            assert send(client_of(here), "early") == 200
        assert send(client_of(elsewhere), "late", From=WANG) == 200
        feed(here)
        while decide_site(here.engine, site.id).more:
            pass
        with here.engine.connect() as connection:
            codes = connection.execute(select(decisions.c.code).order_by(decisions.c.seq)).scalars().all()
            holder = connection.execute(select(claims.c.unit).where(claims.c.number == 1)).scalar_one()
        assert (codes[-2:], holder) == (["accepted", "contested"], "贝壳")
        here.close()
        elsewhere.close()

    def test_a_text_to_no_site_is_kept_apart_once(self, client: FlaskClient, runtime: Runtime, tmp_path: Path) -> None:
        with database_away(runtime, tmp_path):
            assert [send(client, "m1", To="+8613800009999") for _ in range(2)] == [200, 200]
        assert feed(runtime) == 2
        with runtime.engine.connect() as connection:
            assert connection.execute(select(unrouted.c.provider_id)).scalars().all() == ["m1"]

    def test_a_repeat_is_silent_however_often_it_is_spooled_and_fed(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path
    ) -> None:
        send(client, "known")
        for _ in range(2):
            with database_away(runtime, tmp_path):
                assert [send(client, i) for i in ("new", "known", "new")] == [200, 200, 200]
            assert feed(runtime) == 3
        assert [(row.seq, row.provider_id) for row in line(runtime.engine)] == [(2, "known"), (3, "new")]

    def test_a_crash_between_the_line_and_the_removal_is_harmless(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*_: object) -> None:
            raise KeyboardInterrupt

        with database_away(runtime, tmp_path):
            assert [send(client, i) for i in ("m1", "m2")] == [200, 200]
        with monkeypatch.context() as patch:
            patch.setattr(Spool, "remove", crash)
            with pytest.raises(KeyboardInterrupt):
                feed(runtime)
        assert (ids(runtime.engine), len(runtime.spool.waiting())) == (["m1"], 2)
        assert feed(runtime) == 2
        assert [(row.seq, row.provider_id) for row in line(runtime.engine)] == [(2, "m1"), (3, "m2")]

    def test_nul_and_lone_surrogates_are_in_the_body_as_if_it_had_never_waited(self, runtime: Runtime) -> None:
        words = "报备 张三\0 138****5678 \ud800李四 13812345678"
        accept(runtime.engine, inbound("direct", words))
        runtime.spool.keep(inbound("spooled", words))
        feed(runtime)
        direct, spooled = line(runtime.engine)
        assert (direct.body, direct.text) == (spooled.body, spooled.text)
        assert b"\0" in spooled.body
        assert b"\xed\xa0\x80" in spooled.body

    def test_nothing_is_fed_while_the_database_is_away(
        self, client: FlaskClient, runtime: Runtime, tmp_path: Path
    ) -> None:
        with database_away(runtime, tmp_path):
            send(client, "m1")
            with pytest.raises(NotDurableError):
                feed(runtime)
        assert feed(runtime) == 1

    def test_one_feeds_at_a_time(self, runtime: Runtime) -> None:
        runtime.spool.keep(inbound("m1"))
        with runtime.spool.feeding():
            assert feed(runtime) == 0
        for number in range(2, 20):
            runtime.spool.keep(inbound(f"m{number}"))
        feeders = [threading.Thread(target=feed, args=(runtime,)) for _ in range(6)]
        for feeder in feeders:
            feeder.start()
        for feeder in feeders:
            feeder.join()
        assert ids(runtime.engine) == [f"m{number}" for number in range(1, 20)]

    def test_the_sweeper_feeds_before_it_looks_at_the_lines(self, runtime: Runtime) -> None:
        runtime.spool.keep(inbound("m1"))
        Sweeper(runtime, Event()).sweep()
        assert ids(runtime.engine) == ["m1"]
        assert runtime.redis.llen("rq:queue:decide") == 1


class TestUnreadable:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b'{"gateway": "sandbox", "text": "\xe9\x87\x91\xe4\xb8\x9d\xe9\x9b\x80',
            b"\xff\xfe\x00",
            b"[]",
            b'{"gateway":"g","provider_id":"m","sender":"+1","recipient":"+2","text":7,"sent_at":null,"media":0}',
            b'{"gateway":"g","provider_id":"m","sender":"+1","recipient":"+2","text":"","sent_at":"2026-11-02","media":0}',
        ],
        ids=["empty", "cut", "not UTF-8", "no object", "no text", "no zone"],
    )
    def test_is_set_aside_loudly_and_stops_no_other(
        self, runtime: Runtime, caplog: pytest.LogCaptureFixture, content: bytes
    ) -> None:
        runtime.spool.keep(inbound("m1"))
        (name,) = runtime.spool.waiting()
        (runtime.spool.folder / "00000000000000000001.json").write_bytes(content)
        assert feed(runtime) == 2
        assert ids(runtime.engine) == ["m1"]
        assert (runtime.spool.folder / "bad" / "00000000000000000001.json").read_bytes() == content
        (loud,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
        assert vars(loud)["fields"]["spool"] == 1
        assert "金丝雀" not in str([vars(record) for record in caplog.records])
        assert name not in {path.name for path in (runtime.spool.folder / "bad").iterdir()}

    def test_something_that_is_no_file_is_set_aside_too(self, runtime: Runtime) -> None:
        runtime.spool.keep(inbound("m1"))
        (runtime.spool.folder / "00000000000000000001.json").mkdir()
        assert feed(runtime) == 2
        assert (ids(runtime.engine), runtime.spool.is_empty()) == (["m1"], True)

    def test_a_text_that_breaks_us_is_set_aside_and_comes_in_when_it_is_put_back(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in (1, 2):
            runtime.spool.keep(inbound(f"m{number}", "金丝雀"))
        with monkeypatch.context() as patch:
            patch.setattr("worker.processes.feeder.accept", breaking_at("m1"))
            assert feed(runtime) == 2
        assert ids(runtime.engine) == ["m2"]
        assert "金丝雀" not in str([vars(record) for record in caplog.records])
        (aside,) = (runtime.spool.folder / "bad").iterdir()
        aside.rename(runtime.spool.folder / aside.name)
        assert feed(runtime) == 1
        assert ids(runtime.engine) == ["m2", "m1"]


def breaking_at(provider_id: str) -> Callable[[Engine, Inbound], Receipt]:
    def accept_most(engine: Engine, text: Inbound) -> Receipt:
        if text.provider_id == provider_id:
            raise ValueError(text.text)
        return accept(engine, text)

    return accept_most


class TestSlowDatabase:
    """A lock that another process holds: a text waits for it for a while, and then goes into the spool."""

    @contextmanager
    def held(self, database_url: str) -> Iterator[None]:
        engine = open_engine(database_url)
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE sites IN EXCLUSIVE MODE"))
            yield
        engine.dispose()

    def runtime(self, runtime: Runtime, lock_wait_ms: int) -> Runtime:
        return open_runtime(runtime.settings, lock_wait_ms=lock_wait_ms)

    def test_a_lock_that_lasts_sends_it_into_the_spool(self, runtime: Runtime, database_url: str) -> None:
        impatient = self.runtime(runtime, 100)
        with self.held(database_url):
            assert send(client_of(impatient), "m1") == 200
            with pytest.raises(NotDurableError):
                feed(impatient)
        assert (ids(runtime.engine), feed(impatient), ids(runtime.engine)) == ([], 1, ["m1"])
        impatient.close()

    def test_a_lock_that_ends_in_time_does_not(self, runtime: Runtime, database_url: str) -> None:
        patient = self.runtime(runtime, 60_000)
        asked, answers = Event(), []

        def ask() -> None:
            asked.set()
            answers.append(send(client_of(patient), "m1"))

        asking = threading.Thread(target=ask)
        with self.held(database_url):
            asking.start()
            assert asked.wait(60)
            asking.join(0.3)
            assert answers == []
        asking.join()
        assert (answers, ids(runtime.engine), patient.spool.is_empty()) == ([200], ["m1"], True)
        patient.close()

    @pytest.mark.parametrize("kept", [True, False])
    def test_who_does_not_wait_for_a_database_that_stands_still_is_told_of_the_spool(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, kept: bool
    ) -> None:
        runtime.lock_wait_ms = 1
        go_on = Event()
        told: list[Receipt | BaseException] = []

        def frozen(engine: Engine, arrivals: Sequence[ReadyText]) -> list[Receipt | Exception]:
            go_on.wait(60)
            return accept_all(engine, arrivals)

        def both() -> bool:
            runtime.intake.end_patience()
            return len(told) == 2

        with monkeypatch.context() as patch, ExitStack() as stack:
            patch.setattr("worker.line.intake.accept_all", frozen)
            if not kept:
                stack.enter_context(spool_away(runtime))
            for message_id in ("m1", "m2"):
                runtime.intake.take_in_later(inbound(message_id), told.append)
            eventually(both, "both are told")
            go_on.set()
            if kept:
                assert [each.outcome for each in told if isinstance(each, Receipt)] == ["spooled"] * 2
                eventually(lambda: feed(runtime) >= 0 and ids(runtime.engine) == ["m1", "m2"], "both are in line")
            else:
                assert [type(each) for each in told] == [NotDurableError] * 2

    def test_a_server_that_has_frozen_is_not_waited_for(
        self, tmp_path: Path, postgresql_databases: Databases, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runtime = runtime_of(tmp_path / "var", postgresql_databases.create(), redis_url)
        open_line(runtime.engine)
        runtime.lock_wait_ms = 1
        go_on, over = Event(), Event()

        def frozen(engine: Engine, arrivals: Sequence[ReadyText]) -> list[Receipt | Exception]:
            go_on.wait(60)
            try:
                return accept_all(engine, arrivals)
            finally:
                over.set()

        monkeypatch.setattr("worker.line.intake.accept_all", frozen)
        assert send(client_of(runtime), "m1") == 200
        assert not over.is_set()
        go_on.set()
        assert over.wait(60)
        # It got into line after all; what the spool holds is a silent repeat.
        assert (ids(runtime.engine), feed(runtime), ids(runtime.engine)) == (["m1"], 1, ["m1"])
        runtime.close()
