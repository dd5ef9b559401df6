"""What an arrival marks a report with, and what not: no scenario can say that a flag is absent (R4, R6, R10)."""

import pytest

from worker.rules.attribution import Answer
from worker.rules.client import Client
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage

SITE = """lenient
site 湾 number=+8613800000000 manager=+8613800000001 consultant=+8613800000002
policy min_lead=0
unit 业务部 kind=own
agent 李四 +8613900000011 链家
agent 陈明 +8613900000031 业务部
"""
REPORT = "2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 李四\n"


def answer_after(lines: str) -> Answer:
    stage, scenario = MemoryStage(), read_scenario(SITE + lines)
    assert rehearse(scenario, stage) == []
    last = scenario.lines[-1].at
    assert last is not None
    return stage.owner("湾", Client("张三", "138", "5678"), last)


@pytest.mark.parametrize(
    ("arrived", "flagged"),
    [("10:29:59", True), ("10:30:00", False), ("11:00:00 10:29", True), ("11:00:00 10:30", False)],
)
def test_a_lead_of_less_than_thirty_minutes_is_short(arrived: str, flagged: bool) -> None:
    received, _, typed = arrived.partition(" ")
    answer = answer_after(REPORT + f"2026-11-02 {received} +8613900000011 > 到访 张三 138****5678 {typed}\n")
    assert ("short_lead" in answer.flags) is flagged


def test_the_site_says_how_short_a_lead_is() -> None:
    policy = "2026-11-02 10:00:00 policy short_lead_minutes=60\n"
    answer = answer_after(REPORT + policy + "2026-11-02 10:59:59 +8613900000011 > 到访 张三 138****5678\n")
    assert "short_lead" in answer.flags


def test_a_group_that_is_entered_as_it_arrives_has_no_short_lead() -> None:
    entry = "2026-11-02 14:35:00 +8613800000001 > 团报 陈明\\n张三 138****5678\\n李梅 139****2233\n"
    answer = answer_after(entry + "2026-11-02 14:36:00 +8613900000031 > 到访 张三 138****5678 14:30\n")
    assert (answer.unit, answer.flags) == ("业务部", ())


def test_a_walk_in_before_his_report_counts_is_no_dispute() -> None:
    policy = "2026-11-02 10:00:00 policy min_lead=60\n"
    answer = answer_after(REPORT + policy + "2026-11-02 10:30:00 +8613800000002 form 到访 张三 138****5678\n")
    assert (answer.unit, answer.flags) == ("walkin", ())
