"""Traditional script is read and compared as simplified script, by OpenCC's frozen table (reading.md; L27)."""

import pytest
from opencc import OpenCC

from parsers.mask import mask_numbers
from parsers.names import looks_like_person
from parsers.normalise import fold_for_reading
from parsers.parse import parse
from parsers.simplified import SIMPLIFIED, simplify
from parsers.vocabulary import SURNAMES
from tests.learning.simplified import FROZEN, digest_of, frozen_form, of_opencc
from worker.rules.identity import fold, names_agree


def test_the_frozen_table_is_what_opencc_gives_for_each_character() -> None:
    assert {chr(old): new for old, new in SIMPLIFIED.items()} == of_opencc()


def test_the_file_carries_its_source_and_digest() -> None:
    head, body = FROZEN.read_text("utf-8").split("\n", 1)
    assert head.startswith("# OpenCC ")
    assert head.endswith(digest_of(body))
    release = head.split()[2].rstrip(",")
    assert frozen_form(of_opencc(), release) == FROZEN.read_text("utf-8")


def test_every_surname_is_known_in_traditional_script() -> None:
    written = [chr(old) for old, new in SIMPLIFIED.items() if new in SURNAMES]
    assert len(written) > 150
    unknown = [s for s in written if not looks_like_person(fold_for_reading(f"{s}大明").skeleton)]
    assert unknown == []


@pytest.mark.parametrize(
    ("written", "skeleton"),
    [
        ("鏈家榮強", "链家荣强"),
        ("鍾偉", "钟伟"),
        ("葉小姐", "叶小姐"),
        ("閆麗娟", "闫丽娟"),
        ("客戶姓名：歐陽鳳儀", "客户姓名:欧阳凤仪"),
        ("經紀人：嚴謹", "经纪人:严谨"),
        ("預計到訪時間", "预计到访时间"),
        ("𠗣𡞵", "㓆㛟"),  # beyond the basic plane
        ("\U0002f801", "丸"),  # a compatibility form of 丸
    ],
)
def test_a_skeleton_is_simplified_and_as_long_as_the_text(written: str, skeleton: str) -> None:
    reading = fold_for_reading(written)
    assert reading.skeleton == skeleton
    assert len(reading.skeleton) == len(reading.clean)
    assert reading.clean == written


def test_values_stay_as_written() -> None:
    (report,) = parse("報備 鍾偉 138****5678 鏈家榮強").reports
    assert (report.client, report.agent, report.distributor) == ("鍾偉", "榮強", "鏈家")


@pytest.mark.parametrize(
    "written", ["鏈家榮強", "葉小姐", "鍾偉", "歐陽先生", "餘慶", "於先生", "蕭蕭", "乾", "陳乾", "李著", "范後"]
)
def test_names_are_compared_as_opencc_would_convert_them(written: str) -> None:
    assert fold(written) == fold(OpenCC("t2s").convert(written)) == simplify(written)


@pytest.mark.parametrize(("written", "by_phrase"), [("乾隆", "乾隆"), ("魏徵", "魏徵"), ("李乾坤", "李乾坤")])
def test_where_opencc_looks_at_the_phrase_the_character_decides_here(written: str, by_phrase: str) -> None:
    """乾 and 徵 become 干 and 征 everywhere: both spellings of such a name still meet."""
    assert OpenCC("t2s").convert(written) == by_phrase
    assert fold(written) == fold(simplify(written)) != by_phrase
    assert names_agree(written, simplify(written))


@pytest.mark.parametrize("numeral", ["參", "叄", "叁", "\uf9d1", "\uf9b2"])
def test_a_whole_number_in_traditional_numerals_is_masked_and_read(numeral: str) -> None:
    text = f"報備 張三 壹叁捌伍伍伍伍伍陸柒{numeral} 鏈家李四"
    masked = mask_numbers(text)
    assert masked.count("▒") == 4
    assert parse(masked) == parse(text)
    assert parse(text).error == "full_phone_given"
