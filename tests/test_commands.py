"""Commands as they are texted, and sentences that only begin like one (H15–H17, L15, L21, L22)."""

import json
from pathlib import Path

import pytest

from parsers.message import COMMANDS, ReportText, clients_named
from parsers.parse import parse

CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[list[str]]:
    lines = CORPUS.joinpath(name).read_text("utf-8").splitlines()[1:]
    cells = [line.split("\t") for line in lines if line]
    return [[row_id, text.replace("\\n", "\n"), *rest] for row_id, text, *rest in cells]


@pytest.mark.parametrize(("row_id", "text", "expected", "_"), rows("commands.tsv"), ids=lambda value: str(value)[:24])
def test_a_command_in_any_spelling(row_id: str, text: str, expected: str, _: str) -> None:
    assert parse(text).to_json() == json.loads(expected), row_id


@pytest.mark.parametrize(("row_id", "text", "_"), rows("sentences.tsv"), ids=lambda value: str(value)[:24])
def test_a_free_sentence_is_no_act(row_id: str, text: str, _: str) -> None:
    assert parse(text).kind not in COMMANDS, row_id


@pytest.mark.parametrize("text", [text for _, text, *_ in rows("commands.tsv")])
@pytest.mark.parametrize("thanks", ["，谢谢", " 谢谢经理", " 辛苦了🙏", " thanks"])
def test_courtesy_behind_changes_nothing(text: str, thanks: str) -> None:
    bare = parse(text)
    if bare.kind not in ("confirm", "help"):
        assert parse(text.rstrip("。！？?") + thanks).kind == bare.kind


@pytest.mark.parametrize(
    ("text", "client", "agent"),
    [
        ("查先生 138****5678 李四", "查先生", "李四"),
        ("查小姐 138****5678 李四", "查小姐", "李四"),
        ("报备 查先生 138****5678 李四", "查先生", "李四"),
        ("报备 查良 138****5678 李四", "查良", "李四"),
        ("查文斌 138****5678 李四", "查文斌", "李四"),
        ("报备查文斌 138****5678 李四", "查文斌", "李四"),
        ("报备 张三 138****5678 查良", "张三", "查良"),
        ("报备 签约客户张三 138****5678 李四", "张三", "李四"),
        ("报备 王五 138****5678 李四，撤回之前的 R3", "王五", "李四"),
        ("到访 张三 138****5678 李四 明天下午3点", "张三", "李四"),
        ("到访客户：张三\n手机号码：138****5678\n业务员：李四", "张三", "李四"),
    ],
)
def test_a_report_is_not_eaten_by_a_keyword_in_it(text: str, client: str, agent: str) -> None:
    parsed = parse(text)
    (report,) = parsed.reports
    assert (parsed.kind, parsed.arrival, report.client, report.agent) == ("report", None, client, agent)


@pytest.mark.parametrize(
    ("text", "intent", "client", "agent"),
    [
        ("另报 张三 138****5678 李四", "another", "张三", "李四"),
        ("另报：张三 138****5678 李四", "another", "张三", "李四"),
        ("另外报备 张三 138****5678 李四", "another", "张三", "李四"),
        ("更正：张三 138****5678 周凯", "correction", "张三", "周凯"),
        ("更正 张三 138****5678 周凯", "correction", "张三", "周凯"),
        ("刚才打错了，张三 138****5678 周凯", "correction", "张三", "周凯"),
        ("打错了 张三 138****5678", "correction", "张三", None),
        ("改一下 张三 138****5678 李四", "correction", "张三", "李四"),
        ("不好意思号码发错了，应该是 张三 138****5678", "correction", "张三", None),
        ("张三 138****5678 李四 刚才打错了", "correction", "张三", "李四"),
        ("报备 张三 138****5678 李四", "", "张三", "李四"),
    ],
)
def test_what_a_report_says_of_an_earlier_one(text: str, intent: str, client: str, agent: str | None) -> None:
    parsed = parse(text)
    (report,) = parsed.reports
    assert (parsed.kind, parsed.intent, report.client, report.agent) == ("report", intent, client, agent)


@pytest.mark.parametrize(
    ("text", "arrives", "time"),
    [
        ("带看 张三 138****5678 李四", True, None),
        ("带访：张三 138****5678 李四 14:30", True, "14:30"),
        ("来访 张三 138****5678 李四", True, None),
        ("到场 张三 138****5678", True, None),
        ("张三 138****5678 李四 到访", True, None),
        ("张三138****5678李四已到访", True, None),
        ("张三 138****5678 李四 14:30到访", True, "14:30"),
        ("张三 138****5678 李四 客户已到售楼部", True, None),
        ("张三 138****5678 李四 预计到访 14:30", False, None),
        ("张三 138****5678 李四 到访时间：15:00", False, None),
        ("带看 张三 138****5678 李四 明天下午", False, None),
        ("张三 138****5678 李四 明天到访", False, None),
        ("张三 138****5678 李四 今天到访", False, None),
        ("张三 138****5678 李四 今天晚上到访", False, None),
        ("张三 138****5678 李四 今天已到访", True, None),
        ("张三 138****5678 李四 今天14:30到访", True, "14:30"),
        ("张三 138****5678 由李四带看", False, None),
        ("带看反馈：张三138****5678，对12号楼满意，李四", False, None),
    ],
)
def test_who_is_there_now(text: str, arrives: bool, time: str | None) -> None:
    parsed = parse(text)
    arrival = parsed.arrival if isinstance(parsed, ReportText) else None
    assert (arrival is not None, arrival.time if arrival is not None else None) == (arrives, time)
    assert [report.last4 for report in clients_named(parsed)] in (["5678"], [])
    assert clients_named(parsed) or not arrives


@pytest.mark.parametrize(
    "text", ["取消到访 张三 138****5678", "张三 138****5678 带看取消", "取消预约", "取消 看房 138****5678"]
)
def test_a_visit_called_off_gives_up_no_claim(text: str) -> None:
    parsed = parse(text)
    assert parsed.to_json() == {"error": "not_a_report"}
    assert parsed.calls_off_visit
