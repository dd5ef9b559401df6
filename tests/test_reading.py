"""The reader of reports by properties: what must hold for any report, whatever its words (reading.md)."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parsers.edges import NOTHING_KNOWN, Known
from parsers.feature_tables import Rows, Scores
from parsers.message import Lexicon, Meaning, Report, clients_named
from parsers.normalise import fold_for_reading
from parsers.parse import parse
from parsers.phones import find_phones
from parsers.plain import read_plain
from parsers.reader import judge, view
from parsers.tagger import TAGS
from parsers.tags import TAGS as LATTICE_TAGS
from parsers.vocabulary import FUNCTION, LABELS, TABLE
from parsers.weights import FILE, digest, model
from tests.learning.samples import corpus
from tests.learning.scoring import end_of
from tests.reading import as_read
from worker.rules.chain import READER

ROOT = Path(__file__).parent.parent
NAMES = ["张三", "李梅", "欧阳娜", "王女士", "赵国强", "陈先生", "司徒静", "孙悦"]
AGENTS = ["李四", "周涛", "何伟", "钱程", "吴磊", "郑丽"]
UNITS = ["链家", "中原地产", "德佑", "我爱我家", "宏图置业"]
GIVEN = ["伟", "芳", "国强", "层", "子涵", "排", "已来", "经理", "先生", "秀英"]
MASKS = ["138****5678", "186****0917", "177****3604"]
CHATTER = [
    "谢谢", "，辛苦了", "\n客户在路上", "，请各位安排接待", " 客户已到售楼部", "\n麻烦登记一下，谢谢", "\n项目：翡翠湾",
    "，2人", "\n预计到访时间：明天下午3点", "，收到请回复", "\n备注：看三房", "～", "。",
]  # fmt: skip
BEFORE = ["你好，", "麻烦登记一下，", "案场的同事好\n", "【报备】", "报备项目：翡翠湾\n", "早上好！"]


def reports(parsed: Meaning) -> list[Report]:
    """Return the reports without how sure they are."""
    return [replace(r, sure=True) for r in clients_named(parsed)]


plain_forms = st.builds(
    "报备 {} {} {}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from(MASKS),
    st.sampled_from(AGENTS),
    st.sampled_from(["", *(f" {unit}" for unit in UNITS)]),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(plain_forms, st.sampled_from(["", *BEFORE]), st.sampled_from(["", *CHATTER]))
def test_what_stands_around_a_sure_report_never_makes_another_sure_one(text: str, before: str, behind: str) -> None:
    alone, among = parse(text), parse(before + text + behind)
    assert alone.sure
    assert among.kind == "report"
    if among.sure:
        assert reports(among) == reports(alone)


LINES = ["客户姓名：{}", "客户电话：{}", "业务员：{}", "所属公司：{}"]


@pytest.mark.parametrize("name", NAMES[:4])
@pytest.mark.parametrize("unit", UNITS[:3])
def test_the_order_of_labelled_lines_changes_nothing(name: str, unit: str) -> None:
    lines = [line.format(value) for line, value in zip(LINES, (name, MASKS[0], AGENTS[0], unit), strict=True)]
    read = {tuple(reports(parse("\n".join(order)))) for order in permutations(lines)}
    assert read == {(Report(name, "138", "5678", AGENTS[0], unit),)}


WORDS = st.sampled_from([*sorted(LABELS)[::7], *sorted(FUNCTION)[::11]])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(WORDS | st.sampled_from([*NAMES, *AGENTS, *UNITS, *MASKS, "：", "，", " ", "\n"]), max_size=14))
def test_a_label_or_keyword_is_never_a_name(words: list[str]) -> None:
    for report in clients_named(parse("".join(words))):
        for name in (report.client, report.agent):
            folded = fold_for_reading(name or "").skeleton
            assert folded not in LABELS
            assert folded not in FUNCTION


gaps = st.sampled_from([" ", ",", "，", ", ", "  "])
clients = st.sampled_from(NAMES) | st.builds(str.__add__, st.sampled_from("王李赵高安"), st.sampled_from(GIVEN))
named = st.lists(st.sampled_from(AGENTS) | st.sampled_from(UNITS) | clients, max_size=3)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.sampled_from(["报备", "报备 ", "报备：", ""]), clients, named, gaps, st.booleans())
@example("报备 ", "张三", ["链家", "李四"], " ", True)
@example("报备 ", "王层", [], ",", True)
def test_the_first_path_reads_as_the_lattice_does(
    before: str, client: str, whose: list[str], gap: str, is_listed: bool
) -> None:
    reading = fold_for_reading(before + gap.join([client, MASKS[0], *whose]))
    known = Known(frozenset(AGENTS), frozenset(UNITS), AGENTS[0]) if is_listed else NOTHING_KNOWN
    plain = read_plain(reading, known)
    if plain is None:
        return
    seen = view(reading, find_phones(reading.skeleton, "CN"), known, model())
    assert seen is not None
    judged = judge(seen, model())
    assert (judged.error, reports(judged)) == (plain.error, reports(plain))


ADDRESSED = ("先生", "女士", "小姐", "太太")
SAID = [
    "周六晚",
    "周日早",
    "周末见",
    "王明天",
    "王今晚",
    "王上午",
    "高意向",
    "徐汇店",
    "江北店",
    "龙岗区",
    "潘家园",
    "谢谢啦",
    "付全款",
]


@pytest.mark.parametrize("is_listed", [False, True])
def test_no_name_of_the_first_path_has_a_word_of_ours_in_it(is_listed: bool) -> None:
    known = Known(frozenset(AGENTS), frozenset(UNITS), AGENTS[0]) if is_listed else NOTHING_KNOWN
    words = [*SAID, *(word for word in TABLE.kinds if len(word) < 4), *(f"王{w}" for w in TABLE.kinds if len(w) < 3)]
    forms = ("报备 {} 138****5678", "{} 138****5678 李四", "报备 张三 138****5678 {}", "报备 张三 138****5678 链家 {}")
    read = [form.format(word) for form in forms for word in words]
    plain = [text for text in read if read_plain(fold_for_reading(text), known) is not None]
    # 王先生 is a name, though 先生 is a word of ours.
    assert {text for text in plain if not re.search(f"王({'|'.join(ADDRESSED)})", text)} == set()


@pytest.mark.parametrize("site", ["金茂府", "江湾", "王伟"])
@pytest.mark.parametrize("form", ["报备 {} 138****5678", "{} 138****5678 李四"])
def test_a_site_is_no_client_at_a_glance(site: str, form: str) -> None:
    lexicon = Lexicon(sites=frozenset({"翡翠湾", site}), people=frozenset({"李四"}))
    assert [r.client for r in clients_named(parse(form.format(site), lexicon=lexicon)) if r.client == site] == []


@pytest.mark.parametrize("text", ["报备 张三 138****5678", "张三 138****5678 李四", "报备 张三 138****5678 李四 链家"])
def test_numbers_are_of_the_sites_region(text: str) -> None:
    assert parse(text).error in (None, "missing_agent")
    assert parse(text, region="HK") == parse(f"{text} 谢谢", region="HK")
    assert parse(text, region="HK").error == "bad_phone"


@pytest.mark.parametrize("whose", ["", "李四", "李四 链家", "链家 李四"])
@pytest.mark.parametrize("is_listed", [False, True])
def test_the_first_path_is_taken(whose: str, is_listed: bool) -> None:
    known = Known(frozenset(AGENTS), frozenset(UNITS), AGENTS[0]) if is_listed else NOTHING_KNOWN
    plain = read_plain(fold_for_reading(f"报备 张三 138****5678 {whose}"), known)
    assert plain is not None
    (report,) = clients_named(plain)
    assert (report.agent, report.distributor) == ("李四" if whose else None, "链家" if "链家" in whose else None)


@pytest.mark.parametrize(
    "text",
    [
        "查询 138****5678", "成交 138****5678 李四", "王经理 138****5678 李四", "张三 138****5678",
        "报备 李四 138****5678", "报备 张三 138****5678 链家", "报备 张三 138****5678 王五", "报备 万科 138****5678",
        "报备 张三 138****5678 李四 周涛", "报备 张三 138****5678 李四 链家 急", "报备 张三已 138****5678",
        "报备 张三 138****5678 李四 急", "报备 欧阳娜 138****5678",
    ],
)  # fmt: skip
def test_what_is_not_plain_goes_to_the_lattice(text: str) -> None:
    known = Known(frozenset(AGENTS), frozenset([*UNITS, "急"]), AGENTS[0])
    assert read_plain(fold_for_reading(text), known) is None


def test_the_roster_tells_an_agent_from_a_unit() -> None:
    text = "张三 138****5678 正盛"
    (report,) = parse(text, lexicon=Lexicon(units=frozenset({"正盛"}))).reports
    assert (report.agent, report.distributor) == (None, "正盛")
    (report,) = parse(text, lexicon=Lexicon(people=frozenset({"正盛"}), sender="正盛")).reports
    assert (report.agent, report.distributor) == ("正盛", None)


SEEN = ["reports", "reports2", "reports3", "variants"]
ENOUGH, MOST_SILENT, MOST_FALSE = 0.96, 0.01, 0.02


@pytest.mark.parametrize("name", SEEN)
def test_what_it_has_learned_from_is_read_or_asked_back(name: str) -> None:
    """No evidence for texts that nobody has seen (`bench_reading` has that): it shows that weights and code fit."""
    rows = [sample for sample in corpus(name) if not sample.optional]
    ends = Counter(end_of(sample, as_read(parse(sample.text))) for sample in rows)
    assert ends["right"] + ends["asked right"] >= ENOUGH * len(rows), ends
    assert ends["silent"] <= MOST_SILENT * len(rows), ends
    assert ends["false"] <= MOST_FALSE * len(rows), ends


def test_what_a_decision_rests_on_covers_words_and_weights() -> None:
    assert digest() == READER, "The reader has changed: raise VERSION in rules/chain.py and put the digest beside it"


def learned_anew(seed: str) -> str:
    """Return a digest of what a fresh process learns from a few rows, its hashes seeded."""
    program = (
        "import hashlib; from tests.learning.course import halves_to_learn, stored, taught;"
        "one, other = (half[:12] for half in halves_to_learn());"
        "print(hashlib.sha256(stored(taught(one, other, 20, 10)).encode()).hexdigest())"
    )
    command = [sys.executable, "-c", program]
    environment = {"PYTHONHASHSEED": seed}
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment).stdout


def test_the_tables_hold_what_the_data_file_says() -> None:
    data = json.loads((ROOT / "parsers" / "data" / FILE).read_text(encoding="utf-8"))
    held = model()
    for name, table, width in (("lattice", held.lattice, len(LATTICE_TAGS)), ("tagger", held.tagger, len(TAGS))):
        assert {feature: list(row) for feature, row in table.items()} == {
            feature: row_of(pairs, width) for feature, pairs in data[name].items()
        }
        assert [list(row) for row in table.rows(["nobody's feature", *data[name]])] == [
            row_of(pairs, width) for pairs in data[name].values()
        ]
    for name, scores in (("verdict", held.verdict), ("assurance", held.assurance)):
        assert dict(scores) == data[name]
        assert scores.total(["nobody's feature", *data[name], *data[name]]) == sum(data[name].values())


def row_of(pairs: list[int], width: int) -> list[int]:
    row = [0] * width
    for index, weight in zip(pairs[::2], pairs[1::2], strict=True):
        row[index] = weight
    return row


def test_a_weight_that_a_table_cannot_hold_is_refused() -> None:
    with pytest.raises(OverflowError):
        Rows({"feature": [0, 40_000]}, 1)
    with pytest.raises(OverflowError):
        Scores({"feature": -40_000})


def test_learning_does_not_depend_on_the_order_of_hashes() -> None:
    assert learned_anew("1") == learned_anew("2")
