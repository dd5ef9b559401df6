"""Readings that are not sure: registered and asked back, confirmed, amended, checked by a person (R2b; L21–L24).

A text here that ends in “??” is read without it, and unsurely: what the rules make of that does not hang on which texts
the reader doubts.
"""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parsers.message import Command, Intent, Meaning, ReportText, Unknown, clients_named
from tests.histories import HOUR, MANAGER, PEOPLE, QIAN, SITE, START, Step, line_of
from worker.rules.client import Client
from worker.rules.decide import decide, read
from worker.rules.first_text import stands_in
from worker.rules.model import Decision, Message
from worker.rules.state import State
from worker.rules.story import case_of, story
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage
from worker.words.story import told

DOUBT = "??"
MINUTE = timedelta(minutes=1)


def doubting(state: State, message: Message) -> Meaning:
    """Read a text as the parser does; what ends in DOUBT is unsure, and what begins with it may be no report at all."""
    parsed = read(state, replace(message, text=message.text.strip("? ")))
    unsure = tuple(replace(report, sure=False) for report in clients_named(parsed))
    if message.text.startswith(DOUBT):
        return Unknown("not_a_report", unsure)
    if message.text.startswith("另报"):
        return replace(read(state, replace(message, text=message.text.removeprefix("另报"))), intent=Intent.ANOTHER)
    if message.text.startswith("打错了"):
        return replace(
            read(state, replace(message, text=message.text.removeprefix("打错了"))), intent=Intent.CORRECTION
        )
    if message.text.startswith("别名 "):
        return Command("alias", words=message.text.removeprefix("别名 "))
    doubtful = isinstance(parsed, ReportText) and message.text.endswith(DOUBT)
    return replace(parsed, reports=unsure, sure=False) if doubtful else parsed


HEAD = """\
site 湾 number=+8613800000000 manager=+8613800000001
policy notify=each reminder_hours=0 quiet_hours=off confirm_acts=off
agent 钱进 +8613900000011 链家
agent 周涛 +8613900000012 链家
agent 王五 +8613900000021 贝壳
"""
STRANGER = "+8613900000099"


def broken(lines: str) -> list[Any]:
    return rehearse(read_scenario(HEAD + lines), MemoryStage(doubting))


PLAYED = {
    "it is registered at once, and asked back; the manager sees that it is unsure": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1 请核对*张三138****5678*钱进*10分钟内重发*“是”
2026-11-02 10:00:00 +8613800000001 < new_report R1 新报备(待核对)*
2026-11-02 10:00:00 owner 张三 138****5678 = 链家/钱进 R7 flag=unsure
""",
    "是 confirms it within the window, and 确认 does not": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:09:00 +8613900000011 > 确认
2026-11-02 10:09:10 +8613900000011 > 我确认了
2026-11-02 10:09:10 owner 张三 138****5678 = 链家/钱进 flag=unsure
2026-11-02 10:10:00 +8613900000011 > 是。
2026-11-02 10:10:00 +8613900000011 < accepted R1
2026-11-02 10:10:01 +8613900000011 > 对
2026-11-02 10:10:02 +8613900000099 > 是
""",
    "after the window 是 is courtesy, and the first reading holds": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:10:01 +8613900000011 > 是的
2026-11-02 10:10:01 owner 张三 138****5678 = 链家/钱进 flag=unsure
2026-11-02 10:20:00 +8613800000001 > 判 R1 有效
2026-11-02 10:20:00 +8613800000001 < settled R1 已核对*
2026-11-02 10:20:01 +8613800000001 > 判 R1 有效
2026-11-02 10:20:01 +8613800000001 < refused_not_found
""",
    "of several the newest is meant": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 报备 李梅 139****2233 ??
2026-11-02 10:01:00 +8613900000011 < check_reading R2
2026-11-02 10:01:00 +8613800000001 < new_report R2
2026-11-02 10:02:00 +8613900000011 > 是
2026-11-02 10:02:00 +8613900000011 < accepted R2
2026-11-02 10:03:00 +8613900000011 > 是
2026-11-02 10:03:00 +8613900000011 < accepted R1
""",
    "what is said again surely is confirmed; what is said again unsurely is a repeat": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:01:00 +8613900000011 < duplicate_own R1
2026-11-02 10:01:00 owner 张三 138****5678 = 链家/钱进 flag=unsure
2026-11-02 10:02:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:02:00 +8613900000011 < amended R1
2026-11-02 10:02:00 +8613800000001 < amended R1
2026-11-02 10:03:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:03:00 +8613900000011 < duplicate_own R1
""",
    "what is only confirmed is none of the three amendments": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:01:00 +8613900000011 < amended R1
2026-11-02 10:01:00 +8613800000001 < amended R1
2026-11-02 10:02:00 +8613900000011 > 报备 张珊 138****5678
2026-11-02 10:02:00 +8613900000011 < amended R1
2026-11-02 10:02:00 +8613800000001 < amended R1
2026-11-02 10:03:00 +8613900000011 > 报备 章珊 138****5678
2026-11-02 10:03:00 +8613900000011 < amended R1
2026-11-02 10:03:00 +8613800000001 < amended R1
2026-11-02 10:04:00 +8613900000011 > 报备 章三 138****5678
2026-11-02 10:04:00 +8613900000011 < amended R1
2026-11-02 10:04:00 +8613800000001 < amended R1
2026-11-02 10:05:00 +8613900000011 > 报备 蒋三 138****5678
2026-11-02 10:05:00 +8613900000011 < accepted R2
2026-11-02 10:05:00 +8613800000001 < new_report R2
""",
    "of an unsure reading any whole word may have been missed; of one that its sender confirmed none": """
2026-11-02 10:00:00 +8613900000011 > 报备 李雷 138****5678 钱进 备注：韩梅、王芳、刘洋 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000021 > 报备 韩梅 138****5678
2026-11-02 10:01:00 +8613900000021 < suspected R2
2026-11-02 10:01:00 +8613800000001 < suspected R2
2026-11-02 10:02:00 +8613900000011 > 报备 韩梅 138****5678
2026-11-02 10:02:00 +8613900000011 < amended R1
2026-11-02 10:02:00 +8613800000001 < amended R1
2026-11-02 10:02:00 owner 韩梅 138****5678 = 链家/钱进
2026-11-02 11:00:00 +8613900000011 > 报备 李雷 139****5678 钱进 备注：韩梅、王芳、刘洋 ??
2026-11-02 11:00:00 +8613900000011 < check_reading R3
2026-11-02 11:00:00 +8613800000001 < new_report R3
2026-11-02 11:00:30 +8613900000011 > 是
2026-11-02 11:00:30 +8613900000011 < accepted R3
2026-11-02 11:01:00 +8613900000021 > 报备 韩梅 139****5678
2026-11-02 11:01:00 +8613900000021 < suspected R4
2026-11-02 11:01:00 +8613800000001 < suspected R4
2026-11-02 11:02:00 +8613900000011 > 报备 韩梅 139****5678
2026-11-02 11:02:00 +8613900000011 < contested R3
2026-11-02 11:02:00 +8613800000001 < contested R3
2026-11-02 11:02:00 owner 韩梅 139****5678 = 贝壳/王五
""",
    "an amending that is unsure itself is asked back again": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 报备 张珊 138****5678 ??
2026-11-02 10:01:00 +8613900000011 < amended R1 *请核对*张珊*
2026-11-02 10:01:00 +8613800000001 < amended R1 更正*
2026-11-02 10:01:00 owner 张珊 138****5678 = 链家/钱进 flag=unsure
""",
    "suspected goes before unlisted, unlisted before check_reading": """
2026-11-02 10:00:00 +8613900000021 > 报备 李雷 138****5678
2026-11-02 10:00:00 +8613900000021 < accepted R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:01:00 +8613900000011 < suspected R2
2026-11-02 10:01:00 +8613800000001 < suspected R2
2026-11-02 10:02:00 +8613900000011 > 报备 李梅 139****2233 孙悦 ??
2026-11-02 10:02:00 +8613900000011 < unlisted R3
2026-11-02 10:02:00 +8613800000001 < unlisted R3
2026-11-02 10:03:00 +8613800000001 > 判 R2 有效
2026-11-02 10:03:00 +8613800000001 < settled R2
2026-11-02 10:03:00 +8613900000011 < settled R2
2026-11-02 10:03:30 +8613800000001 > 判 R2 有效
2026-11-02 10:03:30 +8613800000001 < refused_not_found
""",
    "a stranger is refused with the example, and holds nothing": f"""
2026-11-02 10:00:00 {STRANGER} > 报备 张三 138****5678 赵六 链家 ??
2026-11-02 10:00:00 {STRANGER} < refused_not_a_report *报备 张三 138****5678 李四*
2026-11-02 10:00:00 owner 张三 138****5678 = nobody
2026-11-02 10:01:00 {STRANGER} > ?? 报备 张三 138****5678 赵六 链家
""",
    "what may be no report is answered to who may report, and holds nothing": """
2026-11-02 10:00:00 +8613900000011 > ?? 张三 138****5678 能报吗
2026-11-02 10:00:00 +8613900000011 < refused_not_a_report
2026-11-02 10:00:00 owner 张三 138****5678 = nobody
2026-11-02 10:01:00 +8613800000001 > ?? 张三 138****5678 能报吗
2026-11-02 10:01:00 +8613800000001 < refused_not_a_report
""",
    "另报 registers another client of these digits": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:00:00 +8613900000011 < accepted R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 另报 张珊 138****5678
2026-11-02 10:01:00 +8613900000011 < accepted R2
2026-11-02 10:01:00 +8613800000001 < new_report R2
2026-11-02 10:01:00 owner 张三 138****5678 = 链家/钱进
2026-11-02 10:02:00 +8613900000011 > 报备 张山 138****5678
2026-11-02 10:02:00 +8613900000011 < amended R2
2026-11-02 10:02:00 +8613800000001 < amended R2
""",
    "a correction with other digits is a new report, and says that the first stands": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:00:00 +8613900000011 < accepted R1
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:01:00 +8613900000011 > 打错了 张三 138****5679
2026-11-02 10:01:00 +8613900000011 < accepted R2 *原R1仍有效*撤 R1
2026-11-02 10:01:00 +8613800000001 < new_report R2
2026-11-02 10:01:00 owner 张三 138****5678 = 链家/钱进
2026-11-02 10:02:00 +8613900000011 > 打错了 张珊 138****5679
2026-11-02 10:02:00 +8613900000011 < amended R2
2026-11-02 10:02:00 +8613800000001 < amended R2
""",
    "a name on no roster may be himself: 是 makes it an alias": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 孙悦
2026-11-02 10:00:00 +8613900000011 < unlisted R1 *孙悦未在名单，若是本人请回“是”
2026-11-02 10:00:00 +8613800000001 < unlisted R1
2026-11-02 10:01:00 +8613900000011 > 是
2026-11-02 10:01:00 +8613900000011 < alias_set R1
2026-11-02 10:01:00 +8613800000001 < alias_set R1 *孙悦*
2026-11-02 10:01:00 owner 张三 138****5678 = 链家/钱进
2026-11-02 10:02:00 +8613900000011 > 报备 李梅 139****2233 孙悦
2026-11-02 10:02:00 +8613900000011 < accepted R2 *钱进*
2026-11-02 10:02:00 +8613800000001 < new_report R2
""",
    "who is not asked says nothing by 是": """
2026-11-02 10:00:00 +8613900000011 > 报备\\n张三 138****5678 孙悦\\n李梅 139****2233 孙悦
2026-11-02 10:00:00 +8613900000011 < unlisted
2026-11-02 10:00:00 +8613800000001 < unlisted
2026-11-02 10:01:00 +8613900000011 > 是
""",
    "an unsure reading is not asked whether the agent is himself: 是 confirms the reading, and gives no alias": """
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 孙悦 ??
2026-11-02 10:00:00 +8613900000011 < unlisted R1 *孙悦未在名单。有误10分钟内重发，无误回“是”
2026-11-02 10:00:00 +8613800000001 < unlisted R1
2026-11-02 10:01:00 +8613900000011 > 是
2026-11-02 10:01:00 +8613900000011 < unlisted R1 *到访前须补录
2026-11-02 10:01:00 owner 张三 138****5678 = 链家/孙悦 flag=unlisted
2026-11-02 10:02:00 +8613900000011 > 是
2026-11-02 10:03:00 +8613900000011 > 报备 李梅 139****2233 孙悦
2026-11-02 10:03:00 +8613900000011 < unlisted R2 *若是本人请回“是”
2026-11-02 10:03:00 +8613800000001 < unlisted R2
""",
    "usual forms of his own name are himself": """
2026-11-02 10:00:00 +8613900000012 > 报备 张三 138****5678 阿涛
2026-11-02 10:00:00 +8613900000012 < accepted R1 *周涛*
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:00:01 +8613900000012 > 报备 李梅 139****2233 大周
2026-11-02 10:00:01 +8613900000012 < accepted R2 *周涛*
2026-11-02 10:00:01 +8613800000001 < new_report R2
2026-11-02 10:00:02 +8613900000012 > 报备 王丽 137****2233 业务员周经理
2026-11-02 10:00:02 +8613900000012 < accepted R3 *周涛*
2026-11-02 10:00:02 +8613800000001 < new_report R3
""",
    "the manager says what else somebody is called; nobody else does": """
2026-11-02 09:59:00 +8613900000012 > 别名 大侠 周涛
2026-11-02 09:59:00 +8613900000012 < refused_role
2026-11-02 09:59:01 +8613800000001 > 别名 大侠
2026-11-02 09:59:01 +8613800000001 < refused_invalid *别名 阿强 张强*
2026-11-02 09:59:02 +8613800000001 > 别名 大侠 郭靖
2026-11-02 09:59:02 +8613800000001 < refused_not_found
2026-11-02 09:59:03 +8613800000001 > 别名 大侠 周涛
2026-11-02 09:59:03 +8613800000001 < alias_set *大侠*周涛*
2026-11-02 10:00:00 +8613900000012 > 报备 张三 138****5678 大侠
2026-11-02 10:00:00 +8613900000012 < accepted R1 *周涛*
2026-11-02 10:00:00 +8613800000001 < new_report R1
2026-11-02 10:00:01 +8613900000011 > 报备 李梅 139****2233 大侠
2026-11-02 10:00:01 +8613900000011 < accepted R2 *周涛*
2026-11-02 10:00:01 +8613800000001 < new_report R2
""",
}


@pytest.mark.parametrize("lines", PLAYED.values(), ids=PLAYED.keys())
def test_played(lines: str) -> None:
    assert broken(lines) == []


def test_the_day_s_digest_lists_what_is_left_to_check() -> None:
    assert not broken("""
2026-11-02 09:00:00 policy daily_digest=20:00 notify=off
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 ??
2026-11-02 10:00:00 +8613900000011 < check_reading R1
2026-11-02 10:00:01 +8613900000011 > 报备 李梅 139****2233 ??
2026-11-02 10:00:01 +8613900000011 < check_reading R2
2026-11-02 10:00:02 +8613900000012 > 报备 王丽 139****2234 ??
2026-11-02 10:00:02 +8613900000012 < check_reading R3
2026-11-02 10:01:00 +8613900000011 > 是
2026-11-02 10:01:00 +8613900000011 < accepted R2
2026-11-02 20:00:00 +8613800000001 < digest *新报备3组，待核对R1、R3。*
2026-11-03 10:00:00 +8613800000001 > 判 R1 有效
2026-11-03 10:00:00 +8613800000001 < settled R1
2026-11-03 20:00:00 +8613800000001 < digest *新报备0组。*
2026-11-03 20:00:00 +8613900000099 > 谢谢
""")


def folded(*texts: tuple[str, str]) -> tuple[State, list[Decision]]:
    """Return the state after these texts of a phone, a minute apart, and their decisions."""
    state, decisions = State(), []
    opening = [("site", SITE), ("roster", PEOPLE)]
    messages = [Message(n, START, kind, "", payload=given) for n, (kind, given) in enumerate(opening, 1)]
    messages += [Message(n, START + n * MINUTE, "text", phone, text) for n, (phone, text) in enumerate(texts, 3)]
    for message in messages:
        decisions.append(decide(state, message, doubting))
    return state, decisions


def test_the_story_tells_what_was_first_read_and_what_it_became() -> None:
    state, decisions = folded(
        (QIAN, "报备 张三 138****5678 ??"), (QIAN, "报备 张珊 138****5678 ??"), (QIAN, "是"), (MANAGER, "查 R1")
    )
    rows = [row for decision in decisions for row in decision.rows]
    assert [(row.code, row.client) for row in rows] == [("check_reading", "张三"), ("amended", "张珊")]
    for name in ("张三", "张珊"):
        items = story(case_of(state, Client(name, "138", "5678"), START + HOUR, rows))
        assert [(item.code, item.place) for item in items] == [
            ("report.check_reading", 3),
            ("reading.amended", 4),
            ("reading.affirmed", 5),
        ]
    assert items[1].params["was"] == "张三"
    said = told(case_of(state, Client("张珊", "138", "5678"), START + HOUR, rows))
    assert "R1原读作张三，更正为张珊" in said
    assert "确认R1为张珊" in said
    assert "待核对" not in said.partition("经过")[0]


def test_an_unsure_reading_says_so_where_whose_he_is_is_asked() -> None:
    state, decisions = folded((QIAN, "报备 张三 138****5678 ??"))
    rows = [row for decision in decisions for row in decision.rows]
    assert "读法待核对" in told(case_of(state, Client("张三", "138", "5678"), START + HOUR, rows)).partition("经过")[0]


def test_what_a_text_said_of_others_is_not_kept_with_a_claim() -> None:
    state, _ = folded((QIAN, "报备\n李雷 137****1111\n韩梅 137****2222\n链家"))
    assert "韩梅" not in state.claims[1].said
    assert not re.search(r"\d", state.claims[1].said)
    assert {"李雷", "链家"} <= set(state.claims[1].said.split())


@pytest.mark.parametrize(
    ("name", "said", "stands"),
    [
        ("韩梅", "报备韩梅李四链家", True),
        ("韓梅", "报备 韩梅", True),
        ("韩梅", "报备 韩 梅", True),
        ("韩梅", "报备 韩\n梅", False),
        ("韩", "报备 韩梅", False),
        ("韩", "报备 韩 ", True),
        ("Li Si", "report LI SI", True),
        ("Li", "report Alice", False),
        ("买买提艾力", "报备 买买提·艾力", True),
        ("", "报备", False),
    ],
)
def test_word_for_word(name: str, said: str, stands: bool) -> None:
    assert stands_in(name, said) is stands


def test_a_name_put_right_to_a_withdrawn_client_s_says_that_its_days_are_his() -> None:
    """R2b, R7: the claim ends when the withdrawn one would have, and is marked as shortened."""
    texts = ("报备 马岱 138****5678", "撤 R1", "报备 马超 138****5678", "报备 马岱 138****5678")
    state = State()
    for message in line_of([Step(timedelta(minutes=1), QIAN, text) for text in texts]):
        decide(state, message)
    first, amended = state.claims[1], state.claims[2]
    assert (amended.client, amended.ends_at, "shortened" in amended.flags) == ("马岱", first.ends_at, True)
