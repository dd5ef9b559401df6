"""转 and 延, which move a claim: to a colleague, to a later end (L15, L16).

The colleague or the days come first in a command's words, wherever they were said.
"""

import re
from dataclasses import replace
from typing import Final

from parsers.arguments import ASKS, TAKEN, Arguments
from parsers.courtesy import without_thanks
from parsers.message import PASSING, UNREAD_DAYS, Command, Lexicon
from parsers.normalise import Reading, fold_for_reading
from parsers.reader import read_whose

_HANDED_TO: Final = re.compile(r"^(?:转?交?给|到|归|由|to\b)?\s*(?:(?:同事|业务员|经纪人)[\s:]*)?")
_TAKES_OVER: Final = re.compile(r"(?:接着)?(?:跟进|负责|接手|处理)[了吧]?$")
_LONGEST_END: Final = 8
_REFS_FIRST: Final = re.compile(
    r"\s*((?:r\s?#?\d{1,9}[\s,、和]{0,3}){1,20})(?:请|麻烦)?(?:转给|转交给?|移交给?)\s?(?=[^\W\d_])"
)
"""R1转给周涛 is 转 R1 周涛."""
_NUMERALS: Final = "零一二三四五六七八九十"
_NUMERAL: Final = rf"\d{{1,4}}|[{_NUMERALS}〇两兩]{{1,4}}"
_ONE_MORE: Final = rf"\s*(?:[-~～—至到或、]\s*)?(?:{_NUMERAL})\s?(?:个|天|日|号|周|星期|月|小时)"
_DAYS: Final = re.compile(
    rf"({_NUMERAL})(?:(?:(周|星期|个?礼拜)|天|日|\s?(?:days?|d)\b|\s(?:(周|星期)|天|日)(?=[\s,，]|$))(?!{_ONE_MORE})"
    rf"|(?=\s)(?!\s*(?:\d|月|个|[-~～—至到])|{_ONE_MORE})|$)[\s,:，：、;；]*"
)
"""A whole number and its unit, or a blank; no part of a date, of months, of a span or of another number."""
_NUMBER_FIRST: Final = re.compile(rf"{_NUMERAL}|半")
_BEFORE_NUMBER: Final = {
    "hand": re.compile(r"[\s:,]*+(?:交?给|to\b)?\s*+([^\W\d_]{2,8}?)\s*+(?=r\s?#?\d)"),
    "extend": re.compile(r"[\s:,]*+(\d{1,3}\s?(?:天|日|days?))[\s:,]*(?=[r#\d])"),
}
"""What may stand before the number that it is about: 转给周涛 R1, 延7天 R1 客户出差."""


def behind_what_comes_first(kind: str, reading: Reading, begin: int) -> tuple[int, str]:
    """Return where a command goes on behind what stands before its number, and that: 周涛 of 转给周涛 R1."""
    early = _BEFORE_NUMBER[kind].match(reading.skeleton, begin) if kind in _BEFORE_NUMBER else None
    return (begin, "") if early is None else (early.end(), reading.clean[slice(*early.span(1))])


def passes_a_report_on(found: Arguments, lexicon: Lexicon) -> bool:
    """Tell whether 转 stands before a report: 转：报备 张三 138****5678 李四, 转 张三 138****5678 李四 链家."""
    before = (
        found.reading.skeleton[found.begin : found.begin + 1].strip() + found.body[found.begin :].partition(TAKEN)[0]
    )
    words = found.words.split()
    units = (read_whose(fold_for_reading(word), lexicon)[1] for word in words[1:])
    return bool(before.strip(" ")) or not words or any(units)


def in_order(about: Command, said_early: str) -> Command | None:
    """Return 转 with the colleague first in its words, and 延 with the days, whatever was said before the number (L16)."""
    if about.kind not in PASSING:
        return about
    about = replace(about, words=f"{said_early} {about.words}".strip())
    if about.kind == "extend":
        return _days_first(about)
    return replace(about, words=_colleague_first(about.words))


def _colleague_first(words: str) -> str:
    words = _HANDED_TO.sub("", words)
    takes_over = _TAKES_OVER.search(words, max(0, len(words) - _LONGEST_END))
    return words if takes_over is None else words[: takes_over.start()].rstrip(" \n来")


def read_refs_first(reading: Reading) -> Command | None:
    """Return 转 whose numbers stand before it, behind which nothing but the colleague may stand."""
    given = _REFS_FIRST.match(reading.skeleton)
    end = without_thanks(reading.skeleton)
    if given is None or ASKS.search(reading.skeleton, given.end()):
        return None
    words = _colleague_first(reading.clean[given.end() : end].strip(" \n。.!,，"))
    refs = dict.fromkeys(f"R{digits}" for digits in re.findall(r"r\s?#?(\d+)", given[1]))
    return Command("hand", refs=tuple(refs), words=words) if words else None


def _days_first(about: Command) -> Command | None:
    """Return 延 with its days first, as digits (L16); None where clients stand without days, which is a report.

    A number of days is read as a whole or not at all.
    """
    words = about.words
    days = _DAYS.match(words)
    count = _count(days[1]) if days is not None else None
    if days is None or count is None:
        if about.reports and not about.refs:
            return None
        return replace(about, error=UNREAD_DAYS) if _NUMBER_FIRST.match(words) else about
    return replace(about, words=f"{count * (7 if days[2] or days[3] else 1)} {words[days.end() :]}".strip())


def _count(numeral: str) -> int | None:
    """Return the number that digits or Chinese numerals are; of 二三 (two or three) none."""
    if numeral.isdecimal():
        return int(numeral)
    tens, ten, ones = numeral.translate(str.maketrans("〇两兩", "零二二")).rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return None
    return (_NUMERALS.index(tens or "一") * 10 if ten else 0) + _NUMERALS.index(ones or "零")
