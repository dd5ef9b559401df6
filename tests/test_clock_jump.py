"""One bad clock: commands refuse to write its time, texts are taken, and a line that is ahead of its clock is named."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from tests.infrastructure.serving import AGENT, client_of, database_away, open_line, post, runtime_of, sandbox_request
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.clock import utc_now
from worker.decide.decider import decide_site
from worker.decide.set_up import put, site_named
from worker.line import door, second_opinion
from worker.processes.feeder import Feeder
from worker.runtime import Runtime
from worker.store.schema import claims, decisions, inbox, sites

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


WANG, MANAGER = "+8613900000021", "+8613800000001"
PEOPLE = [{"name": "李四", "phone": AGENT, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]


def text(runtime: Runtime, words: str, sender: str = AGENT, **more: str) -> str:
    """Let a text come in at the real door and be decided; return the code of its outcome."""
    request = sandbox_request(From=sender, Body=words, **more)
    assert post(client_of(runtime), "/gateways/sandbox/messages", request).status_code == 200
    while decide_site(runtime.engine, 1).more:
        pass
    with runtime.engine.connect() as connection:
        return str(connection.execute(select(decisions.c.code).order_by(decisions.c.seq.desc())).scalars().first())


def test_a_claim_that_lapsed_only_by_the_jump_is_contested_until_somebody_decides(
    runtime: Runtime, jump: Jump, tmp_path: Path
) -> None:
    site = site_named(runtime.engine, "翡翠湾")
    put(runtime.engine, site, "staff", {MANAGER: "manager"})
    put(runtime.engine, site, "roster", {"people": PEOPLE})
    assert text(runtime, "报备 张三 138****5678 李四") == "accepted"
    if runtime.engine.dialect.name == "sqlite":
        jump(TEN_DAYS)
        text(runtime, "查 R1")
        jump(timedelta())
    else:  # The server's clock is nobody's to set here, but the line keeps whatever it once said.
        with runtime.engine.begin() as connection:
            connection.execute(sites.update().values(last_received_at=utc_now() + TEN_DAYS))
    assert text(runtime, "报备 张三 138****5678 王五", WANG) == "contested"
    with runtime.engine.connect() as connection:
        held = {row.number: row for row in connection.execute(select(claims))}
        noted = connection.execute(select(inbox.c.payload).order_by(inbox.c.seq.desc())).scalars().first()
    assert noted is not None
    assert TEN_DAYS - timedelta(seconds=noted["ahead"]) < timedelta(minutes=1)
    # What it had left by the other clock, counted on from the line's time, to the second.
    assert timedelta(0) <= held[1].reported_at + timedelta(days=7) + TEN_DAYS - held[1].ends_at < timedelta(minutes=1)
    assert held[2].ends_at == held[1].ends_at
    assert ({"clock", "contested"} <= set(held[1].flags), held[2].state) == (True, "contested")
    # It can be computed again, and played; and explain says why.
    assert run("audit").exit_code == 0
    exported = run("register", "--output", str(tmp_path / "case.txt"), "--format", "scenario", "R1")
    assert exported.exit_code == 0, exported.output
    assert " clock=" in (tmp_path / "case.txt").read_text("utf-8")
    played = run("rehearse", str(tmp_path / "case.txt"))
    assert played.exit_code == 0, played.output
    assert "时钟" in run("explain", "R1").output
    assert "R1" in run("register", "--flag", "clock").output


def test_explain_tells_a_jump_whatever_sending_time_the_gateway_states(runtime: Runtime) -> None:
    put(runtime.engine, site_named(runtime.engine, "翡翠湾"), "roster", {"people": PEOPLE})
    assert text(runtime, "报备 张三 138****5678 李四") == "accepted"
    with runtime.engine.begin() as connection:
        connection.execute(sites.update().values(last_received_at=utc_now() + TEN_DAYS))
    sent = utc_now().isoformat()
    assert text(runtime, "报备 张三 138****5678 王五", WANG, SentAt=sent) == "contested"
    told = [item["code"] for item in json.loads(run("explain", "R1", "--json").output)["story"]]
    assert told == ["report.accepted", "report.contested_by_clock"]


def test_a_claim_that_lapsed_by_both_clocks_is_anybodys(runtime: Runtime) -> None:
    put(runtime.engine, site_named(runtime.engine, "翡翠湾"), "roster", {"people": PEOPLE})
    assert text(runtime, "报备 张三 138****5678 李四") == "accepted"
    with runtime.engine.begin() as connection:
        connection.execute(sites.update().values(last_received_at=utc_now() + TEN_DAYS))
        connection.execute(claims.update().values(ends_at=utc_now() - timedelta(seconds=1)))
    assert text(runtime, "报备 张三 138****5678 王五", WANG) == "accepted"


def send_stated(runtime: Runtime, *apart: timedelta) -> None:
    for each in apart:
        request = sandbox_request(SentAt=(utc_now() - each).isoformat())
        assert post(client_of(runtime), "/gateways/sandbox/messages", request).status_code == 200


def apart(runtime: Runtime) -> list[dict[str, int | str]]:
    return [alarm.detail for alarm in alarms(runtime.engine, utc_now()) if alarm.code == "clocks_apart"]


@pytest.mark.parametrize("by", [timedelta(minutes=5), timedelta(minutes=-5)], ids=["later", "earlier"])
def test_a_gateways_times_that_contradict_the_lines_are_told_until_they_agree(runtime: Runtime, by: timedelta) -> None:
    send_stated(runtime, by, by)
    assert apart(runtime) == []  # One text may have been long on its way.
    send_stated(runtime, by)
    (detail,) = apart(runtime)
    assert detail == {"site": 1, "gateway": "sandbox", "minutes": detail["minutes"]}
    assert detail["minutes"] in (4, 5)
    assert "gateway sandbox says" in run("doctor").output
    send_stated(runtime, timedelta())
    assert apart(runtime) == []


@pytest.mark.parametrize("times", [(5, 5, 1), (5, -5, 5), (1, 1, -1)])
def test_times_that_agree_or_differ_either_way_contradict_nothing(runtime: Runtime, times: tuple[int, ...]) -> None:
    send_stated(runtime, *(timedelta(minutes=each) for each in times))
    assert apart(runtime) == []


def test_texts_that_waited_in_a_file_say_nothing_of_clocks(runtime: Runtime, tmp_path: Path) -> None:
    with database_away(runtime, tmp_path):
        send_stated(runtime, *[timedelta(minutes=5)] * 3)
    assert len(runtime.spool.waiting()) == 3
    Feeder(runtime.engine, runtime.spool, lambda _: None).feed()
    assert (runtime.spool.waiting(), apart(runtime)) == ([], [])
