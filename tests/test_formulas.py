"""What a spreadsheet would take for a formula leaves us as a text."""

import pytest

from worker.files.exports import safe


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "|", "＝", "＋", "－", "＠", "｜"])
@pytest.mark.parametrize(
    "before", ["", " ", "\u200b", "\ufeff", "\t", "\r", "\u3000\u2060", ";", "张三;", "张三\t\u200b", '张",']
)
def test_no_text_is_a_formula_whatever_stands_before_its_sign(before: str, sign: str) -> None:
    assert f"'{sign}" in safe(before + sign) or safe(before + sign) == "'" + before + sign
    assert safe(safe(before + sign)) == safe(before + sign)


@pytest.mark.parametrize(
    "text", ["张三", "138****5678", "2026-01-02 10:00", "李·四", "R1", "a=b", "a-b", "'李", "有效；无"]
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe(text) == text
