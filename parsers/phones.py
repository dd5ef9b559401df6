"""Telephone numbers of a text: first three and last four, under whatever mask, or what is wrong with them (R2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from parsers.columns import in_columns
from parsers.digits import CHINESE_DIGITS
from parsers.gaps import LONGEST_FAULTY_MASK, LONGEST_GAP, count_of_signs, is_mask, joins
from parsers.glued import end_of_number
from parsers.halves import halves
from parsers.marks import GONE, HIDDEN, mark_hidden
from parsers.mask import MASK_SIGN, mask_numbers
from parsers.mobiles import MobileShape, leading_country_code, shape_of_code, shape_of_region
from parsers.normalise import fold_for_reading
from parsers.simplified import simplify
from parsers.two_fields import in_two_fields

_HEAD, _TAIL = 3, 4
_DIGITS: Final = re.compile(r"[0-9]+")
_NOT_A_TAIL: Final = re.compile(r"\s?[年万元㎡平米室栋幢房]|[-/.]\d{1,2}(?!\d)|:\d\d")
_CODE_BEFORE: Final = re.compile(r"(?:(\+|00)\s?)?\(?\+?(?<!\d)(\d{1,5})\)?[\s\-)]{0,3}$")
_LETTERS_BEHIND: Final = re.compile(r"[a-z]{1,8}")
_MOBILE_HEADS: Final = tuple(f"1{n}" for n in range(3, 10))
_MASK_BEHIND: Final = re.compile(r"\s?[*x…]{1,12}")
_MASK_BEFORE: Final = re.compile(r"[*x…]{1,12} ?$")
_THIRD_GROUP: Final = re.compile(r"([\s\-./])\d{3}(?!\d|\s?[人万元年平㎡米岁室号点%:]|[\s\-./*x]{1,8}\d{4})")
_LETTERED: Final = re.compile(r"(?<![a-z])[a-z]{1,2}$")
_DATE_DIGITS: Final = re.compile(r"20\d\d[01]\d[0-3]\d(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?")

_NUMERALS: Final = {simplify(numeral): digit for numeral, digit in CHINESE_DIGITS.items()}
_CHINESE: Final = "".join(_NUMERALS)
_S: Final = r"[\s\-_.。·•・‧,，、/\\|~()\[\]*+#]{0,3}"
_D: Final = rf"[0-9{_CHINESE}]"
_WAS_FULL: Final = re.compile(rf"({_D}){_S}({_D}){_S}({_D}){_S}({MASK_SIGN}(?:{_S}{MASK_SIGN})*)((?:{_S}{_D}){{4}})")
_TOLD: Final = (
    re.compile(rf"(?<![0-9])([0-9]{{3}}){MASK_SIGN}{{1,4}}(?=[*x…#·.\-_~?])[*x…#·.\-_~?]{{1,8}}([0-9]{{0,4}})"),
    re.compile(
        rf"(?<![0-9])([0-9]{{3}})[ ,]?中间[^0-9{MASK_SIGN}]{{0,4}}{MASK_SIGN}{{4,5}}[^0-9]{{0,4}}([0-9]{{4}})(?![0-9])"
    ),
    re.compile(
        rf"(?<![0-9])([0-9]{{3}})[ ]?[*x…#·.。\-_~?某^]{{1,8}}[ ]?([0-9]{{4}})(?![0-9])[ (\[,]{{0,4}}[中间四位数字4是为:]{{0,6}} ?{MASK_SIGN}{{4,8}}[)\]]?"
    ),
)
_SPELLED: Final = re.compile(rf"[{_CHINESE}]{{3}}")
_RUN: Final = re.compile(rf"[{_CHINESE}]+|[0-9]+")
_SPACED: Final = re.compile(
    r"(?<![0-9])([0-9])[ .\-]([0-9])[ .\-]([0-9])[ .\-]{0,3}\*[* .\-]{0,16}([0-9])[ .\-]([0-9])[ .\-]([0-9])[ .\-]([0-9])(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number between `start` and `end`; faulty ones keep what was read. `loose`: only a label makes it a number.

    `partial`: one field alone or a landline, which is a number only of a report, and elsewhere may name a claim (尾号5678).
    """

    start: int
    end: int
    first3: str
    last4: str
    was_full: bool = False
    faulty: bool = False
    loose: bool = False
    partial: bool = False

    @property
    def kind(self) -> str:
        """Return the one word for what it is: part, loose, faulty, whole, or masked."""
        kinds = (("part", self.partial), ("loose", self.loose), ("faulty", self.faulty), ("whole", self.was_full))
        return next((kind for kind, is_so in kinds if is_so), "masked")


def find_phones(skeleton: str, region: str) -> list[Phone]:
    """Return the numbers of a skeleton in text order, not overlapping; linear."""
    shape = shape_of_region(region)
    found: list[Phone] = []
    if MASK_SIGN in skeleton:
        for match in _WAS_FULL.finditer(skeleton):
            first3, last4 = _ascii(match[1] + match[2] + match[3]), _ascii(match[5])
            start, own = _code_before(skeleton, match.start(), shape)
            glued = skeleton[match.end() : match.end() + 1].isdigit() and last4.isascii()
            fits = own.may_begin(first3) and match[4].count(MASK_SIGN) + 7 in own.lengths and not glued
            found.append(Phone(start, match.end(), first3, last4, was_full=fits, faulty=not fits))
        skeleton = blank(skeleton, found)
        told = []
        for match in (m for pattern in _TOLD for m in pattern.finditer(skeleton)):
            # A masked number of which other digits stood there as well (L14).
            fits = match.re is not _TOLD[0] and shape.may_begin(match[1])
            told.append(Phone(*match.span(), match[1], match[2][-_TAIL:], was_full=fits, faulty=not fits))
        found += told
        skeleton = blank(skeleton, told)
    marked = mark_hidden(skeleton)
    for finder in (_columns, _fields, _spelled, _spaced, _masked):
        new = list(finder(marked, shape))
        marked = blank(marked, new)
        found += new
    if all(phone.loose for phone in found):
        found += [Phone(*half, faulty=True, partial=True) for half in halves(marked)]
    return sorted(found, key=lambda p: p.start)


def one_phone(typed: str, region: str) -> Phone | None:
    """Return the one number of a field or cell, masked or whole; None where it is spoilt, or none, or several."""
    found = find_phones(fold_for_reading(mask_numbers(typed, region)).skeleton, region)
    return found[0] if [phone.kind in ("masked", "whole") for phone in found] == [True] else None


def blank(skeleton: str, phones: list[Phone], sign: str = GONE) -> str:
    """Return the skeleton with each phone replaced by as many signs."""
    chars = list(skeleton)
    for phone in phones:
        chars[phone.start : phone.end] = sign * (phone.end - phone.start)
    return "".join(chars)


def _ascii(digits: str) -> str:
    return "".join(_NUMERALS.get(c, c) for c in digits if c in _NUMERALS or c.isdigit())


def _code_before(skeleton: str, start: int, shape: MobileShape) -> tuple[int, MobileShape]:
    """Return where the country code (or trunk digit) before a number begins, and the shape behind that code."""
    window = max(0, start - 12)
    match = _CODE_BEFORE.search(skeleton[window:start])
    if not match:
        return start, shape
    digits = match[2].removeprefix("00")
    signed = bool(match[1]) or digits != match[2] or "+" in match[0]
    code = leading_country_code(digits)
    begin = window + match.start()
    if code is not None and digits == str(code) and (signed or code in (86, 852, 853, 886)):
        return begin, shape_of_code(code)
    if match[2] == "0" and skeleton[start - 1] == "0":
        return begin, shape
    return start, shape


def _split_code(skeleton: str, start: int, digits: str, shape: MobileShape) -> tuple[int, str, MobileShape]:
    """Return begin, national digits and shape of a first part such as 138, 86138, +852612 or 0138."""
    signed = skeleton[max(0, start - 1) : start] == "+" or digits.startswith("00")
    bare = digits.removeprefix("00")
    code = leading_country_code(bare) if signed or bare[:2] == "86" or bare[:3] in ("852", "853", "886") else None
    if code is not None and len(bare) > len(str(code)) + 2:
        national = bare[len(str(code)) :]
        shape = shape_of_code(code)
        return start - (1 if skeleton[start - 1 : start] == "+" else 0), _without_trunk(national, shape), shape
    begin, shape = _code_before(skeleton, start, shape)
    return begin, _without_trunk(digits, shape), shape


def _without_trunk(digits: str, shape: MobileShape) -> str:
    return digits[1:] if len(digits) == 4 and digits[0] == "0" and digits[1:] in shape.beginnings else digits


def _masked(skeleton: str, shape: MobileShape) -> Iterator[Phone]:
    groups = [(m.start(), m.end()) for m in _DIGITS.finditer(skeleton)]
    taken = 0
    for i, (start, end) in enumerate(groups):
        if start < taken or (end - start == 1 and skeleton[end : end + 1] != HIDDEN):
            continue
        following = groups[i + 1] if i + 1 < len(groups) else None
        phone = None
        if following is not None and following[0] - end <= LONGEST_GAP:
            phone = _read_pair(skeleton, start, end, following, shape)
        if phone is None:
            phone = _read_single(skeleton, start, end, shape)
        if phone is not None:
            taken = phone.end
            yield phone


def _read_pair(skeleton: str, start: int, end: int, tail: tuple[int, int], shape: MobileShape) -> Phone | None:
    gap = skeleton[end : tail[0]]
    begin, first, shape = _split_code(skeleton, start, skeleton[start:end], shape)
    stop = end_of_number(skeleton, *tail, _TAIL)
    last = skeleton[tail[0] : stop]
    fits = len(first) == _HEAD and shape.may_begin(first) and len(last) == _TAIL
    if is_mask(gap):
        if fits or _is_spoilt(gap, first, last, shape, bool(_NOT_A_TAIL.match(skeleton, stop))):
            return Phone(begin, stop, first[:3], last[-4:], faulty=not fits)
        return None
    if fits and not _NOT_A_TAIL.match(skeleton, stop) and joins(gap):
        third = _THIRD_GROUP.match(skeleton, stop) if gap else None
        return Phone(begin, third.end() if third else stop, first, last, faulty=bool(third))
    return None


def _is_spoilt(gap: str, first: str, last: str, shape: MobileShape, measured: bool) -> bool:
    """Tell whether a mask between digits of the wrong count is a spoilt number and no product or range (3x4, 90*120)."""
    signs = count_of_signs(gap)
    if signs > LONGEST_FAULTY_MASK or measured:
        return False
    if len(first) < _HEAD:
        return signs > 1 and len(last) == _TAIL and any(b.startswith(first) for b in shape.beginnings)
    if shape.may_begin(first[:_HEAD]):
        return len(last) >= (_HEAD if signs == 1 else 1)
    return signs > 1 and len(first) == _HEAD and len(last) == _TAIL


def _read_single(skeleton: str, start: int, end: int, shape: MobileShape) -> Phone | None:
    digits = skeleton[start:end]
    begin, first, own = _split_code(skeleton, start, digits, shape)
    signs = _MASK_BEHIND.match(skeleton, end)
    behind = len(signs[0]) if signs and len(signs[0].strip()) <= LONGEST_FAULTY_MASK else 0
    if behind and _is_head(first, behind, own):
        letters = _LETTERS_BEHIND.match(skeleton, end + behind)
        return Phone(begin, letters.end() if letters else end + behind, first[:_HEAD], "", faulty=True)
    if _LETTERED.search(skeleton[max(0, start - 3) : start]):
        return None
    stop = end_of_number(skeleton, end - len(first), end, _HEAD + _TAIL)
    if stop - end + len(first) == _HEAD + _TAIL and own.may_begin(first[:_HEAD]):
        return Phone(begin, stop, first[:_HEAD], first[_HEAD : _HEAD + _TAIL])
    before = _MASK_BEFORE.search(skeleton[max(0, start - 13) : start])
    if before and len(before[0]) >= _HEAD and len(digits) == _TAIL and not _NOT_A_TAIL.match(skeleton, end):
        return Phone(start - len(before[0]), end, "", digits, faulty=True)
    if 8 <= len(digits) <= 20 and not _DATE_DIGITS.fullmatch(digits):
        return Phone(begin, end, first[:_HEAD], first[-_TAIL:], faulty=True, loose=first[:2] not in _MOBILE_HEADS)
    return None


def _is_head(first: str, behind: int, shape: MobileShape) -> bool:
    """Tell whether digits before a mask that nothing follows are a number's (138****, 1520000****)."""
    if len(first) < _HEAD:
        return behind >= _HEAD and len(first) == 2 and first in _MOBILE_HEADS
    if len(first) == _HEAD + _TAIL and behind < 2:
        return False
    if len(first) == _HEAD and first[0] == "1":
        return True
    return len(first) <= _HEAD + _TAIL and shape.may_begin(first[:_HEAD])


def _fields(marked: str, shape: MobileShape) -> Iterator[Phone]:
    """Yield numbers in two fields; with other counts than three and four they are spoilt."""
    for start, end, first, last in in_two_fields(marked):
        fits = len(first) == _HEAD and len(last) == _TAIL and shape.may_begin(first)
        yield Phone(start, end, first[:_HEAD], last[-_TAIL:], faulty=not fits)


def _columns(marked: str, shape: MobileShape) -> Iterator[Phone]:
    for start, end, first, last in in_columns(marked):
        yield Phone(start, end, first, last, faulty=not shape.may_begin(first))


def _spelled(marked: str, shape: MobileShape) -> Iterator[Phone]:
    """Yield masked numbers spelled in Chinese numerals, whole or in part (一三八****五六七八, 幺三八中间不给5678)."""
    if not _SPELLED.search(marked):
        return
    head: re.Match[str] | None = None
    for run in _RUN.finditer(marked):
        digits = _ascii(run[0])
        spelled = run[0] != digits
        if len(digits) == _HEAD and shape.may_begin(digits):
            head = run
        elif len(digits) == _TAIL and head and _are_spelled(marked[head.start() : run.end()], head, run):
            yield Phone(head.start(), run.end(), _ascii(head[0]), digits)
            head = None
        elif spelled and len(digits) == _HEAD + _TAIL and digits[:2] in _MOBILE_HEADS:
            yield Phone(run.start(), run.end(), digits[:_HEAD], digits[_HEAD:])
        elif not spelled or len(digits) > 1:
            head = None


def _are_spelled(number: str, head: re.Match[str], tail: re.Match[str]) -> bool:
    """Tell whether two runs, of which one at least is in numerals, are a number; 138****五六七八 is none."""
    gap = number[len(head[0]) : -len(tail[0])]
    if len(gap) > LONGEST_GAP or (head[0].isascii() and tail[0].isascii()):
        return False
    if head[0].isascii():
        return bool(gap.strip()) and joins(gap) and not is_mask(gap)
    return is_mask(gap) or joins(gap)


def _spaced(marked: str, shape: MobileShape) -> Iterator[Phone]:
    """Yield masked numbers spelled digit by digit (1 3 8 **** 5 6 7 8)."""
    for match in _SPACED.finditer(marked):
        first, last = "".join(match.groups()[:_HEAD]), "".join(match.groups()[_HEAD:])
        if shape.may_begin(first):
            yield Phone(match.start(), match.end(), first, last)
