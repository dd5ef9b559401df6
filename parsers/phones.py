"""Telephone numbers of a text: first three and last four, under whatever mask, or what is wrong with them (R2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from parsers.digits import CHINESE_DIGITS
from parsers.mask import MASK_SIGN
from parsers.mobiles import MobileShape, leading_country_code, shape_of_code, shape_of_region
from parsers.simplified import simplify

_DIGITS: Final = re.compile(r"[0-9]+")
_LONGEST_GAP: Final = 24

_MASK_GAP: Final = re.compile(r"[\s()\[\]*x#?~_\-.·…o^%&$▒。〇'\"]+")
_STAR: Final = re.compile(r"[*x…▒〇]")
_SIGN: Final = re.compile(r"[^\s()\[\]]")
_WEAK_GAP: Final = re.compile(r"\s{0,8}(?:[#?~_\-.·/,、|+])?\s{0,8}")
_WORD_GAP: Final = re.compile(
    r"[\s(\[,、:*x\-]*(?:开头|打头|起头|开始|段)?[\s,、)\-]*(?:中间)?(?:四位|4位)?(?:数字)?"
    r"(?:隐藏|省略|保密|加密|打码|屏蔽|星号|不详|未知|略)?[*x…\s)\],、;\-]*(?:客户)?(?:手机|电话)?(?:号码?)?(?:的)?"
    r"(?:尾号|尾数|末尾|结尾|后四位?|后4位?|末四位?|末4位?|最后四位|最后4位|尾)?(?:数字|号码?)?(?:是|为)?[\s:=(\[]*"
)
_WORD: Final = re.compile(r"开头|打头|起头|隐藏|省略|保密|加密|打码|屏蔽|星号|不详|未知|略|尾|末|后四|后4|结尾")
_TAIL_WORD: Final = re.compile(r"(?:尾号|尾数|后四位?|后4位?|末四位?|末4位?)(?:是|为|[:\s])*$")
_HEAD_WORD: Final = re.compile(r"[\s(]*(?:开头|打头|起头)")
_NOT_A_TAIL: Final = re.compile(r"\s?[年万元㎡平米]|[-/.]\d{1,2}(?!\d)|:\d\d")
_CODE_BEFORE: Final = re.compile(r"(?:(\+|00)\s?)?\(?\+?(?<!\d)(\d{1,5})\)?[\s\-)]{0,3}$")
_NUMERALS: Final = {simplify(numeral): digit for numeral, digit in CHINESE_DIGITS.items()}
_CHINESE: Final = "".join(_NUMERALS)
_LETTERS_BEHIND: Final = re.compile(r"[a-z]{1,8}")

_S: Final = r"[\s\-_.。·•・‧,、/\\|~()\[\]*+#]{0,3}"
_D: Final = rf"[0-9{_CHINESE}]"
_WAS_FULL: Final = re.compile(rf"({_D}){_S}({_D}){_S}({_D}){_S}({MASK_SIGN}(?:{_S}{MASK_SIGN})*)((?:{_S}{_D}){{4}})")
_SPELLED: Final = re.compile(rf"([{_CHINESE}]{{3}})([\s*x#?~_\-.·…]{{1,12}})([{_CHINESE}]{{4}})(?![{_CHINESE}])")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number between `start` and `end`; faulty ones keep what was read. `loose`: only a label makes it a number."""

    start: int
    end: int
    first3: str
    last4: str
    was_full: bool = False
    faulty: bool = False
    loose: bool = False


def find_phones(skeleton: str, region: str) -> list[Phone]:
    """Return the numbers of a skeleton in text order, not overlapping; linear."""
    shape = shape_of_region(region)
    found: list[Phone] = []
    if MASK_SIGN in skeleton:
        found = [_was_full(skeleton, m, shape) for m in _WAS_FULL.finditer(skeleton)]
        skeleton = blank(skeleton, found)
    found += _masked(skeleton, shape)
    if not any(not p.faulty and not p.loose for p in found):
        found += _spelled(skeleton, shape)
    return sorted(found, key=lambda p: p.start)


def blank(skeleton: str, phones: list[Phone], sign: str = "\ue000") -> str:
    """Return the skeleton with each phone replaced by as many signs."""
    for phone in phones:
        skeleton = skeleton[: phone.start] + sign * (phone.end - phone.start) + skeleton[phone.end :]
    return skeleton


def _ascii(digits: str) -> str:
    return "".join(_NUMERALS.get(c, c) for c in digits if c in _NUMERALS or c.isdigit())


def _was_full(skeleton: str, match: re.Match[str], shape: MobileShape) -> Phone:
    first3, last4 = _ascii(match[1] + match[2] + match[3]), _ascii(match[5])
    hidden = match[4].count(MASK_SIGN)
    start, shape = _code_before(skeleton, match.start(), shape)
    glued = skeleton[match.end() : match.end() + 1].isdigit() and last4.isascii()
    fits = shape.may_begin(first3) and hidden + 7 in shape.lengths and not glued
    return Phone(start, match.end(), first3, last4, was_full=fits, faulty=not fits)


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
        if start < taken:
            continue
        following = groups[i + 1] if i + 1 < len(groups) else None
        phone = _read(skeleton, start, end, following, shape)
        if phone is not None:
            taken = phone.end
            yield phone


def _read(skeleton: str, start: int, end: int, following: tuple[int, int] | None, shape: MobileShape) -> Phone | None:
    if following is not None and following[0] - end <= _LONGEST_GAP:
        phone = _read_pair(skeleton, start, end, following, shape)
        if phone is not None:
            return phone
    return _read_single(skeleton, start, end, shape)


def _read_pair(skeleton: str, start: int, end: int, tail: tuple[int, int], shape: MobileShape) -> Phone | None:
    gap = skeleton[end : tail[0]]
    begin, first, shape = _split_code(skeleton, start, skeleton[start:end], shape)
    last, stop = _tail(skeleton, *tail)
    fits = len(first) == 3 and shape.may_begin(first) and len(last) == 4
    if _is_mask(gap):
        if fits or _looks_masked(gap, first, last):
            return Phone(begin, stop, first[:3], last[-4:], faulty=not fits)
        return None
    if fits and not _NOT_A_TAIL.match(skeleton, stop) and _is_weak(gap):
        return Phone(begin, stop, first, last)
    if fits and "\ue000" not in gap and _reversed(skeleton, begin, end):
        return None
    return None


def _reversed(skeleton: str, start: int, end: int) -> bool:
    return bool(_TAIL_WORD.search(skeleton[max(0, start - 8) : start])) and bool(_HEAD_WORD.match(skeleton, end))


def _is_mask(gap: str) -> bool:
    return bool(_MASK_GAP.fullmatch(gap)) and (bool(_STAR.search(gap)) or len(_SIGN.findall(gap)) > 1)


def _is_weak(gap: str) -> bool:
    return bool(_WEAK_GAP.fullmatch(gap)) or (bool(_WORD.search(gap)) and bool(_WORD_GAP.fullmatch(gap)))


def _looks_masked(gap: str, first: str, last: str) -> bool:
    """Tell whether a mask between digits of the wrong count is a spoilt number and no product or range (3x4, 90*120)."""
    signs = len(_SIGN.findall(gap))
    starred = bool(_STAR.search(gap))
    return (
        first[0] == "1" and len(first) > 1 and (signs > 1 or len(first) > 2)
        if starred
        else (first[:2] > "12" and first[0] == "1" and len(first) in (3, 4) and len(last) > 2)
        or (starred and signs > 2 and len(last) > 1)
    )


def _tail(skeleton: str, start: int, end: int) -> tuple[str, int]:
    """Return the last digits of a number and their end, without a time or a head count glued behind them."""
    digits = skeleton[start:end]
    glued_time = len(digits) in (5, 6) and skeleton[end : end + 1] == ":"
    glued_count = len(digits) in (5, 6) and skeleton[end : end + 1] in tuple("人组点个位")
    return (digits[:4], start + 4) if glued_time or glued_count else (digits, end)


def _read_single(skeleton: str, start: int, end: int, shape: MobileShape) -> Phone | None:
    digits = skeleton[start:end]
    begin, first, own = _split_code(skeleton, start, digits, shape)
    if len(first) == 7 and own.may_begin(first[:3]):
        return Phone(begin, end, first[:3], first[3:])
    mask_behind = _mask_length(skeleton, end)
    if mask_behind and first[0] == "1" and 2 <= len(first) <= 7 and (len(first) > 2 or mask_behind > 2):
        stop = end + mask_behind
        letters = _LETTERS_BEHIND.match(skeleton, stop)
        return Phone(begin, letters.end() if letters else stop, first[:3], "", faulty=True)
    mask_before = _mask_length_before(skeleton, start)
    if mask_before > 2 and len(digits) == 4:
        return Phone(start - mask_before, end, "", digits, faulty=True)
    if 8 <= len(digits) <= 20 and not _is_date(digits):
        return Phone(begin, end, first[:3], first[-4:], faulty=True, loose=first[:2] not in _MOBILE_HEADS)
    return None


_MOBILE_HEADS: Final = tuple(f"1{n}" for n in range(3, 10))
_MASK_BEHIND: Final = re.compile(r"\s?[*x…?#_~\-.▒]{1,12}")
_MASK_BEFORE: Final = re.compile(r"[*x…?#_~\-.▒]{1,12}\s?$")
_DATE_DIGITS: Final = re.compile(r"20\d\d[01]\d[0-3]\d(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?")


def _is_date(digits: str) -> bool:
    return bool(_DATE_DIGITS.fullmatch(digits))


def _mask_length(skeleton: str, end: int) -> int:
    match = _MASK_BEHIND.match(skeleton, end)
    return len(match[0]) if match and (_STAR.search(match[0]) or len(match[0]) > 2) else 0


def _mask_length_before(skeleton: str, start: int) -> int:
    match = _MASK_BEFORE.search(skeleton[max(0, start - 13) : start])
    return len(match[0]) if match else 0


def _spelled(skeleton: str, shape: MobileShape) -> Iterator[Phone]:
    """Yield masked numbers spelled in Chinese numerals (一三八****五六七八)."""
    for match in _SPELLED.finditer(skeleton):
        first3, last4 = _ascii(match[1]), _ascii(match[3])
        if shape.may_begin(first3):
            yield Phone(match.start(), match.end(), first3, last4)
