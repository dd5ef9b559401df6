"""What the register is searched by: names folded, and the initials of their pinyin, by pypinyin's frozen table."""

import pytest

from tests.initials import FROZEN, frozen_form, of_pypinyin
from worker.store.search_words import initials, needle_of, searched_of


def test_the_frozen_table_is_what_pypinyin_gives_for_each_character() -> None:
    release = FROZEN.read_text("utf-8").split(",", 1)[0].removeprefix("# pypinyin ")
    assert frozen_form(of_pypinyin(), release) == FROZEN.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张三", "zs"),
        ("張三", "zs"),
        ("欧阳明", "oym"),
        ("单于飞", "cyf"),
        ("曾国藩", "zgf"),
        ("买买提·艾力", "mmtal"),
        ("John Smith", "js"),
        ("#12", ""),
    ],
)
def test_initials_are_those_of_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("typed", "fits"),
    [("zs", True), ("ZS", True), ("ls", True), ("s", False), ("sz", False), ("張", True), ("鏈家", True), ("%", False)],
)
def test_a_few_letters_begin_a_name_and_other_words_stand_anywhere_in_one(typed: str, fits: bool) -> None:
    assert (needle_of(typed) in searched_of("张三", "李四", "链家")) == fits


def test_whoever_types_a_name_in_letters_may_know_its_middle() -> None:
    assert needle_of("smith") in searched_of("John Goldsmith", "-", "链家")
