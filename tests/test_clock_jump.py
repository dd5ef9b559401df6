"""One bad clock: commands refuse to write its time, texts are taken, and a line that is ahead of its clock is named."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from tests.infrastructure.serving import client_of, open_line, post, runtime_of, sandbox_request
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.clock import utc_now
from worker.line import door, second_opinion
from worker.runtime import Runtime
from worker.store.schema import inbox, sites

TEN_DAYS = timedelta(days=10)
POLICY = ("site", "policy", "翡翠湾", "report_days=8")
Jump = Callable[[timedelta], None]


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_line(runtime.engine)
    yield runtime
    runtime.close()


@pytest.fixture
def jump(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Return what lets the clock that the line goes by jump ahead of the other one; by nothing: they agree again."""

    def jump(by: timedelta) -> None:
        if runtime.engine.dialect.name == "sqlite":
            monkeypatch.setattr(door, "utc_now", lambda: utc_now() + by)
        else:  # The server's clock is nobody's to set here: seen from it, this machine's is behind.
            monkeypatch.setattr(second_opinion, "utc_now", lambda: utc_now() - by)

    return jump


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def last(runtime: Runtime) -> datetime:
    with runtime.engine.connect() as connection:
        found: datetime = connection.execute(select(sites.c.last_received_at)).scalar_one()
    return found


def test_a_command_under_a_clock_that_jumped_is_refused_and_taken_when_it_is_right(
    runtime: Runtime, jump: Jump
) -> None:
    before = last(runtime)
    # On PostgreSQL the line must lie behind as well: the last message was ten days ago by the server's clock.
    with runtime.engine.begin() as connection:
        connection.execute(sites.update().values(last_received_at=before - TEN_DAYS))
    jump(TEN_DAYS)
    refused = run(*POLICY)
    assert refused.exit_code == 2
    assert "NTP" in refused.output
    assert last(runtime) == before - TEN_DAYS
    jump(timedelta())
    assert run(*POLICY).exit_code == 0
    assert last(runtime) - before < timedelta(days=1)


def test_clocks_that_differ_by_a_minute_hinder_nobody(runtime: Runtime, jump: Jump) -> None:
    jump(timedelta(minutes=1))
    assert run(*POLICY).exit_code == 0


def test_a_text_is_taken_whatever_the_clock_says(runtime: Runtime, jump: Jump) -> None:
    jump(TEN_DAYS)
    assert post(client_of(runtime), "/gateways/sandbox/messages", sandbox_request()).status_code == 200
    with runtime.engine.connect() as connection:
        assert connection.execute(select(inbox.c.kind).order_by(inbox.c.seq.desc())).scalars().first() == "text"


def test_a_line_ahead_of_its_clock_is_named_until_that_has_come(runtime: Runtime) -> None:
    assert [alarm.code for alarm in alarms(runtime.engine, utc_now()) if alarm.code == "line_ahead"] == []
    ahead = last(runtime) + TEN_DAYS
    with runtime.engine.begin() as connection:
        connection.execute(sites.update().values(last_received_at=ahead))
    (alarm,) = [each for each in alarms(runtime.engine, utc_now()) if each.code == "line_ahead"]
    assert alarm.scope == "site:1"
    assert "NTP" in alarm.sentence
    assert "line_ahead" in client_of(runtime).get("/readyz").json["degraded"]
    assert "ahead of this machine's clock" in run("doctor").output
    # It is no reason to refuse what is right: nobody could set up the site for ten days.
    assert run(*POLICY).exit_code == 0
    assert [each for each in alarms(runtime.engine, ahead) if each.code == "line_ahead"] == []


def test_a_clock_that_was_set_anew_is_believed_after_a_day(
    runtime: Runtime, jump: Jump, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime.engine.dialect.name != "sqlite":
        return  # There two clocks go on beside each other, and it is for people to say which is right.
    jump(TEN_DAYS)
    assert run(*POLICY).exit_code == 2
    here = second_opinion.running()
    assert here is not None
    later = second_opinion.Running(here.boot, here.up + timedelta(days=1, minutes=1))
    monkeypatch.setattr(second_opinion, "running", lambda: later)
    assert run(*POLICY).exit_code == 0


def test_a_clock_that_jumped_is_alarmed_while_it_is_wrong(runtime: Runtime, jump: Jump) -> None:
    if runtime.engine.dialect.name != "sqlite":
        return  # There the line is ahead of this machine's clock, which is an alarm of its own.
    jump(TEN_DAYS)
    assert post(client_of(runtime), "/gateways/sandbox/messages", sandbox_request()).status_code == 200
    (alarm,) = [each for each in alarms(runtime.engine, utc_now() + TEN_DAYS) if each.code == "clock_ahead"]
    assert "NTP" in alarm.sentence
    assert alarm.detail["minutes"] in (14399, 14400)
    jump(timedelta())
    assert [each for each in alarms(runtime.engine, utc_now()) if each.code == "clock_ahead"] == []
