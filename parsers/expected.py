"""When a report says that its clients are expected: under a label, or free beside a word of coming."""

import re
from dataclasses import replace
from typing import Final

from parsers.message import Planned

_NUMERALS: Final = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_WEEKDAYS: Final = dict(zip("一二三四五六日天", ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun"), strict=True))
_NEAR: Final = {"今": "+0", "明": "+1", "后": "+2", "大后": "+3"}
_PARTS: Final = {"早": "morning", "上": "morning", "清": "morning", "中": "noon", "下": "afternoon", "午": "afternoon"}
_HALF_A_DAY: Final = 12
_OPENS: Final = 8
"""The hour from which a sales office sees clients: 3点 without a part of the day is in the afternoon."""

_NUMBER: Final = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_DAY: Final = (
    r"(?:(?P<near>大?后(?=[天日])|[今明](?=[天日早晚]|[上下]午))[天日]?"
    r"|(?P<next>下)?(?:这|本)?个?(?:周|星期|礼拜)(?P<week>[一二三四五六日天末])(?=$|[\W\d上下早晚中傍到来看去过带约前后的一二两三四五六七八九十])"
    r"|(?:(?P<year>20\d\d)\s?[-/.年]\s?)?(?<!\d)(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2}(?=月))\s?[-/.月]\s?"
    rf"(?P<date>{_NUMBER})(?![\d.:点时万元%平㎡米楼栋幢室房厅])[日号]?"
    rf"|(?<![\d月])(?P<alone>{_NUMBER})[日号](?![\d楼栋幢室线院]))"
)
_PART: Final = r"(?P<part>早上|早晨|清晨|一早|上午|中午|下午|午后|晚上|傍晚|早|晚)"
_TIME: Final = (
    rf"(?<!\d)(?<!\d:)(?P<hour>{_NUMBER})(?:\s?:\s?(?P<minute>[0-5]\d)(?!\d)(?::[0-5]\d)?"
    rf"|\s?[点时](?:(?P<half>半)|(?P<quarter>[一三])刻|钟|整|(?P<spoken>[0-5]?\d|[一二三四五]?十?[一二三四五六七八九十])分?(?![\d位组人个月]))?)"
)
_APART: Final = r"[\s,的]{0,3}"
_MOMENT: Final = re.compile(
    r"(?=[\d今明后大下这本周星礼早清上中午晚傍一二两三四五六七八九十])"
    rf"(?:{_DAY}{_APART}(?:[(]?(?:周|星期)[一二三四五六日天][)]?{_APART})?)?(?:{_PART}{_APART})?(?:{_TIME})?"
)
"""A day, a part of it, a time: each may be absent, and all three, too."""

_COMING: Final = "到访|来访|到场|到店|到达|上门|看房|带看|带访|复访|拟访|邀约|参观|来看|预约|约看"
_LABEL: Final = re.compile(
    rf"(?:(?:预计|计划|{_COMING})(?:日期|时间|时段|时刻)+|预计(?:{_COMING})|(?:^|\n)\W{{0,4}}(?:{_COMING}))\s?[:=]?\s{{0,3}}$"
)
_OTHER_LABEL: Final = re.compile(
    r"(?:(?:报备|推荐|提交|登记|录入|创建|发送|填写|申请)(?:提交)?(?:日期|时间)|提交(?=\s?[:=])"
    r"|(?:截止|截至|有效期?|成交|认购|签约|出生|回访|跟进|付款|交房|开盘)(?:日期|时间|日)?(?:至|到|于)?)\s?[:=]?\s{0,3}$"
)
_TIME_LABEL: Final = re.compile(r"(?:^|[\n\W])(?:时间|日期)\s?[:=]\s{0,3}$")
_COMES_BEFORE: Final = re.compile(
    rf"(?:{_COMING}|预计|过来|想来|要来|会来|到|来)[\s,:(]{{0,2}}(?:是|在|大概|大约|约)?\s?$"
)
_COMES_BEHIND: Final = re.compile(
    r"(?:\s?[-~至]\s?[\d一二两三四五六七八九十]{1,3}[:点时]\d{0,2}半?)?(?:左右|前后|之前|以后|之后|前|后)?[\s,]{0,2}(?:的?客户|带客户?|带人|会|要|想|再|能|可以|准备|大概|大约|就|开车|一起|自己|过){0,3}"
    rf"(?:{_COMING}|过来|过去|[到来看](?![电客自信函]))"
)
_SOMETHING_ELSE: Final = re.compile(
    r"[\s,]{0,2}(?:已|刚|才|再?(?:报备|提交|登记|推荐|认购|打|联系|电话|回访|跟进|开会|开盘|签|付|交|出生|约(?!看)))"
)


def read_planned(skeleton: str) -> Planned | None:
    """Return when the clients are expected, None where it is not said.

    `skeleton` is that of `fold_for_reading`, its numbers blanked. What stands under a label of coming goes before what
    stands free; a date of reporting is never meant.
    """
    ranked: list[tuple[int, Planned]] = []
    for match in _MOMENT.finditer(skeleton):
        rank = _rank(skeleton, match) if match[0] else _NONE
        day = _day(match) if rank else None
        if day is None:
            continue
        written = match["part"] or ""
        part = "morning" if written == "一早" else _PARTS.get(written[:1], "evening" if written else "")
        planned = Planned(day, part, _time(match, part))
        ranked += [(rank, planned)] if planned != Planned() else []
    if not ranked:
        return None
    best = max(rank for rank, _ in ranked)
    first, *more = (planned for rank, planned in ranked if rank == best)
    if not more or best != _LABELLED:
        return first
    # A day and a time may stand under two labels: the first moment has from the second what it leaves open.
    second = more[0]
    if first.day and not first.time and not first.part and not second.day:
        return replace(second, day=first.day)
    return replace(first, day=second.day) if not first.day and not (second.time or second.part) else first


_LABELLED, _FREE, _UNDER_TIME, _BARE, _NONE = 4, 3, 2, 1, 0


def _rank(skeleton: str, match: re.Match[str]) -> int:
    """Tell how surely a moment is that of coming."""
    before, behind = skeleton[max(0, match.start() - 16) : match.start()], skeleton[match.end() : match.end() + 16]
    if _OTHER_LABEL.search(before):
        return _NONE
    if _LABEL.search(before):
        return _LABELLED
    if _SOMETHING_ELSE.match(behind):
        return _NONE
    if _COMES_BEHIND.match(behind) or _COMES_BEFORE.search(before):
        return _FREE
    if _TIME_LABEL.search(before):
        return _UNDER_TIME
    ahead = (match["near"] or match["week"]) and (match["near"] != "今" or match["part"] or match["hour"])
    return _BARE if ahead else _NONE


def _number(written: str) -> int:
    """Return the number that digits or numerals up to 99 write."""
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    if not ten:
        return _NUMERALS[written] if len(written) == 1 else -1
    return (_number(tens) if tens else 1) * 10 + (_number(ones) if ones else 0)


def _day(match: re.Match[str]) -> str | None:
    """Return the day as `Planned` writes it, "" if there is none, None if no calendar has it."""
    if match["near"]:
        return _NEAR[match["near"]]
    if match["week"]:
        name = "weekend" if match["week"] == "末" else _WEEKDAYS[match["week"]]
        return name + "+7" if match["next"] and name != "weekend" else name
    if match["month"]:
        month, date = _number(match["month"]), _number(match["date"])
        if not (1 <= month <= 12 and 1 <= date <= 31):
            return None
        return (f"{match['year']}-" if match["year"] else "") + f"{month:02}-{date:02}"
    if match["alone"]:
        return f"{date:02}" if 1 <= (date := _number(match["alone"])) <= 31 else None
    return ""


def _time(match: re.Match[str], part: str) -> str:
    """Return the time of day as HH:MM, "" if there is none; hours before eight without a part are after noon."""
    if not match["hour"]:
        return ""
    hour = _number(match["hour"])
    if match["half"]:
        minute = 30
    else:
        minute = (
            15 * _number(match["quarter"]) if match["quarter"] else _number(match["minute"] or match["spoken"] or "0")
        )
    bare = not part and hour < _OPENS and match["hour"][0] != "0"
    if 0 < hour < _HALF_A_DAY and (bare or part in ("afternoon", "evening") or (part == "noon" and hour < _OPENS)):
        hour += _HALF_A_DAY
    return f"{hour:02}:{minute:02}" if 0 <= hour < 24 and 0 <= minute < 60 else ""
