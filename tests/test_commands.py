"""Commands as they are texted, and sentences that only begin like one (H15–H17, L15, L21, L22)."""

import json
from pathlib import Path

import pytest

from parsers.message import COMMANDS, UNREAD_DAYS, Command, Lexicon, ReportText, clients_named, readings_of
from parsers.parse import parse
from tests.learning.samples import corpus

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
    ("text", "kind", "refs", "words"),
    [
        *((text, "mine", "", "") for text in ("我的", "我的！", "查我的客户", "Mine", "我的，谢谢")),
        *((text, "next", "", "") for text in ("下", "下一页", "next")),
        *((text, "figures", "", "") for text in ("统计", "統計", "统计 今天", "figures")),
        *((text, "figures", "", "链家") for text in ("统计 链家", "统计链家", "统计：链家", "统计 本周 链家")),
        ("统计 宏图", "figures", "", "宏图"),
        *(
            (text, "hand", "R1", "周涛")
            for text in ("转 R1 周涛", "转R1周涛", "转Ｒ１给同事周涛跟进", "转给周涛 R1", "移交 R1 周涛")
        ),
        ("轉R1 周濤", "hand", "R1", "周濤"),
        ("转 R1 R2 周涛 0012", "hand", "R1 R2", "周涛 0012"),
        ("hand R1 Zhou Tao", "hand", "R1", "Zhou Tao"),
        ("转 5678 周涛", "hand", "5678", "周涛"),
        ("转 R1", "hand", "R1", ""),
        *(
            (text, "extend", "R1", "7 客户出差")
            for text in ("延 R1 7 客户出差", "延期R1 7天 客户出差", "延7天 R1 客户出差")
        ),
        *(
            (text, "extend", "R1", "7 客户出差")
            for text in ("延R1 七天，客户出差", "延长 R1 一周 客户出差", "extend R1 7d 客户出差")
        ),
        ("延 5678 3 客户9-30回来", "extend", "5678", "3 客户9-30回来"),
        ("延 R1 客户出差", "extend", "R1", "客户出差"),
        ("R1转给周涛", "hand", "R1", "周涛"),
        ("R1、R2 转交给周涛跟进，谢谢", "hand", "R1 R2", "周涛"),
        ("请转 R1 周涛", "hand", "R1", "周涛"),
        ("统计 链家 今天", "figures", "", "链家"),
        ("统计 本月", "figures", "", "本月"),
        ("延 R1 十二天 客户出差", "extend", "R1", "12 客户出差"),
        ("延 R1 二十天 客户出差", "extend", "R1", "20 客户出差"),
        ("延 R1 两周 客户出差", "extend", "R1", "14 客户出差"),
        ("延 R1 7 日本出差", "extend", "R1", "7 日本出差"),
        ("转 R1-R3 周涛", "hand", "R1 R2 R3", "周涛"),
        ("撤 R1-R3", "withdraw", "R1 R2 R3", ""),
        ("转 R1-R999 周涛", "hand", "R1-R999", "周涛"),
        ("转 1、张三 138****5678\n2、李梅 139****2233\n周涛", "hand", "", "周涛"),
        ("撤 1、张三 138****5678\n2、李梅 139****2233", "withdraw", "", ""),
    ],
)
def test_what_agents_and_managers_ask_and_move_by_text(text: str, kind: str, refs: str, words: str) -> None:
    parsed = parse(text, lexicon=Lexicon(people=frozenset(["周涛"]), units=frozenset(["链家"])))
    assert isinstance(parsed, Command)
    assert (parsed.kind, " ".join(parsed.refs), parsed.words) == (kind, refs, words)


@pytest.mark.parametrize(
    "days", ["2个月", "一个月", "半个月", "3月1日", "5 6天", "7-10天", "二三天", "7至10天", "3 月底", "5天6天"]
)
def test_a_number_of_days_is_read_as_a_whole_or_not_at_all(days: str) -> None:
    parsed = parse(f"延 R1 {days} 客户出差")
    assert isinstance(parsed, Command)
    assert (parsed.kind, parsed.error) == ("extend", UNREAD_DAYS)


@pytest.mark.parametrize("name", ["reports", "reports2", "reports3", "variants"])
def test_no_report_is_lost_behind_a_word_of_acts(name: str) -> None:
    for sample in corpus(name):
        alone = parse(sample.text)
        if not isinstance(alone, ReportText) or not alone.reports:
            continue
        for before in ("转\n", "转 ", "转：", "延期 ", "延\n", "统计 ", "统计："):
            assert alone in readings_of(parse(before + sample.text)), before + sample.text


def test_who_is_given_to_whom_may_be_named_by_name_and_mask() -> None:
    for text, words in (("转 张三 138****5678 周涛", "周涛"), ("延 张三 138****5678 7 客户出差", "7 客户出差")):
        parsed = parse(text)
        assert isinstance(parsed, Command)
        assert (parsed.reports[0].client, parsed.reports[0].last4, parsed.words) == ("张三", "5678", words)


@pytest.mark.parametrize(
    "text",
    [
        "我的客户张三 138****5678 李四",
        "转：报备 张三 138****5678 李四",
        "转:张三 138****5678 李四",
        "转发：张三 138****5678 李四",
        "转 张三 138****5678 李四 链家",
        "转张三138****5678李四",
    ],
)
def test_a_report_that_is_passed_on_or_called_one_s_own_is_a_report(text: str) -> None:
    parsed = parse(text, lexicon=Lexicon(people=frozenset(["李四"]), units=frozenset(["链家"])))
    assert (parsed.kind, clients_named(parsed)[0].client) == ("report", "张三")


@pytest.mark.parametrize(
    "text",
    [
        "我的车在门口",
        "下午开会",
        "下次再说",
        "统计一下今天的人数",
        "统计 今天来了几个",
        "统计吗",
        "转 R1 周涛 可以吗",
        "转账已收到",
        "延期到下周",
    ],
)
def test_what_only_begins_like_them_is_no_act(text: str) -> None:
    assert parse(text).kind not in COMMANDS


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
