"""What a command is about: clients, numbers, a date, a time, an answer, and the words that are left (H15–H17)."""

import re
from dataclasses import dataclass, field
from typing import Final

from parsers.client_names import name_in
from parsers.courtesy import without_thanks
from parsers.message import PASSING, Lexicon, Report
from parsers.normalise import Reading
from parsers.phones import Phone, blank

ASKS: Final = re.compile(r"[?吗么]|什么|怎么|怎样|多少|几时|几点|几号|哪|谁|是不是|是否|有没有|能不能|要不要|了没")
"""A question among the words behind a command."""
TAKEN: Final = "\ue000"
"""Stands in a body for what has been read already."""
OF_ONE: Final = (
    *("deposit", "downpayment", "cancel_deposit", "object", "evidence", "opinion", "rule", "correct", "extend"),
)
"""Commands about one thing: a number behind the first one is part of their words."""
CLIENTS_NAMED: Final = {"settle": 1, "rule": 1, "cancel_deposit": 1, "correct": 2, "extend": 1}
"""Commands with a reason: so many clients and numbers at most are meant by them, whoever is named behind is words."""
IN_OWN_WORDS: Final = ("object", "opinion", "rule", "hand", "extend")
"""Commands whose words are kept whole: a date in a reason is part of the reason."""
OF_ARRIVAL: Final = ("visit", "walkin")

_MEASURE: Final = "年月日号点时分秒天周个万千百元块亿套平米㎡室房厅卫层楼栋次人组位条张份期岁k%"
_REF: Final = re.compile(
    rf"(?<![a-z0-9*])([rvd])\s?#?(\d{{1,9}})(?![0-9*])"
    rf"|(?<![a-z0-9*.:\-/])#?(?:(\d{{4}})(?![0-9*.:\-/a-z{_MEASURE}])|(\d{{1,9}})(?![0-9*.:\-/]|[^\W\d_]|\s?[{_MEASURE}]))"
)
_LIST_MARK: Final = re.compile(r"#?\d{1,2}\s?[、)]")
"""1、张三 138****5678: the place in a list, and no number of anything."""
_UNTIL: Final = re.compile(rf"\s?[-~]\s?[rvd]?\s?#?(\d{{1,9}})(?![0-9*.:\-/a-z{_MEASURE}])")
"""R1-R3, R1-3: the end of a span of numbers."""
_WIDEST: Final = 50
_REF_LABEL: Final = re.compile(r"(?:报备)?(?:编号|单号|序号)[\s:,]*|(?:尾号|后四位|末四位)[\s:是]*")
_DATE: Final = re.compile(
    r"(?<!\d)(?:(?<![a-z#])(\d{3,9}|\d\d(?=年))[-/.年])?(\d{1,2})[-/.月](\d{1,2})(?:[日号]|(?![\d*]))"
)
"""With whatever year is written, be there such a one or not: without it the day would be another's."""
_TIME: Final = re.compile(
    r"(上午|早上|中午|下午|傍晚|晚上)?(?<!\d)([01]?\d|2[0-3])(?::([0-5]\d)|点(?:([0-5]\d)分?|(半)|整|钟)?)(?!\d)"
)
_LATER_HALF: Final = ("下午", "傍晚", "晚上")
_TODAY: Final = re.compile(r"(?<!\w)(?:今天|今日|刚刚|刚才|现在)(?=$|\W|上午|早上|中午|下午|傍晚|晚上)")
"""What says that the client arrived on the day of the text, which goes without saying."""
_SEPARATORS: Final = re.compile(rf"[\s,;:、。.\-=+\]{TAKEN}]*(?:(?:和|与|及|and|&)[\s{TAKEN}]*)?")
_LAST_CUT: Final = re.compile(r"[\s\S]*(?:[,;、。\n]|(?:和|与|及|\band|&)(?=\s|[\u3400-\u9fff])|[rvd]?#?\d+)")
_JOINED: Final = re.compile(r"(?:[ ,、]|和|与|及|and|&)+$")
_LONGEST_JOINT: Final = 8
_LAST_WORD: Final = re.compile(r"\S+\s*$")
_SPACES: Final = re.compile(r"[ \t]{2,}")
_EDGES: Final = f" \t\n,;:，；：。、{TAKEN}"


@dataclass(slots=True)
class Arguments:
    """What stands from `begin` on; `body`: the skeleton in which what has been read is TAKEN."""

    reading: Reading
    begin: int
    body: str
    reports: list[Report] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    date: str | None = None
    time: str | None = None
    direct: bool = False
    """a client or number stands directly behind the keyword, as a command has it"""

    def take(self, start: int, end: int) -> None:
        """Mark a place as read."""
        self.body = self.body[:start] + TAKEN * (end - start) + self.body[end:]

    def give_back(self, skeleton: str, phone: Phone) -> None:
        """Let a phone be part of the words after all."""
        self.body = self.body[: phone.start] + skeleton[phone.start : phone.end] + self.body[phone.end :]

    def drop_thanks(self) -> None:
        """Pass over the thanks at the end."""
        end = self.begin + without_thanks(self.body[self.begin :])
        self.take(end, len(self.body))

    @property
    def plain(self) -> str:
        """Return the words that are left, in skeleton spelling."""
        return self._left(self.reading.skeleton)

    @property
    def words(self) -> str:
        """Return the words that are left, as written."""
        return self._left(self.reading.clean)

    def _left(self, written: str) -> str:
        # The skeleton tells where the words begin and end, however wide their signs are.
        left = self.body[self.begin :].rstrip(_EDGES)
        start = self.begin + len(left) - len(left.lstrip(_EDGES))
        kept = [written[i] if self.body[i] != TAKEN else " " for i in range(start, self.begin + len(left))]
        return _SPACES.sub(" ", "".join(kept))


def read_arguments(
    kind: str, reading: Reading, begin: int, phones: list[Phone], lexicon: Lexicon, end: int | None = None
) -> Arguments:
    """Return what stands between `begin` and `end` as arguments of a kind of command."""
    skeleton = reading.skeleton if end is None else reading.skeleton[:end]
    found = Arguments(reading, begin, blank(skeleton, [p for p in phones if p.end <= len(skeleton)]))
    named = [p for p in phones if begin <= p.start and p.end <= len(skeleton) and not p.faulty]
    behind: list[Phone] = []
    if kind in OF_ARRIVAL:
        # Whole numbers behind a masked one are no clients': the agent's own is never a fault.
        masked = next((index for index, phone in enumerate(named) if not phone.was_full), len(named))
        named = [phone for index, phone in enumerate(named) if index <= masked or not phone.was_full]
    elif kind in CLIENTS_NAMED and named:
        # It is about what it names first, be it a number; other phones are of its words.
        first = _REF.search(found.body, begin, named[0].start)
        most = CLIENTS_NAMED[kind] - (first is not None and not _is_of_list(kind, skeleton, first))
        named, behind = named[:most], named[most:]
    found.drop_thanks()
    found.direct = _begins_with_one(kind, found, named, lexicon)
    _take_clients(found, named, lexicon)
    if kind not in IN_OWN_WORDS:
        if day := _take_first(found, _DATE):
            found.date = (f"{day[1]}-" if day[1] else "") + f"{int(day[2]):02d}-{int(day[3]):02d}"
        if clock := _take_first(found, _TIME):
            hour = int(clock[2]) + (12 if clock[1] in _LATER_HALF and int(clock[2]) < 12 else 0)
            found.time = f"{hour:02d}:{'30' if clock[5] else clock[3] or clock[4] or '00'}"
    if kind in OF_ARRIVAL:
        _take_first(found, _TODAY)
    if kind not in CLIENTS_NAMED or not named or kind == "correct":
        take_refs(kind, found)
    elif (mark := _LIST_MARK.search(skeleton, begin, named[0].start)) is not None:
        found.take(*mark.span())
    for phone in behind:
        found.give_back(skeleton, phone)
    return found


def _begins_with_one(kind: str, found: Arguments, named: list[Phone], lexicon: Lexicon) -> bool:
    """Tell whether a client or a number stands first; before it only a date and a time may stand."""
    at = found.begin
    while kind not in IN_OWN_WORDS:
        behind = _skip(found.body, at)
        moment = _DATE.match(found.body, behind) or _TIME.match(found.body, behind)
        if moment is None:
            break
        at = moment.end()
    if _ref_at(found.body, at):
        return True
    return bool(named) and name_in(found.body[at : named[0].start], lexicon) is not None


def _skip(body: str, at: int) -> int:
    passed = _SEPARATORS.match(body, at)
    return passed.end() if passed else at


def _ref_at(body: str, at: int) -> re.Match[str] | None:
    at = _skip(body, at)
    label = _REF_LABEL.match(body, at)
    return _REF.match(body, label.end() if label else at)


def _take_clients(found: Arguments, named: list[Phone], lexicon: Lexicon) -> None:
    last = found.begin
    for index, phone in enumerate(named):
        # All that speaks of him begins behind the keyword, behind the last cut, or with the last word.
        cut = _LAST_CUT.match(found.body, last, phone.start)
        behind_cut = cut.end() if cut else last
        word = _LAST_WORD.search(found.body, behind_cut, phone.start)
        begin = start = end = phone.start
        for at in [last] * (index == 0) + [behind_cut] + ([word.start()] if word else []):
            place = name_in(found.body[at : phone.start], lexicon)
            if place is not None and place[0] < place[1]:
                begin, start, end = at, at + place[0], at + place[1]
                break
        written = found.reading.clean[start:end] or None
        found.reports.append(Report(written, phone.first3, phone.last4, was_full=phone.was_full))
        joined = _JOINED.search(found.body[max(last, begin - _LONGEST_JOINT) : begin])
        found.take(begin - len(joined[0]) if joined else begin, phone.end)
        last = phone.end


def _take_first(found: Arguments, pattern: re.Pattern[str]) -> re.Match[str] | None:
    match = pattern.search(found.body, found.begin)
    if match is not None:
        found.take(*match.span())
    return match


def take_refs(kind: str, found: Arguments) -> None:
    """Take the numbers that follow one another from the first on, each once (L12).

    One behind other words is part of these.
    """
    at, skeleton = found.begin, found.reading.skeleton
    while match := _ref_at(found.body, at):
        end = match.end()
        if not found.reports or not _is_of_list(kind, skeleton, match):
            ref = f"{match[1].upper()}{match[2]}" if match[1] else match[3] or match[4]
            until = _UNTIL.match(found.body, end) if match[1] and kind not in OF_ONE else None
            refs, end = ([ref], end) if until is None else (_between(ref, until[1]), until.end())
            found.refs += [ref for ref in refs if ref not in found.refs]
        found.take(at, end)
        at = end
        if kind in OF_ONE and found.refs:
            break


def _is_of_list(kind: str, skeleton: str, match: re.Match[str]) -> bool:
    """Tell whether a number beside clients is their place in a list, or means nothing to its command.

    Bare digits do not to one that moves a claim: what it moves has to be named.
    """
    in_list = match[4] is not None and _LIST_MARK.match(skeleton, match.start(4)) is not None
    return match[1] is None and (kind in PASSING or in_list)


def _between(first: str, last: str) -> list[str]:
    """Return the numbers from R1 to 3; a span that is none, or too wide, stays as it is written and names nothing."""
    letter, begin, end = first[0], int(first[1:]), int(last)
    spans = begin < end <= begin + _WIDEST
    return [f"{letter}{n}" for n in range(begin, end + 1)] if spans else [f"{first}-{letter}{last}"]
