"""`baobei explain`: a paragraph that a manager can read out, and the same as JSON; now and at a past moment."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, update

from tests.story import LI, NUMBER, WANG, play
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.base import Inbound
from worker.line.door import PROGRAM, Entry, accept, enter
from worker.rules.client import Client
from worker.rules.model import Alias, Claim, Deal, Dispute, FollowUp, Kin, ReportRow, Site, Visit
from worker.rules.state import State
from worker.rules.states import Side
from worker.rules.story import TELLERS, case_of, story
from worker.rules.values import Opinion, Paper, Party, Signature
from worker.store.schema import inbox
from worker.words.story import _catalogue, told


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def explained(*words: str) -> dict[str, Any]:
    result = run("explain", *words, "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.output)
    return said


def test_whose_why_by_which_facts_and_until_when(engine: Engine) -> None:
    play(engine)
    result = run("explain", "R1", "--at", "2026-11-05 09:00")
    assert result.exit_code == 0
    assert result.output == (
        "2026-11-05 09:00:00，湾：张三 138****5678是链家（李四）的客户，有效至2026-11-11 10:00:00。"
        "依据：R9（持续跟进可续报）、R7（自首次报备起有效，重复报备不顺延）、R11（位次在先者得）。所据登记：R1。"
        "经过：第6位，2026-11-02 10:00:00，链家（李四）报备张三，登记为R1；"
        "第7位，2026-11-02 10:00:05，贝壳（王五）报备张三，位次在后，未予登记；"
        "第8位，2026-11-02 10:01:00，贝壳（王五）报备张四，与R1同号不同名，暂登记为R2，待核实；"
        "第15位，2026-11-04 10:00:00，链家（李四）续报，R1保留原位，重新起算。\n"
    )


def test_when_a_client_is_expected_is_told_as_it_was_told_last(engine: Engine) -> None:
    site = open_site(
        engine,
        "湾",
        NUMBER,
        {"manager": ["+8613800000001"]},
        "sandbox",
        clock=lambda: datetime(2026, 11, 2, 1, tzinfo=UTC),
    )
    people = {"people": [{"name": "李四", "phone": LI, "unit": "链家", "kind": "distributor"}]}
    put(engine, site, "roster", people, lambda: datetime(2026, 11, 2, 1, tzinfo=UTC))
    for hour, said in ((2, "今天14:30到"), (3, "明天下午到")):
        words, at = f"报备 张三 138****5678 {said}", datetime(2026, 11, 2, hour, tzinfo=UTC)
        accept(engine, Inbound("sandbox", said, LI, NUMBER, words), lambda at=at: at)  # type: ignore[misc]
        decide_site(engine, site.id, clock=lambda at=at: at)  # type: ignore[misc]
    before = run("explain", "R1", "--at", "2026-11-02 10:30").output
    after = run("explain", "R1", "--at", "2026-11-02 11:30").output
    assert "登记为R1；第3位，2026-11-02 10:00:00，R1预计2026-11-02 14:30到访。" in before
    assert "第4位，2026-11-02 11:00:00，R1预计2026-11-03下午到访。" in after
    assert "14:30" not in after


def test_json_says_the_same(engine: Engine) -> None:
    play(engine)
    said = explained("张三", "138****5678", "--at", "2026-11-05T09:00:00+08:00")
    assert said["owner"] == {"unit": "链家", "agent": "李四"}
    assert (said["rules"], said["facts"], said["flags"]) == (["R9", "R7", "R11"], ["R1"], [])
    assert said["until"] == "2026-11-11T02:00:00+00:00"
    assert [(item["place"], item["code"]) for item in said["story"]] == [
        (6, "report.accepted"),
        (7, "report.duplicate_other"),
        (8, "report.suspected"),
        (15, "report.renewed"),
    ]
    assert said["text"] == run("explain", "R1", "--at", "2026-11-05 09:00:00").output.strip()


def test_a_past_moment_gets_the_answer_of_that_moment(engine: Engine) -> None:
    play(engine)
    before = explained("R1", "--at", "2026-11-02 10:00:04")
    assert (before["rules"], before["until"]) == (["R7"], "2026-11-09T02:00:00+00:00")
    assert len(before["story"]) == 1
    held = explained("R4", "--at", "2026-11-03 10:00:59")
    given_up = explained("R4", "--at", "2026-11-03 10:01:00")
    assert (held["owner"], given_up["owner"]) == ({"unit": "链家", "agent": "李四"}, None)
    over = explained("R1", "--at", "2026-11-11 10:00:00")
    assert (over["owner"], over["rules"], over["story"][-1]["code"]) == (None, ["R8"], "claim.expired")


def test_a_past_moment_behind_a_seal_can_still_be_asked_about(engine: Engine) -> None:
    play(engine)
    run("audit", "--seal")
    asked = ("R1", "--at", "2026-11-06 16:00")
    before = explained(*asked)
    later = datetime(2026, 11, 7, tzinfo=UTC)
    seq = accept(engine, Inbound("sandbox", "later", LI, NUMBER, "撤 R1"), lambda: later).seq
    decide_site(engine, 1)
    with engine.begin() as connection:
        erased = {"text": "", "body": b"", "salt": "", "payload": None}
        connection.execute(update(inbox).where(inbox.c.seq < seq).values(erased))
    assert explained(*asked) == before
    refused = run("explain", "R1", "--at", "2026-11-02 10:00:04")
    assert refused.exit_code == 1
    assert "erased" in refused.output


def test_nobody_and_nothing_known_are_sentences(engine: Engine) -> None:
    assert run("explain", "R1").exit_code == 1
    play(engine)
    for words, code, part in (
        (("R99",), 1, "no registration R99"),
        (("R1", "--at", "2026-11-02 09:59"), 1, "no registration R1"),
        (("周舟", "138****5678"), 1, "Nobody had reported 周舟 138****5678"),
        (("张三",), 2, "write R1024"),
        (("R1", "--at", "yesterday"), 2, "no time"),
        (("R1", "--site", "海"), 2, "海"),
    ):
        result = run("explain", *words)
        assert (result.exit_code, "Traceback" in result.output) == (code, False)
        assert part in result.output
    open_site(engine, "海", "+8613700000000", {"manager": ["+8613800000001"]}, "sandbox")
    several = run("explain", "R1")
    assert several.exit_code == 2
    assert "--site" in several.output
    assert run("explain", "R1", "--site", "湾", "--at", LATER).exit_code == 0


def test_the_words_are_the_sites_language(engine: Engine) -> None:
    play(engine)
    assert run("site", "policy", "湾", "language=en").exit_code == 0
    assert "belongs to nobody. By R8 (unvisited at the end it is public)" in run("explain", "R1", "--at", LATER).output


LATER = "2099-01-01 00:00"
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def whole_regime() -> State:
    """Return a state in which something of every kind has happened to one client."""
    reported = AT - 100 * HOUR
    state = State(Site(name="湾"))
    claim = Claim(1, 3, 0, "张三", "张三", "138", "5678", "链家", "李四", LI, LI, reported, reported + 168 * HOUR)
    claim = replace(claim, planned_day=date(2026, 11, 17), planned_part="afternoon", planned_seq=3)
    form = {"opened_at": reported + HOUR, "arrived_at": reported + HOUR, "day": date(2026, 11, 16), "agent_phone": LI}
    who = {
        "client": "张三",
        "first3": "138",
        "last4": "5678",
        "claim": 1,
        "unit": "链家",
        "agent": "李四",
        "opener": LI,
    }
    said, signed = reported + 3 * HOUR, {"agent": Signature(LI, reported + 2 * HOUR, 7, "李四")}
    facts = [
        claim,
        FollowUp(4, 0, 1, reported + HOUR, LI, "agent"),
        Visit(1, 5, kind="led", state="open", mismatch=("number",), **form, **who),  # type: ignore[arg-type]
        Visit(2, 6, kind="led", state="confirmed", closed_at=AT, signatures=signed, **form, **who),  # type: ignore[arg-type]
        Deal(1, 8, AT + 999 * HOUR, "链家", "李四", "", "", (), (), date(2026, 11, 18), reported + 2 * HOUR),
        Dispute(
            1, 9, reported + 3 * HOUR, 1, "张三", "138", "5678",
            parties=(Party(Side.OBJECTOR, "贝壳", "王五", LI, said, 9, "我的"),),
            papers=(Paper("贝壳", "短信", "我的", LI, said, 9, counted=False, late=False),),
            opinions=(Opinion("我的", LI, said, 9, late=False),),
        ),
        Kin(10, reported + 4 * HOUR, "张三", "138", "5678", "李梅", "139", "2233", "夫妻", "", proved=False),
        Alias("138", "5670", 1, 11, reported + 5 * HOUR, "签字"),
    ]  # fmt: skip
    state.load(facts)  # type: ignore[arg-type]
    return state


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_fact_is_told_in_words(language: str) -> None:
    state = whole_regime()
    state.load([Site(name="湾", language=language)])
    row = ReportRow(3, 0, AT - 100 * HOUR, "accepted", ("R7",), 1, "张三", "138", "5678", "链家", "李四", LI)
    case = case_of(state, Client("张三", "138", "5678"), AT, [row])
    codes = [item.code for item in story(case)]
    assert codes == [
        "report.accepted",
        "planned",
        "followed.agent",
        "visit.mismatch",
        "visit.led",
        "deal.deposit",
        "dispute.party",
        "dispute.uncounted",
        "dispute.opinion",
        "family.claimed",
        "alias",
        "visit.void",
        "visit.confirmed",
    ]
    words = _catalogue(language)["item"]
    assert {code for code in codes if code not in words} == set()
    paragraph = told(case)
    assert "{" not in paragraph
    assert "number" not in paragraph or language == "en"
    assert "D1" in paragraph
    assert {"zh": "R1预计2026-11-17下午到访", "en": "expected on 2026-11-17 in the afternoon"}[language] in paragraph
    assert "V2" in paragraph


def test_both_languages_say_the_same_things() -> None:
    one, other = _catalogue("zh"), _catalogue("en")
    assert {kind: one[kind].keys() for kind in one} == {kind: other[kind].keys() for kind in other}
    assert len(TELLERS) == len(set(TELLERS))


def test_a_walk_in_is_the_sites_own() -> None:
    state = State(Site(name="湾"))
    state.load([Claim(-3, 3, 0, "张三", "张三", "138", "5678", "walkin", "", "", WANG, AT, AT + 720 * HOUR, "walkin")])
    assert told(case_of(state, Client("张三", "138", "5678"), AT)).startswith(
        "2026-11-20 10:00:00，湾：张三 138****5678是案场的现场客"
    )


def test_a_corrected_number_is_told_whichever_is_asked_about(engine: Engine) -> None:
    at = datetime(2026, 11, 2, 1, tzinfo=UTC)
    site = open_site(engine, "湾", NUMBER, {"manager": ["+8613800000001"]}, "sandbox", clock=lambda: at)
    people = {"people": [{"name": "李四", "phone": LI, "unit": "链家", "kind": "distributor"}]}
    put(engine, site, "roster", people, lambda: at)
    for sender, words in ((LI, "报备 张三 138****5678"), ("+8613800000001", "更正 R1 139****1111 客户签字")):
        enter(engine, site.id, Entry("form", PROGRAM, words, sender, words), lambda: at)
        decide_site(engine, site.id, clock=lambda: at)
    answers = {run("explain", *asked, "--at", "2026-11-02 10:00").output for asked in (
        ("R1",), ("张三", "138****5678"), ("张三", "139****1111")
    )}  # fmt: skip
    (told_of_him,) = answers
    assert "张三 139****1111是链家（李四）的客户" in told_of_him
    assert "链家（李四）报备张三，登记为R1" in told_of_him
    assert "R1号码由138****5678更正为139****1111（客户签字）" in told_of_him
