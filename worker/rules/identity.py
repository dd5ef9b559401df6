"""Who is the same client, agent or unit (rules.md, “Identity of a client”; decisions.md, section H)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from parsers.names import HONORIFICS
from parsers.simplified import simplify
from parsers.vocabulary import COMPOUND_SURNAMES

_DROPPED = re.compile(r"[\s.·•‧・･∙⋅。_\-'’]+")
_COUPLE = re.compile(r"夫妇|夫妻|两口子|[/／&＆+、]|和(?=.{2})")
_BEFORE_SURNAME = ("小", "老", "阿")
_LATIN = re.compile(r"[a-z]")
_TITLES = ("mr", "mrs", "ms", "miss", "dr")
_LONG_HONORIFICS = tuple(sorted((h for h in HONORIFICS if len(h) > 1 and not h.isascii()), key=len, reverse=True))
_SHORT_HONORIFICS = tuple(h for h in HONORIFICS if len(h) == 1)


@lru_cache(maxsize=8192)
def fold(name: str) -> str:
    """Return a name for comparison: width, case, diacritics, traditional characters, spaces and dots folded away."""
    return _DROPPED.sub("", _plain(name))


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", simplify(unicodedata.normalize("NFKC", name)))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@dataclass(frozen=True, slots=True)
class NameForm:
    """A name read for identity: `key` folded, without honorific; `bare`: a surname is all that is known."""

    key: str
    surnames: tuple[str, ...]
    bare: bool


@lru_cache(maxsize=8192)
def name_form(name: str) -> NameForm:
    """Return how a name counts for identity (H1–H6): the first of a couple, without honorific or 小, 老, 阿."""
    plain = _COUPLE.split(_plain(name), maxsplit=1)[0].strip()
    if _LATIN.search(plain):
        words = [w for w in re.split(r"[\s.,]+", plain) if w]
        names = [w for w in words if w not in _TITLES] or words
        return NameForm("".join(names), (names[0], names[-1]), bare=len(names) == 1 and len(words) > 1)
    folded = _DROPPED.sub("", plain)
    titles = [title for title in _LONG_HONORIFICS if folded.endswith(title) and folded != title]
    # 李春生 is a name: one character counts as an honorific only behind a bare surname.
    titles += [h for h in _SHORT_HONORIFICS if folded.endswith(h) and _is_surname(folded.removesuffix(h))]
    written = folded.removesuffix(titles[0]) if titles else folded
    core = written.rstrip("*×x某") or written
    if core != written and _is_surname(core):
        return NameForm(core, (core,), bare=True)
    if len(core) == 2 and core[0] in _BEFORE_SURNAME:
        core = core[1]
    surname = core[:2] if core[:2] in COMPOUND_SURNAMES else core[:1]
    return NameForm(core, (surname,), _is_surname(core))


def _is_surname(core: str) -> bool:
    return len(core) == 1 or core in COMPOUND_SURNAMES


def names_agree(one: str, other: str) -> bool:
    """Tell whether two names may be one client's: equal when folded, or a bare surname with its like."""
    a, b = name_form(one), name_form(other)
    if a.key == b.key:
        return True
    if not (a.bare or b.bare):
        return False
    bare, full = (a, b) if a.bare else (b, a)
    return bare.surnames[-1] in full.surnames


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are written as one: equal when folded, or but for an honorific behind a full name (H3)."""
    a, b = name_form(one), name_form(other)
    return fold(one) == fold(other) or (a.key == b.key and not a.bare and not b.bare)


def name_key(name: str) -> str:
    """Return the key under which equal names meet; a bare surname keeps its honorific's absence marked."""
    form = name_form(name)
    return form.key


_BRACKETS = re.compile(r"[(（\[【〔<《][^)）\]】〕>》]*[)）\]】〕>》]")
_ENDINGS = (
    "有限责任公司", "股份有限公司", "有限公司", "分公司", "公司", "集团", "房地产经纪", "房地产", "地产", "房产",
    "房屋", "置业", "中介", "经纪", "门店", "分店", "分行",
)  # fmt: skip
_BRANCH = re.compile(r".*(店|分行|分公司|分部|组|部)")


@lru_cache(maxsize=8192)
def unit_key(name: str) -> str:
    """Return a unit's name for comparison: without brackets, branch and the endings of companies (H12)."""
    key = fold(_BRACKETS.sub("", name)) or fold(name)
    while ending := next((e for e in _ENDINGS if key.endswith(e) and len(key) >= len(e) + 2), None):
        key = key.removesuffix(ending)
    return key


def is_branch_of(written: str, key: str) -> bool:
    """Tell whether a company as written is a branch of the unit with this key (链家翡翠路店 of 链家)."""
    folded = fold(_BRACKETS.sub("", written))
    return len(key) >= 2 and folded.startswith(key) and bool(_BRANCH.fullmatch(folded[len(key) :]))
