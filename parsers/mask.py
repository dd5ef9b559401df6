"""Whole mobile numbers are masked in a text before anything is written (reliability.md, point 2; R2).

What counts as a number: eleven digits that begin 13 … 19 in one run or in a usual grouping, in any script, ornament or in
Chinese numerals, with 86, +86, 0086 or 0 before them; numbers with another country's code; numbers of the site's own
region; longer runs that could hide one; and what tells the rest of a masked number (`remainders`). First 3 and last 4 stay, each hidden digit becomes one MASK_SIGN, so the
text keeps its length and the parser still sees how many digits stood there. Dates and times stay.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from parsers.digits import ANY_DIGIT, CHINESE_DIGITS, COMBINING, DIGIT, TRANSPARENT, digit_of
from parsers.disguises import disguises
from parsers.mobiles import MobileShape, leading_country_code, shape_of_code, shape_of_region
from parsers.remainders import remainders

MASK_SIGN: Final = "▒"
"""Stands for one hidden digit. Typed by a person it reads as a number that was whole, which harms nobody but him."""

_FEWEST: Final = 7
_NATIONAL: Final = 11
_HEAD, _TAIL = 3, 4
_ROUNDS: Final = 4

_SEPARATOR: Final = r"\s\-‐-―−－_＿.．。·•・‧,，、/／\\|｜~～()（）\[\]【】"
_GAP: Final = rf"[{TRANSPARENT}{COMBINING}{_SEPARATOR}]{{0,8}}"
_SEEN: Final = re.compile(rf"[{ANY_DIGIT}]")
_PLAIN_RUN: Final = re.compile(rf"[{DIGIT}](?:{_GAP}[{DIGIT}])*")
_MIXED_RUN: Final = re.compile(rf"[{ANY_DIGIT}](?:{_GAP}[{ANY_DIGIT}])*")
_UNSEEN: Final = re.compile(rf"[{TRANSPARENT}{COMBINING}]")
_ODD_GROUPS: Final = re.compile(rf"[{DIGIT}]{{3}}([^\w\s]{{1,3}})([{DIGIT}]{{4}})\1[{DIGIT}]{{4}}")
_WITH_CODE: Final = re.compile(
    rf"(?:[+＋]|(?<![\d:：])[0０]{{2}}|(?<!\d)(?=8(?:5[23]|86)))[\s(（]{{0,2}}([{DIGIT}](?:{_GAP}[)）]?[{DIGIT}])*)"
)
_PREFIXES: Final = ("86", "0086", "0", "860")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_DATE_AHEAD: Final = re.compile(r"20[2-4]\d(?:\s?年|\s?[-/.．]\s?\d{1,2}\s?[-/.．]\s?\d{1,2}|[01]\d[0-3]\d(?!\d))")
_TIMESTAMP: Final = re.compile(r"20[2-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])?(?:[0-5]\d){0,2}")

_CANONICAL: Final = {frozenset({3, 7}), frozenset({7}), frozenset({3})}
_ONE_BY_ONE: Final = frozenset(range(1, _NATIONAL))
_SIZES: Final = (
    (3, 2, 2, 2, 2), (1, 2, 2, 2, 2, 2), (2, 2, 2, 2, 2, 1), (3, 3, 5), (3, 5, 3), (2, 3, 3, 3), (4, 4, 3), (4, 3, 4),
    (5, 6), (6, 5), (3, 3, 3, 2), (3, 1, 1, 1, 1, 4), (3, 4, 1, 1, 1, 1), (7, 1, 1, 1, 1), (3, 1, 1, 1, 1, 1, 1, 1, 1),
    (3, 4, 4), (3, 8), (7, 4),
)  # fmt: skip


_ALIGNED: Final = {frozenset(accumulate(sizes[:-1])) for sizes in _SIZES}
"""Before which digits the groups of these sizes begin."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits of a run, where each stands in the text, and before which of them a separator stands."""

    digits: str
    places: tuple[int, ...]
    breaks: frozenset[int]

    def groups(self) -> Iterator[tuple[int, int]]:
        """Yield first and end of each group of digits that nothing visible divides."""
        first = 0
        for end in (*sorted(self.breaks), len(self.digits)):
            yield first, end
            first = end


def mask_numbers(text: str, region: str = "CN") -> str:
    """Return the text with every possible whole mobile number masked, its length unchanged; idempotent and total."""
    for _ in range(_ROUNDS):
        masked = _mask_once(text, region)
        if masked == text:
            break
        text = masked
    return text


def _mask_once(text: str, region: str) -> str:
    text = _hide(text, {place for start, end in disguises(text) for place in range(start, end)})
    if len(_SEEN.findall(text)) < _FEWEST:
        return text
    hidden: set[int] = set()
    for match in _WITH_CODE.finditer(text):
        run = next(_runs(text, *match.span(1)))
        hidden |= {run.places[o] for o in _foreign(run, text[match.start()] in "+＋0０")}
    text = _mask_runs(_hide(text, hidden), _PLAIN_RUN, region)
    # 138*1234*5678: a whole number may be divided by any sign, as long as it is twice the same.
    hidden = set()
    for match in _ODD_GROUPS.finditer(text):
        if _begins_mobile("".join(map(digit_of, text[match.start() : match.start() + _HEAD]))):
            hidden |= set(range(*match.span(2)))
    text = _mask_runs(_hide(text, hidden), _MIXED_RUN, region)
    return _hide(text, {place for start, end in remainders(text) for place in range(start, end)})


def _hide(text: str, places: set[int]) -> str:
    if not places:
        return text
    chars = list(text)
    for place in places:
        chars[place] = MASK_SIGN
    return "".join(chars)


def _mask_runs(text: str, pattern: re.Pattern[str], region: str) -> str:
    shape = None if region == "CN" else shape_of_region(region)
    fewest = _NATIONAL if shape is None else min((*shape.lengths, _NATIONAL))
    hidden: set[int] = set()
    for match in pattern.finditer(text):
        if match.end() - match.start() >= fewest:
            for run in _runs(text, match.start(), match.end()):
                if len(run.digits) >= fewest:
                    hidden |= _hidden(text, run, shape)
    return _hide(text, hidden)


def _runs(text: str, start: int, end: int) -> Iterator[_Run]:
    """Yield the runs of a stretch: digits, cut where more than three visible separators stand together."""
    digits: list[str] = []
    places: list[int] = []
    breaks: set[int] = set()
    gap = 0
    for place in range(start, end):
        char = text[place]
        if not _SEEN.match(char):
            gap += 0 if _UNSEEN.match(char) else 1
            continue
        if gap > _HEAD and digits:
            yield _Run("".join(digits), tuple(places), frozenset(breaks))
            digits, places, breaks = [], [], set()
        elif gap and digits:
            breaks.add(len(digits))
        digits.append(digit_of(char))
        places.append(place)
        gap = 0
    if digits:
        yield _Run("".join(digits), tuple(places), frozenset(breaks))


def _hidden(text: str, run: _Run, shape: MobileShape | None) -> set[int]:
    """Return the places to hide in a run: numbers in one piece first, then those in groups that remain."""
    ordinals: set[int] = set()
    for first, end in run.groups():
        ordinals |= _in_one_piece(text, run, first, end)
        if shape is not None and not ordinals & set(range(first, end)):
            ordinals |= _own_in_one_piece(run.digits[first:end], first, shape)
    ordinals |= _in_groups(text, run, ordinals)
    if shape is not None:
        ordinals |= _own_in_groups(run, ordinals, shape)
    return {run.places[o] for o in ordinals}


def _in_one_piece(text: str, run: _Run, first: int, end: int) -> set[int]:
    digits = run.digits[first:end]
    if len(digits) < _NATIONAL or not _MOBILE.search(digits):
        return set()
    # 〇 may be a mask sign between other digits (138〇〇〇〇5678): there is nothing to hide then.
    chars = "".join(text[p] for p in run.places[first:end])
    hides = chars[_HEAD:-_TAIL] == "〇" * (len(chars) - _HEAD - _TAIL)
    if hides and not {*chars[:_HEAD], *chars[-_TAIL:]} & {*CHINESE_DIGITS}:
        return set()
    # Country code or trunk digit before an otherwise exact national number are not its first three.
    before = (p for p in _PREFIXES if digits.startswith(p) and len(digits) == _NATIONAL + len(p))
    prefix = next((len(p) for p in before if _MOBILE.fullmatch(digits, len(p))), 0)
    return set(range(first + prefix + _HEAD, end - _TAIL))


def _in_groups(text: str, run: _Run, taken: set[int]) -> set[int]:
    ordinals: set[int] = set()
    edges = run.breaks | {0}
    for start in range(len(run.digits) - _NATIONAL + 1):
        if run.digits[start] != "1" or run.digits[start + 1] in "012":
            continue
        end = start + _NATIONAL
        inner = frozenset(b - start for b in range(start + 1, end) if b in run.breaks)
        if inner and _is_grouping(text, run, start, inner, start in edges) and taken.isdisjoint(range(start, end)):
            ordinals |= set(range(start + _HEAD, end - _TAIL))
    return ordinals


def _is_grouping(text: str, run: _Run, start: int, inner: frozenset[int], at_edge: bool) -> bool:
    end = start + _NATIONAL
    ends_group = end == len(run.digits) or end in run.breaks
    if inner == _ONE_BY_ONE:
        return True
    if inner in _CANONICAL:
        tail = start + max(inner)
        if tail == end - (_NATIONAL - _HEAD):
            return True
        # The last group may be another client's seven digits, or a date, and no part of this number.
        group_end = next((b for b in range(end, len(run.digits)) if b in run.breaks), len(run.digits))
        another = group_end - tail == _HEAD + _TAIL and _begins_mobile(run.digits[tail:])
        return not another and not _DATE_AHEAD.match(text, run.places[tail])
    # Four digits before a client's seven are a time (1530 138 5678).
    is_time = min(inner) == _TAIL and _begins_mobile(run.digits[start + _TAIL : end])
    return inner in _ALIGNED and at_edge and ends_group and not is_time


def _begins_mobile(digits: str) -> bool:
    return digits[0] == "1" and digits[1] in "3456789"


def _foreign(run: _Run, with_sign: bool) -> set[int]:
    """Return what to hide of a number written with another country's code."""
    code = leading_country_code(run.digits)
    if code is None or code == 86:
        return set()
    base = len(str(code))
    shape = shape_of_code(code)
    if shape.trunk and run.digits.startswith(shape.trunk, base):
        base += 1
    ends = [end for _, end in run.groups() if end > base]
    exact = next((end for end in ends if end - base in shape.lengths), None)
    longer = next((end for end in ends if end - base > max(shape.lengths, default=_NATIONAL)), None)
    end = exact or (longer if with_sign else None)
    if end is None or not (with_sign or end == len(run.digits)):
        return set()
    return set(range(base + _HEAD, end - _TAIL))


def _own_in_one_piece(digits: str, first: int, shape: MobileShape) -> set[int]:
    """Hide a number of the site's own region in one run of digits, or whatever longer run could hold one."""
    trunk = 1 if shape.trunk and digits.startswith(shape.trunk) else 0
    length = len(digits) - trunk
    if _TIMESTAMP.fullmatch(digits):
        return set()
    if length in shape.lengths and digits[trunk : trunk + _HEAD] in shape.beginnings:
        return set(range(first + trunk + _HEAD, first + len(digits) - _TAIL))
    shortest, longest = min(shape.lengths, default=_NATIONAL), max(shape.lengths, default=_NATIONAL)
    begins = (digits[i : i + _HEAD] for i in range(len(digits) - shortest + 1))
    if length > longest and any(three in shape.beginnings for three in begins):
        return set(range(first + _HEAD, first + len(digits) - _TAIL))
    return set()


def _own_in_groups(run: _Run, taken: set[int], shape: MobileShape) -> set[int]:
    """Hide numbers of the site's own region in two to four groups, or digit by digit."""
    ordinals: set[int] = set()
    groups = list(run.groups())
    for i, (first, _) in enumerate(groups):
        start = first + (1 if shape.trunk and run.digits.startswith(shape.trunk, first) else 0)
        if run.digits[start : start + _HEAD] in shape.beginnings:
            for count, (_, end) in enumerate(groups[i : i + max(shape.lengths)], 1):
                digits = range(start, end)
                grouped = 2 <= count <= 4 or count == len(digits)
                if len(digits) in shape.lengths and grouped and (taken | ordinals).isdisjoint(digits):
                    ordinals |= set(digits[_HEAD:-_TAIL])
                    break
    return ordinals
