"""`parse` by the corpora, by tables of commands, and by any text whatever."""

import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parsers
from parsers.mask import mask_numbers
from parsers.message import Lexicon
from parsers.parse import parse

CONFIRMED = ("482915", "482915。", "回482915确认", "确认482915", "482915 确认", "是482915", "好的，482915", "“482915”")
CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    lines = CORPUS.joinpath(name).read_text("utf-8").splitlines()[1:]
    cells = [line.split("\t") for line in lines if line]
    return [(c[0], c[1].replace("\\n", "\n"), json.loads(c[2])) for c in cells]


def right(text: str, expected: dict[str, Any]) -> bool:
    got = parse(text).to_json()
    if "reports" in expected:
        return got.get("reports") == expected["reports"] and "error" not in got
    if expected["error"] == "not_a_report":
        return got.get("error") == "not_a_report" or got.get("kind") not in (None, "report")
    return got.get("error") == expected["error"]


def test_corpus_at_least_97_in_a_hundred() -> None:
    corpus = rows("reports.tsv")
    wrong = [row_id for row_id, text, expected in corpus if not right(text, expected)]
    print(f"corpus: {len(corpus) - len(wrong)} of {len(corpus)}")
    assert len(corpus) == 130
    assert len(wrong) <= len(corpus) * 0.03, wrong


@pytest.mark.parametrize(("row_id", "text", "expected"), rows("variants.tsv"), ids=lambda value: str(value)[:24])
def test_variant(row_id: str, text: str, expected: dict[str, Any]) -> None:
    assert right(text, expected), parse(text).to_json()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("跟进 张三 138****5678 电话沟通", {"kind": "follow_up", "client": "张三", "first3": "138", "last4": "5678", "words": "电话沟通"}),
        ("follow R1", {"kind": "follow_up", "refs": ["R1"]}),
        ("跟进 R1 R2 R3", {"kind": "follow_up", "refs": ["R1", "R2", "R3"]}),
        ("到访 张三 138****5678 李四 14:30", {"kind": "visit", "client": "张三", "first3": "138", "last4": "5678", "agent": "李四", "time": "14:30"}),
        ("到访 张三 138****5678 李四(链家) 13900000011 14:30", {"kind": "visit", "client": "张三", "first3": "138", "last4": "5678", "agent": "李四", "distributor": "链家", "time": "14:30"}),
        ("到访 张三 138****5678 和 李梅 139****2233", {"kind": "visit", "reports": [
            {"client": "张三", "first3": "138", "last4": "5678", "agent": None, "distributor": None},
            {"client": "李梅", "first3": "139", "last4": "2233", "agent": None, "distributor": None}]}),
        ("到访 5678 11-2 14:30", {"kind": "visit", "refs": ["5678"], "date": "11-02", "time": "14:30"}),
        ("到访 R1 今天下午3点半", {"kind": "visit", "refs": ["R1"], "time": "15:30"}),
        ("到访 张 三 138****5678 14点05分", {"kind": "visit", "client": "张 三", "first3": "138", "last4": "5678", "time": "14:05"}),
        ("查一下 张 先生 138****5678", {"kind": "query", "client": "张 先生", "first3": "138", "last4": "5678"}),
        ("签", {"kind": "sign"}),
        ("签V2031", {"kind": "sign", "refs": ["V2031"]}),
        ("签 V1 V2", {"kind": "sign", "refs": ["V1", "V2"]}),
        ("签 全部", {"kind": "sign", "refs": ["all"]}),
        ("核实 V2031 是", {"kind": "verify", "refs": ["V2031"], "answer": "yes"}),
        ("verify V2031 no", {"kind": "verify", "refs": ["V2031"], "answer": "no"}),
        ("查 Ｒ１０２４", {"kind": "query", "refs": ["R1024"]}),
        ("查 #1024", {"kind": "query", "refs": ["1024"]}),
        ("報備 撤 r1024", {"kind": "withdraw", "refs": ["R1024"]}),
        ("定金 R1024 2024-09-23 沃尔德", {"kind": "deposit", "refs": ["R1024"], "date": "2024-09-23", "words": "沃尔德"}),
        ("首付 R1024 9-23", {"kind": "downpayment", "refs": ["R1024"], "date": "09-23"}),
        ("异议 R1024 我先报备的", {"kind": "object", "refs": ["R1024"], "words": "我先报备的"}),
        ("材料 D12 通话记录 李四 9-20", {"kind": "evidence", "refs": ["D12"], "date": "09-20", "words": "通话记录 李四"}),
        ("意见 D12 支持链家", {"kind": "opinion", "refs": ["D12"], "words": "支持链家"}),
        ("裁定 D12 链家", {"kind": "rule", "refs": ["D12"], "words": "链家"}),
        ("裁定 D12 现场 9-20有签字", {"kind": "rule", "refs": ["D12"], "words": "现场 9-20有签字"}),
        ("裁定 12 链家", {"kind": "rule", "refs": ["12"], "words": "链家"}),
        ("定金 R1 沃尔德 2-29", {"kind": "deposit", "refs": ["R1"], "date": "02-29", "words": "沃尔德"}),
        ("定金 V31 现场", {"kind": "deposit", "refs": ["V31"], "words": "现场"}),
        ("退定 R1", {"kind": "cancel_deposit", "refs": ["R1"]}),
        ("退房 张三 138****5678", {"kind": "cancel_deposit", "client": "张三", "first3": "138", "last4": "5678"}),
        ("撤 D12", {"kind": "withdraw", "refs": ["D12"]}),
        ("异议 R1 3天前9-20 14:30我带看过", {"kind": "object", "refs": ["R1"], "words": "3天前9-20 14:30我带看过"}),
        ("异议 张三 138****5678 我先报备的", {"kind": "object", "client": "张三", "first3": "138", "last4": "5678", "words": "我先报备的"}),
        ("材料 D12 链家 通话记录 李四 9-20", {"kind": "evidence", "refs": ["D12"], "date": "09-20", "words": "链家 通话记录 李四"}),
        ("材料 D12 短信 3条", {"kind": "evidence", "refs": ["D12"], "words": "短信 3条"}),
        ("意见 D12 9-20先带看", {"kind": "opinion", "refs": ["D12"], "words": "9-20先带看"}),
        ("亲属 R1024 R1030 夫妻 结婚证", {"kind": "family", "refs": ["R1024", "R1030"], "words": "夫妻 结婚证"}),
        ("撤亲属 R3", {"kind": "unfamily", "refs": ["R3"]}),
        ("判 R1031 重复", {"kind": "settle", "refs": ["R1031"], "answer": "duplicate"}),
        ("更正 R1024 139****5678 客户签字书面证明", {"kind": "correct", "refs": ["R1024"], "first3": "139", "last4": "5678", "words": "客户签字书面证明"}),
        ("帮助", {"kind": "help"}),
        ("？", {"kind": "help"}),
        ("报备", {"kind": "help"}),
        ("跟进", {"kind": "help"}),
        ("1234", {"kind": "confirm", "refs": ["1234"]}),
        *((said, {"kind": "confirm", "refs": ["482915"]}) for said in CONFIRMED),
        *((said, {"kind": "affirm"}) for said in ("是", "是的。", "对", "对的")),
        *((said, {"kind": "assent"}) for said in ("确认", "确定", "我确认了", "再次确认", "confirmed")),
        *((said, {"kind": "decline"}) for said in ("否", "算了", "那就不撤了", "那，就先算了吧")),
        ("谢谢", {"kind": "courtesy"}),
        ("TD", {"kind": "stop"}),
        ("START", {"kind": "start"}),
        ("【翡翠湾】您的验证码是 482913，5分钟内有效", {"kind": "code"}),
        ("[自动回复] 我正在开会，稍后联系您", {"kind": "automatic"}),
        ("报备成功：张三138****5678，李四(链家)，R1，有效至9-30 14:30", {"kind": "echo"}),
    ],
)  # fmt: skip
def test_command(text: str, expected: dict[str, Any]) -> None:
    assert parse(text).to_json() == expected


@pytest.mark.parametrize("text", ["确认", "报备482915", "确认4829156", "482915元", "预算482915确认"])
def test_other_digits_confirm_nothing(text: str) -> None:
    assert parse(text).kind != "confirm"


def test_group_reads_its_clients_like_a_report() -> None:
    parsed = parse("团报\n张三 138****5678\n李四 139****8888\n业务员：王五")
    assert parsed.kind == "group"
    assert [(r.client, r.last4, r.agent) for r in parsed.reports] == [
        ("张三", "5678", "王五"),
        ("李四", "8888", "王五"),
    ]


@pytest.mark.parametrize(
    ("head", "agent", "unit"), [("李四", "李四", None), ("李四(链家)", "李四", "链家"), ("链家", None, "链家")]
)
def test_the_head_line_of_a_group_says_whose_it_is(head: str, agent: str | None, unit: str | None) -> None:
    parsed = parse(f"团报 {head}\n张三 138****5678\n李梅 139****2233")
    assert parsed.error is None
    assert [(r.client, r.agent, r.distributor) for r in parsed.reports] == [
        ("张三", agent, unit),
        ("李梅", agent, unit),
    ]


def test_the_good_ones_count_and_the_others_are_named() -> None:
    parsed = parse("张三 138****5678 王五\n李四 1391****888 王五")
    assert [r.client for r in parsed.reports] == ["张三"]
    assert [(f.error, f.text) for f in parsed.faults] == [("bad_phone", "李四 1391****888")]


def test_the_site_s_lists_tell_person_from_company() -> None:
    (report,) = parse("张三 138****5678 正盛", lexicon=Lexicon(units=frozenset({"正盛"}))).reports
    assert (report.agent, report.distributor) == (None, "正盛")
    (report,) = parse("张三 138****5678 正盛李四", lexicon=Lexicon(units=frozenset({"正盛"}))).reports
    assert (report.agent, report.distributor) == ("李四", "正盛")


def test_a_full_number_is_a_fault_that_keeps_its_report() -> None:
    parsed = parse("报备 李梅 13912345678 王五")
    assert parsed.error == "full_phone_given"
    (report,) = parsed.reports
    assert (report.client, report.first3, report.last4, report.agent, report.was_full) == (
        "李梅",
        "139",
        "5678",
        "王五",
        True,
    )


ANY = st.text(st.characters(), max_size=300)
PIECES = st.lists(
    st.sampled_from(
        ["报备", "张三", "138****5678", "13812345678", "李四", "链家", "客户姓名：", "电话:", "\n", " ", "，", "签", "V1", "R2",
         "团报", "业务员", "【", "】", "▒", "9-20", "14:30", "?", "\ud800", "\0", "🏠", "+86", "0086", "１３８"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ANY | PIECES)
def test_any_text_has_a_meaning(text: str) -> None:
    parsed = parse(text)
    json.dumps(dict(parsed.to_json()))
    assert parse(mask_numbers(text)) == parsed


@pytest.mark.parametrize(
    "unit", ["1", "138****", "客户：", "张三 138****5678 ", "【", "*" * 7 + "1", "\n", "报备 ", "·"]
)
def test_long_texts_have_a_meaning_too(unit: str) -> None:
    parse((unit * 100_000)[:100_000])


def _words_repeated_by_patterns() -> set[str]:
    modules = [importlib.import_module(module.name) for module in pkgutil.iter_modules(parsers.__path__, "parsers.")]
    patterns = [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    groups = [pattern.pattern for pattern in patterns if re.search(r"\)[*+]", str(pattern.pattern))]
    return {word for pattern in groups for word in re.findall(r"[\u3400-\u9fff]+|[a-z]{2,}", pattern)}


def test_no_pattern_takes_a_word_repeated_in_two_ways() -> None:
    """Of a pattern that does, one text would hold up a line for years; 39 characters are the longest courtesy."""
    for word in sorted({"那就", "哈哈", "谢谢", "你好", *_words_repeated_by_patterns()}):
        for length in (1_600, 39):
            parse(mask_numbers((word * length)[: length - 1] + "吃"))
