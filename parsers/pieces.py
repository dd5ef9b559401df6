"""The words of a text in their roles: cut at separators and labels, numbers between them (texts.md, section 1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from parsers.fields import LABEL, ROLES
from parsers.moments import blank_moments
from parsers.names import SURNAMES, is_address_alone
from parsers.phones import Phone, blank

_SEPARATOR: Final = re.compile(r"[\s,;.。、|@:!?=+~…\"“”#*\-/\[\]()_<>^&%$'‘’•\ufffd\ue000\ue001，；！？：]+")
_HIDDEN_NAME: Final = rf"(?<![\w*])[{''.join(sorted(SURNAMES))}]\*{{1,3}}[\u4e00-\u9fff]{{0,2}}(?![\w*])"
"""A name of which a part is hidden (张*, 张*先生, 李*明)."""
_WORD: Final = re.compile(_HIDDEN_NAME + r"|[^\s,;.。、|@:!?=+~…\"“”#*\[\]()_<>^&%$\ue000\ue001，；！？：\-]+")
_LATIN: Final = re.compile(r"[a-z][a-z'.]*")
_BLANKS: Final = re.compile(r" {1,4}")
_GIVEN: Final = re.compile(r"[\u4e00-\u9fff]")
_FIELD_END: Final = re.compile(r"[\n;,，；。]")


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of the skeleton between start and end; `role` is its label's, "" without one."""

    start: int
    end: int
    text: str
    role: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A label; its value begins at `end`."""

    start: int
    end: int
    role: str
    name: str


Item = Word | Label | Phone


def items_of(skeleton: str, phones: list[Phone]) -> list[Item]:
    """Return labels, words and numbers in text order."""
    plain = blank(skeleton, phones)
    labels = [
        Label(m.start(), m.end(), ROLES[m[m.lastgroup or "signed"]], m[m.lastgroup or "signed"])
        for m in LABEL.finditer(plain)
    ]
    plain = blank_moments(plain)
    words: list[Word] = []
    begin, role = 0, ""
    for label in [*labels, None]:
        end = label.start if label else len(plain)
        words += _field(plain, begin, end, role)
        if label:
            begin, role = label.end, label.role
    items: list[Item] = [*labels, *words, *phones]
    return sorted(items, key=lambda item: item.start)


def _field(plain: str, begin: int, end: int, role: str) -> Iterator[Word]:
    """Yield the words of a field: the first piece of its value has its role, what follows stands free."""
    value = plain[begin:end]
    lead = len(value) - len(value.lstrip(" \t\n:="))
    start = begin + lead
    stop_match = _FIELD_END.search(plain, start, end)
    stop = stop_match.start() if stop_match else end
    if role == "ignored":
        if "\n" in value[:lead]:
            stop = begin
        yield from _free(plain, max(stop, begin), end)
        return
    if role in ("client", "agent", "unit"):
        if role == "unit":
            raw = re.compile(r"[^\s,;，；。]+").match(plain, start, stop)
            if raw and "\ue000" not in raw[0]:
                yield Word(raw.start(), raw.end(), raw[0], role, first=True)
                yield from _free(plain, raw.end(), end)
                return
        first = True
        for word in _free(plain, start, end):
            own = first and word.start < stop
            yield Word(word.start, word.end, word.text, role if own or word.start < stop else "", first=own)
            first = False
        return
    yield from _free(plain, begin, end)


def _free(plain: str, begin: int, end: int) -> Iterator[Word]:
    """Yield the words of a stretch, names that are written apart (张 三, 张 先生) as one."""
    words = [*_apart(plain, begin, end), None]
    skip = False
    for word, following in pairwise(words):
        if skip:
            skip = False
        elif word and following and _is_one_name(plain, word, following):
            yield Word(word.start, following.end, plain[word.start : following.end], "")
            skip = True
        elif word:
            yield word


def _is_one_name(plain: str, word: Word, following: Word) -> bool:
    if word.text not in SURNAMES or not _BLANKS.fullmatch(plain, word.end, following.start):
        return False
    return bool(_GIVEN.fullmatch(following.text)) or is_address_alone(following.text)


def _apart(plain: str, begin: int, end: int) -> Iterator[Word]:
    pending: re.Match[str] | None = None
    start = begin
    for match in _WORD.finditer(plain, begin, end):
        latin = _LATIN.fullmatch(match[0])
        if pending is not None:
            if latin and _BLANKS.fullmatch(plain, pending.end(), match.start()):
                pending_end = match.end()
                yield Word(start, pending_end, plain[start:pending_end], "")
                pending = None
                continue
            yield Word(start, pending.end(), pending[0], "")
            pending = None
        if latin:
            pending, start = match, match.start()
        else:
            yield Word(match.start(), match.end(), match[0], "")
    if pending is not None:
        yield Word(start, pending.end(), pending[0], "")
