"""A text as it is read: what nobody sees taken away, and a skeleton of equal length in which grammar is looked for.

Values are cut from `clean`, so they come out as written; the skeleton only tells where they are.
"""

import re
from dataclasses import dataclass
from typing import Final

from parsers.digits import DIGIT, TRANSPARENT, digit_of
from parsers.mask import MASK_SIGN
from parsers.simplified import SIMPLIFIED

_STARS: Final = "×✕✖✗✘＊∗⁎✱✲✳❋●○◯■□◆◇★☆▲△◎⊙█▇▓▪▫◼◻⚫⚪⭐※◦﹡⁕٭◌⚹ⅹⅩ╳☓⨯⨉〤ㄨ✴❌❎⬛⬜◽◾"
_HYPHENS: Final = "‐‑‒–—―−－─━﹣﹘"
_DOTS: Final = "•‧・･∙⋅●"
_OPENING: Final = "【〔「『《〖〈［"
_CLOSING: Final = "】〕」』》〗〉］"
_ORDINALS: Final = "①②③④⑤⑥⑦⑧⑨⑩❶❷❸❹❺❻❼❽❾❿➀➁➂➃➄➅➆➇➈⑴⑵⑶⑷⑸⑹⑺⑻⑼⒈⒉⒊⒋⒌⒍⒎⒏⒐"


def _table() -> dict[int, str]:
    table = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
    table |= {code: chr(0x20) for code in (0xA0, 0x3000, *range(0x2000, 0x200B), 0x202F, 0x205F)}
    table |= SIMPLIFIED
    for chars, canonical in (
        (_HYPHENS, "-"),
        (_DOTS, "·"),
        (_STARS, "*"),
        (_OPENING, "["),
        (_CLOSING, "]"),
        ("〜∼", "~"),
        ("﹟", "#"),
        ("﹖", "?"),
        ("﹒", "."),
        ("﹍﹎‗", "_"),
        ("хХχΧⓧⓍ", "x"),
    ):
        table |= {ord(char): canonical for char in chars}
    table |= {code: chr(code + 0x20) for code in range(ord("A"), ord("Z") + 1)}
    table |= {0xFF21 + i: chr(ord("a") + i) for i in range(26)}
    return table | {ord("⋯"): "…", ord("︰"): ":", ord("∶"): ":", ord("┃"): "|", ord("│"): "|"}


_TABLE: Final = _table()
_FOLD_ORDINALS: Final = {ord(char): " " for char in _ORDINALS}
_UNSEEN: Final = re.compile(f"[{TRANSPARENT}]+")
_KEYCAP: Final = re.compile("[0-9*#]\ufe0f?\u20e3")
_BREAK: Final = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_UNFIT: Final = re.compile("[\x00-\x09\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff]")
_ODD: Final = re.compile("[^\n -~\u4e00-\u9fff，。：；、（）]")
_ORNAMENT: Final = re.compile("[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_OTHER_DIGIT: Final = re.compile(rf"(?![0-9])[{DIGIT}]")


@dataclass(frozen=True, slots=True)
class Reading:
    """`clean`: the text without invisible signs. `skeleton`: equally long; width, case, script and signs folded."""

    clean: str
    skeleton: str


def fold_for_reading(text: str) -> Reading:
    """Return the reading of a text; total: lone surrogates become U+FFFD, control characters blanks."""
    if not _ODD.search(text):
        return Reading(text, text.translate(_TABLE))
    if "\u20e3" in text and MASK_SIGN not in text:
        text = _KEYCAP.sub(" ", text)
    text = _BREAK.sub("\n", _UNSEEN.sub("", text))
    clean = _UNFIT.sub(lambda m: "\ufffd" if "\ud800" <= m[0] <= "\udfff" else " ", text)
    folded = clean if MASK_SIGN in clean else clean.translate(_FOLD_ORDINALS)
    folded = _ORNAMENT.sub(" ", folded.translate(_TABLE))
    return Reading(clean, _OTHER_DIGIT.sub(lambda m: digit_of(m[0]), folded))
