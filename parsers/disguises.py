"""Whole numbers that are written so that no run of digits shows them: in letters, words, codes, or with words between (L14).

What is found is hidden by `parsers.mask`; nothing is read by it.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

from parsers.digits import CHINESE_DIGITS, DIGIT, digit_of

Span = tuple[int, int]

_D: Final = f"[{DIGIT}]"
_UNITS: Final = "万亿千百元平㎡米室栋幢楼号年月日时点分组人套岁"
_SAME_BETWEEN: Final = re.compile(
    rf"(?<!{_D})[1１][3-9３-９]{_D}([^\d\n{_UNITS}]{{1,8}})({_D}{{4}})\1{_D}{{4}}(?!{_D})"
)
"""138然后1234然后5678: twice the same between the groups, and no unit of measure."""
_ONE_BY_ONE: Final = re.compile(rf"(?<!{_D})[1１]([^\d\s]{{1,3}})[3-9３-９](?:\1{_D}){{9}}(?!{_D})")
_LOOK_ALIKE: Final = {
    "O": "0", "o": "0", "○": "0", "洞": "0", "l": "1", "I": "1", "|": "1", "B": "8", "拐": "7", "勾": "9", "两": "2", "兩": "2",
} | {chr(0x3280 + i): str(i + 1) for i in range(9)}  # fmt: skip
"""Letters that look like digits, numerals as they are called out, and those in circles."""
_ANY: Final = rf"[{DIGIT}{''.join(CHINESE_DIGITS)}{''.join(map(re.escape, _LOOK_ALIKE))}]"
_LOOKS_LIKE: Final = re.compile(rf"(?<![A-Za-z0-9])(?=({_ANY}(?:[ \-.]{{0,2}}{_ANY}){{10}})(?![A-Za-z0-9]))")
_LETTERS: Final = frozenset("OolI|B")
_FEWEST_TRUE: Final = 5
_WORD: Final = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_IN_WORDS: Final = re.compile(rf"\b{_WORD}(?:[\s,.\-]{{1,3}}{_WORD}){{10}}\b", re.IGNORECASE)
_ONE_WORD: Final = re.compile(_WORD, re.IGNORECASE)
_ESCAPED: Final = re.compile(r"(?:&#(?:x3|5|4|X3)[0-9];|%3[0-9]|\\u003[0-9]|\\x3[0-9]){7,}")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/_-]{15,}={0,2}")
_BACKWARDS: Final = re.compile(rf"[倒反][^\d\n]{{0,8}}({_D}{{4}})({_D}{{4}}){_D}[3-9３-９][1１](?!{_D})")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_BYTES: Final = re.compile(rb"1[3-9][0-9](?:[ \-.]?[0-9]){8}")
_FIRST, _LAST = 3, 7
"""Of eleven digits, those between the first three and the last four."""


def disguises(text: str) -> Iterator[Span]:
    """Yield what is to be hidden of numbers in disguise."""
    yield from (match.span(2) for match in _SAME_BETWEEN.finditer(text))
    yield from (match.span(2) for match in _BACKWARDS.finditer(text))
    yield from (match.span() for match in _ESCAPED.finditer(text))
    yield from (match.span() for match in _BASE64.finditer(text) if _decodes_to_number(match[0]))
    for match in _ONE_BY_ONE.finditer(text):
        yield from _middle(match.start(), re.finditer(_D, match[0]))
    for match in _IN_WORDS.finditer(text):
        yield from _middle(match.start(), _ONE_WORD.finditer(match[0]))
    for match in _LOOKS_LIKE.finditer(text):
        digits = list(re.finditer(_ANY, match[1]))
        true = sum(each[0] not in _LETTERS for each in digits)
        # 138oooo5678: signs that hide.
        hides = {each[0] for each in digits[_FIRST:_LAST]} <= {*"OoB○〇"}
        if (
            true >= _FEWEST_TRUE
            and not hides
            and _MOBILE.fullmatch("".join(_LOOK_ALIKE.get(each[0]) or digit_of(each[0]) for each in digits))
        ):
            yield from _middle(match.start(), iter(digits))


def _middle(start: int, digits: Iterator[re.Match[str]]) -> Iterator[Span]:
    for each in list(digits)[_FIRST:_LAST]:
        yield start + each.start(), start + each.end()


def _decodes_to_number(code: str) -> bool:
    """Tell whether base64 holds a mobile number, wherever in the run it begins."""
    bare = code.rstrip("=").replace("-", "+").replace("_", "/")
    for begin in range(4):
        part = bare[begin:]
        part = part[: len(part) - 1] if len(part) % 4 == 1 else part
        if _MOBILE_BYTES.search(base64.b64decode(part + "=" * (-len(part) % 4))):
            return True
    return False
