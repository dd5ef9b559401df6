"""Numbers of which one field alone is given, or that are no mobile's: they serve where a text has no other (bad_phone)."""

import re
from collections.abc import Iterator
from typing import Final

from parsers.digits import CHINESE_DIGITS

_NUMERAL: Final = "".join(numeral for numeral in CHINESE_DIGITS if "\u4e00" <= numeral <= "\u9fff")
_OTHERS: Final = (
    r"(?P<other>(?:您|证|证件|车|车牌|卡|微信|qq|单|单号|快递|订单|合同|房|账号|编号|工号|牌)号?码?的?\s?)?"
)
"""Whose last digits are no telephone's."""
_BE: Final = r"(?:位|个)?(?:数字?|号码?)?(?:是|为)?[\s:=(\[]{0,4}"
_FOUR: Final = (
    rf"(?:(?<![0-9])[0-9]{{4}}(?![0-9]|\s?[年万元㎡平米室]|的?[^\s0-9]{{0,4}}卡)|[{_NUMERAL}]{{4}}(?![{_NUMERAL}]))"
)
_TAIL: Final = re.compile(
    rf"{_OTHERS}(?:尾号|尾数|末尾|(?:最?后|末)四|(?:手机|电话)号?码?(?:最?后|末|尾)|last (?:four|4)(?: digits)?(?: are)?|end(?:s|ing)(?: with| in)?)"
    rf"{_BE}(?P<last>{_FOUR})"
    r"|(?<![0-9.:/\-])(?P<before>[0-9]{4})\s?(?:结尾|收尾|[是为]尾号|\(尾号?\))"
)
_HEAD: Final = re.compile(
    rf"{_OTHERS}(?:前三|头三|首三|号段|开头|打头|first (?:three|3)(?: digits)?|(?:start|begin)(?:s|ning) with){_BE}"
    r"(?<![0-9])(?P<first>1[3-9][0-9])(?![0-9]|\s?[年万元㎡平米室天])"
    r"|(?<![0-9.:/\-])(?P<before>1[3-9][0-9])\s?(?:开头|打头|起头|号段)"
    r"|(?:手机|电话)号?码?[是为\s:]{0,2}(?<![0-9])(?P<said>[0-9]{3})(?:开头|打头)"
)
_LANDLINE: Final = re.compile(r"(?<![0-9])\(?0[1-9][0-9]{1,2}\)?[\s\-]{0,2}[0-9]{0,4}\*[* ]{0,8}[0-9]{0,4}(?![0-9])")


def halves(marked: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, first and last digits as far as given."""
    taken: list[tuple[int, int]] = []
    for pattern in (_LANDLINE, _TAIL, _HEAD):
        for match in pattern.finditer(marked):
            groups = match.groupdict()
            start, end = match.span()
            if groups.get("other") or any(start < e and s < end for s, e in taken[-1:]):
                continue
            taken.append((start, end))
            first = groups.get("first") or groups.get("said") or (groups.get("before") if pattern is _HEAD else "")
            last = groups.get("last") or (groups.get("before") if pattern is _TAIL else "")
            yield start, end, first or "", "".join(CHINESE_DIGITS.get(c, c) for c in last or "")
