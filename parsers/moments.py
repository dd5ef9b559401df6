"""Dates, times, counts, plates and stray numbers of a text: digits that are no telephone number."""

import re
from collections.abc import Sequence
from typing import Final

from parsers.phones import Phone, blank

_CLOCK: Final = r"\d{1,2}\s?[:点时]\s?(?:\d{1,2}|半|一刻)?(?:[:分]\d{0,2}秒?)?分?(?:左右|前后|之前|前|后)?"
_DAY: Final = r"(?:20)?\d{2}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?|\d{1,2}\s?月\s?\d{1,2}\s?[日号]?|20\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:[日号])?|\d{1,2}[日号](?![楼栋])"
_COUNT: Final = (
    r"[0-9一二两三四五六七八九十]+(?:\.\d+)?\s?(?:[-~至到]\s?\d+(?:\.\d+)?)?\s?"
    r"(?:m²|㎡|m2|平方米|平米|平方|平|万元|万|元|岁|位客户|组客户|个客户|批客户|人|号楼|栋|幢|单元|室|房|厅|卫|层|楼|期|套|组|批|位|个人|个|%|折|千)(?:左右|以内|以上|/㎡|/平)?"
)
_MOMENTS: Final = re.compile(rf"(?:{_DAY})|(?:{_CLOCK})|(?:[0-9]{_COUNT[len('[0-9一二两三四五六七八九十]') :]})")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·\s]?(?=[a-z]{0,5}\d)[a-z0-9]{5,6}(?![a-z0-9])"
)
"""A car's number plate (车牌), skeleton spelling."""

_NUMERAL: Final = "[一二两三四五六七八九十]"
_SAID: Final = re.compile(
    r"(?:大后天|[今明后][天日早晚]|[今明](?=[上下]午))(?:的?(?:早上|上午|中午|下午|晚上|傍晚))?"
    r"|(?:这|本|下)?(?:周|星期|礼拜)[一二三四五六日天末](?=$|[\W\d上下早晚中傍到来看去过带约前后])(?:早上|上午|中午|下午|晚上|傍晚)?"
    r"|早上|上午|中午|下午|晚上|傍晚"
    rf"|{_NUMERAL}{{1,3}}点(?:半|[一三]刻|钟|{_NUMERAL}{{1,3}}分?)?(?:左右|前后|之前)?|{_NUMERAL}{{1,2}}月{_NUMERAL}{{1,3}}[日号]"
)
"""Moments in words."""


def find_moments(skeleton: str, phones: Sequence[Phone] = ()) -> list[tuple[int, int]]:
    """Return where moments (in digits or words), counts and plates stand outside the phones; in order, apart."""
    rest = blank(skeleton, list(phones))
    spans: list[tuple[int, int]] = []
    for pattern in (_PLATE, _MOMENTS, _SAID):
        chars = list(rest)
        for match in pattern.finditer(rest):
            spans.append(match.span())
            chars[match.start() : match.end()] = " " * len(match[0])
        rest = "".join(chars)
    # Those that touch are one (明天下午 and 3点).
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined
