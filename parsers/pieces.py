"""A text in pieces: numbers, moments, and words cut where a part of a report may begin or end.

A piece is the smallest thing that a reading can give a role to; parts are one piece or several in a row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from parsers.phones import Phone
from parsers.vocabulary import COMPOUND_SURNAMES, NICK, SURNAMES, TABLE, WordTable

_NUMBER, _MOMENT = "\ue000", "\ue001"
_TOKEN: Final = re.compile(rf"{_NUMBER}+|{_MOMENT}+|[^\W_]+(?:['’&]+[^\W_]+|\*{{1,3}}(?![*\d])[^\W\d_]*)*")
_SCRIPT_CHANGE: Final = re.compile(r"(?<=[a-z0-9])(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])(?=[a-z0-9])")
_BLANK_LINE: Final = re.compile(r"\n\s*\n")
_GAPS: Final = (
    ("colon", re.compile(r"[:=>→➡﹕∶]")),
    ("open", re.compile(r"[(\[{<]")),
    ("close", re.compile(r"[)\]}]")),
    ("stop", re.compile(r"[.!?~…]|。")),
    ("comma", re.compile(r"[,;、，；]")),
    ("bar", re.compile(r"\|")),
    ("slash", re.compile(r"/|\\")),
    ("dash", re.compile(r"[-_—]")),
    ("sign", re.compile(r"[^\s]")),
)
"""What may stand between two pieces, the strongest first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start` to `end` of the skeleton. `kind`: number, moment, word. `gap`: what stands before it."""

    start: int
    end: int
    kind: str
    gap: str
    text: str
    phone: Phone | None = None


def pieces_of(
    skeleton: str, phones: Sequence[Phone], moments: Iterable[tuple[int, int]], listed: WordTable | None = None
) -> list[Piece]:
    """Return the pieces of a skeleton in order; linear. `listed` has the site's names, which divide runs as well."""
    covered: list[str] = []
    last = 0
    for start, end, sign in sorted([(p.start, p.end, _NUMBER) for p in phones] + [(s, e, _MOMENT) for s, e in moments]):
        if start >= last:
            covered += (skeleton[last:start], sign * (end - start))
            last = end
    plain = "".join((*covered, skeleton[last:]))
    starts = {phone.start: phone for phone in phones}
    pieces: list[Piece] = []
    last = 0
    for token in _TOKEN.finditer(plain):
        gap = gap_of(plain[last : token.start()]) if pieces else "begin"
        begin = token.start()
        if plain[begin] == _NUMBER:
            while begin < token.end():
                phone = starts[begin]
                pieces.append(Piece(phone.start, phone.end, "number", gap, "", phone))
                begin, gap = phone.end, "glued"
        elif plain[begin] == _MOMENT:
            pieces.append(Piece(begin, token.end(), "moment", gap, skeleton[begin : token.end()]))
        else:
            for start, end in _divided(plain, begin, token.end(), listed):
                pieces.append(Piece(start, end, "word", gap, plain[start:end]))
                gap = "glued"
        last = token.end()
    return pieces


def gap_of(between: str) -> str:
    """Return the class of what stands between two pieces: glued, blank, a sign, line, or paragraph."""
    if not between:
        return "glued"
    if between == " ":
        return "blank"
    if between == "·":
        return "dot"
    if "\n" in between:
        if _GAPS[0][1].search(between.partition("\n")[0]):
            return "colon-line"
        return "paragraph" if _BLANK_LINE.search(between) else "line"
    return next((name for name, pattern in _GAPS if pattern.search(between)), "blank")


def _divided(plain: str, begin: int, end: int, listed: WordTable | None) -> Iterator[tuple[int, int]]:
    words = _words(plain, begin, end, TABLE)
    cuts = {begin, end, *(place for word in words for place in word)}
    cuts.update(m.start() for m in _SCRIPT_CHANGE.finditer(plain, begin, end))
    if end - begin > 2:
        covered = {place for start, stop in words for place in range(start + 1, stop)}
        # Names may end that begin at a cut, and begin that end at one (surname and one or two signs).
        names: set[int] = set()
        for cut in cuts:
            head = plain[cut : cut + 2]
            if head in COMPOUND_SURNAMES:
                names |= {cut + 3, cut + 4}
            elif head[:1] in SURNAMES or head[:1] in NICK:
                names |= {cut + 2, cut + 3}
            for start in range(max(cut - 4, begin + 1), cut - 1):
                one = cut - start < 4 and plain[start] in SURNAMES
                nick = cut - start == 2 and plain[start] in NICK
                if one or nick or (cut - start > 2 and plain[start : start + 2] in COMPOUND_SURNAMES):
                    names.add(start)
        cuts |= {at for at in names if begin < at < end and at not in covered and plain[at] != "*"}
    if listed is not None:
        cuts.update(place for word in _words(plain, begin, end, listed) for place in word)
    places = sorted(cuts)
    return pairwise(places)


def _words(plain: str, begin: int, end: int, table: WordTable) -> list[tuple[int, int]]:
    """Return the table's words in a run, each the longest at its place, none inside another."""
    words: list[tuple[int, int]] = []
    start = begin
    while start < end:
        stop = table.longest_at(plain, start, end)
        if stop > start:
            # A Latin word is no part of a longer one.
            before = start > begin and plain[start].isascii() and plain[start - 1].isascii()
            behind = stop < end and plain[stop - 1].isascii() and plain[stop].isascii() and plain[stop].isalpha()
            if not before and not behind:
                words.append((start, stop))
                start = stop
                continue
        start += 1
    return words
