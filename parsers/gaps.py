"""What may stand between the first three and the last four digits of a number: signs, next to nothing, or words."""

import re
import tomllib
from importlib.resources import files
from typing import Final

from parsers.trie import words_pattern

LONGEST_GAP: Final = 40
LONGEST_FAULTY_MASK: Final = 8

_MASK: Final = re.compile(r"[\s()\[\]*x#?~_\-.·…o^%&$▒。〇'\"]+")
_STAR: Final = re.compile(r"[*x…▒〇]")
_SIGN: Final = re.compile(r"[^\s()\[\]]")
_SIGNS: Final = re.compile(r"(?:[^\w\n\ue000]|_|[xo])+")
"""Any signs at all: with several of them, digits of the right count on both sides are a number."""
_ONE_CHARACTER: Final = re.compile(r"\s?([^\W\d])\1{2,7}\s?")
"""Any letter again and again."""
_NEXT_TO_NOTHING: Final = re.compile(r"\s{0,8}(?:[#?~_\-.·/,、|+=。;`o(\[])?\s{0,8}")

_KINDS: Final = tomllib.loads(files("parsers").joinpath("data", "gaps.toml").read_text("utf-8"))
_HIDING: Final[list[str]] = _KINDS["hiding"].split()
_TELLING_WORDS: Final[list[str]] = [*_HIDING, *_KINDS["parts"].split()]
_TELLING: Final = re.compile(rf"\*|{words_pattern(_TELLING_WORDS)}")
_WORDS: Final = re.compile(
    rf"(?:[\s()\[\],、:;*\-.…·。\"'|/=~_]|{words_pattern([*_TELLING_WORDS, *_KINDS['beside'].split()])})++"
)
_IN_OWN_WORDS: Final = re.compile(
    r"[\s,]{0,2}\(中间[^()0-9\n\ue000]{0,16}\)\s?"
    rf"|[\s,(]{{0,3}}(?:中间|当中|{words_pattern(_HIDING)})[^0-9\n。;\ue000]{{0,14}}?"
    r"(?:尾号|尾数|末四位?|后四位?|后面|最后)(?:四?[位个])?(?:数字?|号码?)?(?:是|为)?[\s:(]{0,3}"
)
"""A remark in anybody's words, announced by 中间 or by a word of hiding, and closed by the name of the last digits."""


def is_mask(gap: str) -> bool:
    """Tell whether a gap hides digits, whatever their count on either side."""
    return bool(_MASK.fullmatch(gap)) and (bool(_STAR.search(gap)) or count_of_signs(gap) > 1)


def joins(gap: str) -> bool:
    """Tell whether a gap makes three digits that begin a mobile number and four behind it one number."""
    if (
        _NEXT_TO_NOTHING.fullmatch(gap)
        or _ONE_CHARACTER.fullmatch(gap)
        or (_SIGNS.fullmatch(gap) and count_of_signs(gap) > 1)
    ):
        return True
    return bool(_TELLING.search(gap) and (_WORDS.fullmatch(gap) or _IN_OWN_WORDS.fullmatch(gap)))


def count_of_signs(gap: str) -> int:
    """Return how many signs stand in a gap, brackets apart."""
    return len(_SIGN.findall(gap))
