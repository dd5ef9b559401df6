"""L26: a message that raises while it is decided ends as `undecidable`; those behind it go on, and so can it, again."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from parsers.message import Meaning
from tests.folding import assert_folded
from tests.infrastructure.deciding import LI, MANAGER, WANG, staffed_site
from tests.infrastructure.serving import runtime_of
from tests.infrastructure.visiting import enrol, visitor
from webhook.app import create_app
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.clock import utc_now
from worker.decide import fold
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, put
from worker.gateways.base import Inbound
from worker.line.door import PROGRAM, Entry, accept, enter
from worker.readers import replay
from worker.rules import decide as rules
from worker.rules.model import Alias, Claim, Site
from worker.rules.state import State
from worker.rules.states import ClaimState
from worker.runtime import Runtime
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage
from worker.store.schema import claims, cursors, decisions, inbox, replies, reports

AT = datetime(2026, 11, 2, 1, tzinfo=UTC)
ABROAD, STRANGER = "+14155550100", "+8613900000099"
BOOM = "报备 张三 138****5678 李四"


class Line:
    """A site's line on a database, with a clock that goes a minute a message."""

    def __init__(self, runtime: Runtime) -> None:
        # Of late: the command goes by the clock of this machine, and a text of a week ago has expired.
        self.runtime, self.now = runtime, utc_now() - timedelta(hours=1)
        self.site: SiteRow = staffed_site(runtime, self.clock)

    def clock(self) -> datetime:
        return self.now

    def text(self, sender: str, words: str, sent_at: datetime | None = None) -> int:
        """Put a text in line, undecided, and return its place."""
        self.now += timedelta(minutes=1)
        inbound = Inbound("sandbox", f"t{self.now.timestamp()}", sender, self.site.number, words, sent_at)
        receipt = accept(self.runtime.engine, inbound, self.clock)
        assert receipt.seq is not None
        return receipt.seq

    def decide(self) -> None:
        while decide_site(self.runtime.engine, self.site.id, clock=self.clock).more:
            pass

    def codes(self) -> dict[int, str]:
        query = select(decisions.c.seq, decisions.c.code).where(decisions.c.site_id == self.site.id)
        return {row.seq: row.code for row in self.rows(query)}

    def said(self, seq: int) -> list[tuple[str, str, str]]:
        query = select(replies).where(replies.c.cause == f"m:{seq}").order_by(replies.c.id)
        return [(row.recipient, row.code, row.words) for row in self.rows(query)]

    def rows(self, query: Any) -> list[Any]:
        with self.runtime.engine.connect() as connection:
            return list(connection.execute(query))


@pytest.fixture
def line(database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    runtime = runtime_of(tmp_path, database_url, redis_url)
    line = Line(runtime)
    runtime.clock = line.clock
    line.decide()
    yield line
    runtime.close()


Broken = Callable[[Exception], None]


@pytest.fixture(params=["reading", "deciding", "saying"])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Return what breaks the program for BOOM alone: when it is read, behind its registration, or in its words."""

    def break_it(error: Exception) -> None:
        if request.param == "reading":
            break_reading(monkeypatch, error)
        elif request.param == "deciding":
            break_deciding(monkeypatch, error)
        else:
            break_saying(monkeypatch, error)

    return break_it


def break_reading(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = rules.parse

    def parse(text: str, **more: Any) -> Meaning:
        if text == BOOM:
            raise error
        return real(text, **more)

    rules._meaning.cache_clear()
    monkeypatch.setattr(rules, "parse", parse)


def break_deciding(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = rules.plan_daily

    def plan_daily(turn: Any, *rest: Any) -> None:
        if turn.message.text == BOOM:
            raise error
        real(turn, *rest)

    monkeypatch.setattr(rules, "plan_daily", plan_daily)


def break_saying(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = fold.render

    def render(setting: Any, code: str, role: str, params: Any) -> str:
        if params.get("client") == "张三" and code in ("accepted", "new_report"):
            raise error
        return str(real(setting, code, role, params))

    monkeypatch.setattr(fold, "render", render)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_it_is_recorded_without_facts_and_the_line_goes_on(line: Line, broken: Broken, caplog: Any) -> None:
    broken(LookupError("a text may stand in this message"))
    before, bad, behind = line.text(WANG, "查 R1"), line.text(LI, BOOM), line.text(WANG, "报备 李梅 139****2233 王五")
    with caplog.at_level(logging.ERROR):
        line.decide()
    codes = line.codes()
    assert [codes[before], codes[bad], codes[behind]] == ["refused_not_found", "undecidable", "accepted"]
    assert line.said(bad) == [
        (LI, "undecidable", "这条短信暂不能处理，已告知案场"),
        (MANAGER, "undecidable", f"李四的短信(第{bad}条)暂不能处理，请告知系统管理员"),
    ]
    assert line.rows(select(reports.c.seq)) == [(behind,)]
    # It has taken no number, and left nothing of a registration behind.
    assert line.rows(select(claims.c.number, claims.c.client)) == [(1, "李梅")]
    [told] = [record for record in caplog.records if record.message == "undecidable"]
    assert (told.fields["seq"], told.fields["error"]) == (bad, "LookupError")
    assert "a text may stand" not in caplog.text


def test_an_audit_accepts_it_while_the_program_is_still_broken(line: Line, broken: Broken) -> None:
    broken(TypeError())
    line.text(LI, BOOM)
    line.text(WANG, "报备 李梅 139****2233 王五")
    line.decide()
    result = run("audit")
    assert result.exit_code == 0, result.output


def test_an_audit_accepts_it_when_the_program_is_mended(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        break_deciding(patch, TypeError())
        line.text(LI, BOOM)
        line.text(WANG, "报备 李梅 139****2233 王五")
        line.decide()
    result = run("audit", "--seal")
    assert result.exit_code == 0, result.output
    assert run("audit", "--since-seal").exit_code == 0
    early = (line.now - timedelta(seconds=30)).isoformat()
    assert "Nobody had reported" in run("explain", "--at", early, "李梅", "139****2233").output
    assert "R1" in run("explain", "李梅", "139****2233").output
    assert "Nobody had reported" in run("explain", "张三", "138****5678").output


def test_what_was_decided_and_cannot_be_any_more_is_a_fault_of_the_audit(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = line.text(LI, BOOM)
    line.decide()
    break_deciding(monkeypatch, TypeError())
    assert f"place {bad}: this message can no longer be decided (TypeError)" in run("audit").output


def test_whoever_marks_a_decision_as_undecidable_is_found(line: Line) -> None:
    bad = line.text(LI, BOOM)
    line.decide()
    with line.runtime.engine.begin() as connection:
        connection.execute(update(decisions).where(decisions.c.seq == bad).values(code="undecidable"))
    result = run("audit")
    assert result.exit_code == 1
    assert "the chain of hashes breaks here" in result.output
    assert "claims, R1: the line gives no such row" in result.output


class Interrupted(Exception):
    """What RQ raises into a job that lasts too long."""


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError("disk"), Interrupted()], ids=lambda error: type(error).__name__
)
def test_what_the_machine_raises_is_tried_again(line: Line, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    bad = line.text(LI, BOOM)
    with monkeypatch.context() as patch:
        break_deciding(patch, error)
        with pytest.raises(type(error)):
            line.decide()
        assert bad not in line.codes()
    line.decide()
    assert line.codes()[bad] == "accepted"


def test_what_the_database_raises_is_tried_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = line.text(LI, BOOM)

    def refuse(*_: Any) -> None:
        raise OperationalError("insert", {}, ValueError())

    with monkeypatch.context() as patch:
        patch.setattr("worker.decide.decider.save", refuse)
        with pytest.raises(OperationalError):
            line.decide()
    line.decide()
    assert line.codes()[bad] == "accepted"
    assert_folded(line.runtime.engine, line.site.id)


def test_nobody_abroad_is_told_and_no_echo(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(monkeypatch, ValueError())
    abroad, stranger = line.text(ABROAD, BOOM), line.text(STRANGER, BOOM)
    line.decide()
    assert [who for who, _, _ in line.said(abroad)] == [MANAGER]
    assert [who for who, _, _ in line.said(stranger)] == [STRANGER, MANAGER]


def test_a_form_is_told_on_its_page_only(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(monkeypatch, ValueError())
    receipt = enter(line.runtime.engine, line.site.id, Entry("form", "program", "f1", MANAGER, BOOM), line.clock)
    line.decide()
    assert receipt.seq is not None
    assert (line.codes()[receipt.seq], line.said(receipt.seq)) == ("undecidable", [])


def test_a_set_up_message_that_fails_leaves_the_site_as_it_was(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_it(*_: Any) -> None:
        raise KeyError

    [before] = line.rows(select(cursors.c.state))
    with monkeypatch.context() as patch:
        patch.setattr(rules, "decide_setup", break_it)
        put(line.runtime.engine, line.site, "policy", {"renewal": "free"}, line.clock)
        line.decide()
    assert line.rows(select(cursors.c.state)) == [before]
    seq = max(line.codes())
    assert (line.codes()[seq], line.said(seq)) == ("undecidable", [])
    assert run("redecide", f"翡翠湾:{seq}").exit_code == 0
    line.decide()
    assert line.rows(select(cursors.c.state))[0].state["policy"] == {"renewal": "free"}


def test_redecide_gives_it_a_place_of_its_own_and_its_first_receipt(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_deciding(patch, TypeError())
        bad = line.text(LI, BOOM)
        line.decide()
    received_at = line.now
    rival = line.text(WANG, "报备 张三 138****5678 王五")
    line.decide()
    assert [alarm.code for alarm in alarms(line.runtime.engine, line.now)].count("undecidable") == 1
    result = run("redecide", f"{line.site.id}:{bad}")
    assert result.output == f"The message at place {bad} of 翡翠湾 now stands in line again, at place {rival + 1}.\n"
    line.decide()
    [again] = line.rows(select(inbox).where(inbox.c.seq == rival + 1))
    assert (again.kind, again.sender, again.text, again.sent_at) == ("text", LI, BOOM, received_at)
    # R11: an overlap that the first receipt would have won is for a person to settle.
    assert line.codes()[rival + 1] == "contested"
    assert [code for who, code, _ in line.said(rival + 1) if who == LI] == ["contested"]
    assert "undecidable" not in [alarm.code for alarm in alarms(line.runtime.engine, line.now)]
    result = run("redecide", f"翡翠湾:{bad}")
    assert (result.exit_code, "stands already in line again" in result.output) == (0, True)
    assert run("audit").exit_code == 0


def test_redecide_leaves_behind_what_clocks_said_at_the_first_place(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_deciding(patch, TypeError())
        line.now += timedelta(minutes=1)
        inbound = Inbound("sandbox", "ahead", LI, line.site.number, BOOM, line.now - timedelta(minutes=9))
        believed = line.now - timedelta(days=8)
        bad = accept(line.runtime.engine, inbound, line.clock, believed, at_once=True).seq
        line.decide()
    [noted] = line.rows(select(inbox.c.payload).where(inbox.c.seq == bad))
    assert noted.payload == {"ahead": 8 * 24 * 60 * 60, "apart": 9 * 60}
    assert run("redecide", f"翡翠湾:{bad}").exit_code == 0
    [again] = line.rows(select(inbox.c.payload).order_by(inbox.c.seq.desc()).limit(1))
    assert again.payload == {"redecided": bad}


def test_what_fails_again_is_told_to_its_sender_only_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(monkeypatch, TypeError())
    bad = line.text(LI, BOOM)
    received_at = line.now
    line.decide()
    for place in (bad, bad + 1):
        line.now += timedelta(minutes=1)
        assert run("redecide", f"翡翠湾:{place}").exit_code == 0
        line.decide()
    assert [line.codes()[bad + n] for n in (0, 1, 2)] == ["undecidable"] * 3
    assert [who for who, _, _ in line.said(bad + 2)] == [MANAGER]
    assert line.rows(select(inbox.c.sent_at).where(inbox.c.seq == bad + 2)) == [(received_at,)]


def test_only_what_could_not_be_decided_is_decided_again(line: Line) -> None:
    decided = line.text(LI, BOOM)
    line.decide()
    waiting = line.text(LI, BOOM)
    for where, words in (
        (f"翡翠湾:{decided}", "was decided as accepted"),
        (f"翡翠湾:{waiting}", "is not decided yet"),
        ("翡翠湾:999", "no message at place 999"),
    ):
        result = run("redecide", where)
        assert (result.exit_code, words in result.output) == (1, True), result.output
    assert run("redecide", "翡翠湾").exit_code == 2
    assert "There is no site “云栖府”" in run("redecide", "云栖府:1").output


def test_ops_shows_it_with_what_to_do(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        break_deciding(patch, TypeError())
        bad = line.text(LI, BOOM)
        line.decide()
    app = create_app(line.runtime)
    enrol(line.runtime, "周岚", "ops")
    operator = visitor(app, "周岚")
    troubles = operator.get("/ops/parts/troubles").text
    assert f"baobei redecide {line.site.id}:{bad}" in troubles
    assert "报备 张三 138****5678 李四" in troubles
    assert "暂不能处理" in operator.get(f"/ops/texts/{line.site.id}/{bad}").text
    assert run("redecide", f"翡翠湾:{bad}").exit_code == 0
    assert "baobei redecide" not in operator.get("/ops/parts/troubles").text


SCENE = f"""
site 翡翠湾 number=+8613800000000 manager={MANAGER}
agent 李四 {LI} 链家
agent 王五 {WANG} 贝壳
2026-11-02 10:00:00 {LI} > {BOOM}
2026-11-02 10:00:00 {LI} < undecidable *暂不能处理*
2026-11-02 10:00:00 {MANAGER} < undecidable
2026-11-02 10:00:01 owner 张三 138****5678 = nobody
2026-11-02 10:01:00 {WANG} > 报备 张三 138****5678 王五
2026-11-02 10:01:00 {WANG} < accepted R1
2026-11-02 10:01:00 {MANAGER} < new_report
2026-11-02 10:02:00 owner 张三 138****5678 = 贝壳/王五 R7
2026-11-02 10:00:02 owner 张三 138****5678 = nobody
"""


def test_the_stage_in_memory_records_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    break_deciding(monkeypatch, ZeroDivisionError())
    assert rehearse(read_scenario(SCENE), MemoryStage()) == []


def test_a_case_with_one_is_exported_and_played_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = replay.parse

    def parse(text: str, **more: Any) -> Meaning:
        if text == BOOM:
            raise KeyError(text)
        return broken(text, **more)

    with monkeypatch.context() as patch:
        break_reading(patch, KeyError())
        bad = line.text(LI, BOOM)
        line.text(WANG, "报备 张三 138****5678 王五")
        line.decide()
        patch.setattr(replay, "parse", parse)
        exported = run("register", "--site", "翡翠湾", "--format", "scenario", "张三", "138****5678")
        assert exported.exit_code == 0, exported.output
    assert f"{LI} > {BOOM} (could not be decided)" in exported.output
    rules._meaning.cache_clear()
    assert rehearse(read_scenario(exported.output), MemoryStage()) == []
    assert run("redecide", f"翡翠湾:{bad}").exit_code == 0
    line.decide()
    again = run("register", "--site", "翡翠湾", "--format", "scenario", "张三", "138****5678")
    assert rehearse(read_scenario(again.output), MemoryStage()) == []
    assert_folded(line.runtime.engine, line.site.id)


def test_a_form_says_nothing_that_a_database_refuses(line: Line) -> None:
    # PostgreSQL takes no NUL in a text: what a form means goes into tables, and who wrote one held up everybody.
    line.text(LI, BOOM)
    payload = {"form": "withdraw", "means": {"kind": "withdraw", "refs": ["R1"], "words": "不\0买了"}}
    enter(line.runtime.engine, line.site.id, Entry("form", PROGRAM, "form:1:x", MANAGER, "撤 R1 不买了", payload))
    line.decide()
    assert line.codes()[4] == "withdrawn"
    assert [row.ended_for for row in line.rows(select(claims))] == ["不买了"]


def test_what_could_not_be_decided_is_found_under_no_number() -> None:
    state = State(Site(name="湾", number="+8613800000000"))
    claim = Claim(1, 1, 0, "张三", "张三", "138", "5678", "链家", "李四", LI, LI, AT, AT, ClaimState.LIVE)
    state.load([claim])
    state.begin()
    state.put(Alias("138", "5678", 1, 2, AT, "签字"))
    state.put(replace(claim, first3="139", last4="1111"))
    state.take_back()
    assert state.claims_at(("139", "1111")) == []
    assert state.claims_at(("138", "5678")) == [claim]
    assert state.aliases_of(1) == []
