"""Digits in every spelling a person may use, and the signs that stand between them without being text."""

import unicodedata
from typing import Final

CHINESE_DIGITS: Final = {
    "〇": "0", "零": "0", "一": "1", "幺": "1", "壹": "1", "二": "2", "贰": "2", "貳": "2", "三": "3", "叁": "3",
    "參": "3", "叄": "3", "四": "4", "肆": "4", "五": "5", "伍": "5", "六": "6", "陆": "6", "陸": "6", "七": "7", "柒": "7",
    "八": "8", "捌": "8", "九": "9", "玖": "9", "\uf9b2": "0", "\uf9d1": "6", "\uf9d3": "6",
}  # fmt: skip
"""Numerals that spell a number digit by digit; 十 and 百 are counts and do not occur in telephone numbers."""

_FANCY = "²³¹⁰⁴-⁹₀-₉①-⑨⓪⓿⓵-⓽⑴-⑼⒈-⒐❶-❾➀-➈➊-➒🄁-🄊🄋🄌"
DIGIT: Final = rf"\d{_FANCY}"
"""Inside of a character class: every character that is one decimal digit, in any script or ornament."""

ANY_DIGIT: Final = DIGIT + "".join(CHINESE_DIGITS)
"""Inside of a character class: DIGIT and the Chinese numerals."""

TRANSPARENT: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
"""Inside of a character class: characters nobody sees; a reader takes them away before anything else."""

COMBINING: Final = "\u0300-\u036f\u20d0-\u20e2"
"""Inside of a character class: strokes and accents laid over the character before them."""


def digit_of(char: str) -> str:
    """Return the ASCII digit a character of ANY_DIGIT stands for."""
    if char in CHINESE_DIGITS:
        return CHINESE_DIGITS[char]
    value = unicodedata.digit(char, None)
    return str(value) if value is not None else str(int(unicodedata.numeric(char, 0.0)) % 10)
