"""What a row of the register is searched by: who stands in it, folded, and the initials of their pinyin.

It follows from the row and decides nothing, so it stands beside what the line decides: audits and seals leave it out.
First letters are pypinyin's table, frozen in initials.txt (L27); `python -m tests.initials` renews it.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from parsers.simplified import simplify
from parsers.vocabulary import COMPOUND_SURNAMES

SEARCHED: Final = "searched"
"""The column's name, in the tables that have it."""
_FIRST: Final = "\u4e00"
SURNAMES: Final = {
    "曾": "z", "单": "s", "解": "x", "仇": "q", "区": "o", "查": "z", "翟": "z", "尉": "y", "长": "c", "乐": "y",
    "种": "c", "员": "y", "召": "s", "覃": "q", "万": "w", "缪": "m", "朴": "p", "盖": "g", "隗": "w", "澹": "t",
}  # fmt: skip
"""Characters that a surname reads otherwise than a word does."""
_COMPOUND: Final = {"万俟": "mq", "单于": "cy", "尉迟": "yc", "长孙": "zs"}
_BESIDE: Final = re.compile(r"[·•‧・･∙⋅。.()（）\-'’*]+")
_WORD: Final = re.compile(r"[a-z]+|[^\W\d_a-z]+")
_LETTERS_AT_MOST: Final = 4
"""Who types more letters than a name has characters means a name in letters, of which he may know the middle."""


def _in_order(frozen: str) -> str:
    """Return the letter of each character from `_FIRST` on, a blank for those without: a dict would take megabytes."""
    lines = (line.partition(" ") for line in frozen.splitlines() if not line.startswith("#"))
    letters = {ord(character) - ord(_FIRST): letter for letter, _, characters in lines for character in characters}
    return "".join(letters.get(at, " ") for at in range(max(letters) + 1))


_LETTERS: Final = _in_order(files("worker.store").joinpath("initials.txt").read_text("utf-8"))


@lru_cache(maxsize=4_096)
def folded(words: str) -> str:
    """Return words as they are searched: of one width, simplified, in lower case, without dots and diacritics."""
    decomposed = unicodedata.normalize("NFKD", simplify(unicodedata.normalize("NFKC", words)))
    plain = "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
    return " ".join(_BESIDE.sub("", plain).split())


@lru_cache(maxsize=4_096)
def initials(name: str) -> str:
    """Return the first letters of a name's pinyin, and of its Latin words: zs of 张三, js of John Smith."""
    plain = folded(name)
    return "".join(_letters(word) for word in _WORD.findall(plain))


def _letters(word: str) -> str:
    if word[0].isascii():
        return word[0]
    begin = _COMPOUND.get(word[:2], "") if word[:2] in COMPOUND_SURNAMES else SURNAMES.get(word[0], "")
    return begin + "".join(map(_letter, word[len(begin) :]))


def _letter(character: str) -> str:
    at = ord(character) - ord(_FIRST)
    return _LETTERS[at].strip() if 0 <= at < len(_LETTERS) else ""


def searched_of(client: str, agent: str, unit: str) -> str:
    """Return what a row with these names is searched by; a blank stands before each word."""
    words = [folded(name) for name in (client, agent, unit)] + [initials(name) for name in (client, agent)]
    return "".join(f" {word}" for word in dict.fromkeys(words) if word)


def needle_of(word: str) -> str:
    """Return what to look for in `searched_of` for a word that somebody typed; a few letters begin a word there."""
    plain = folded(word)
    letters = plain.isascii() and plain.isalpha() and len(plain) <= _LETTERS_AT_MOST
    return f" {plain}" if letters else plain


def of_row(row: Mapping[str, Any]) -> str:
    """Return what a row of the register is searched by."""
    return searched_of(row["client"], row["agent"], row["unit"])
