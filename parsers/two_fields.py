"""Numbers whose first three and last four digits stand in two fields, in either order (前三位：138 后四位：5678)."""

import re
from collections.abc import Iterator
from typing import Final

_BE: Final = r"(?:位|号)?(?:数字?|号码?)?(?:是|为)?[\s:=(\[]{0,4}"
_COUNT: Final = "[二三四五六]?"
_HEAD: Final = (
    rf"(?:(?:前(?={_COUNT}[位\s:是为0-9])|[头首]三){_COUNT}|开头|打头|起头){_BE}(?<![0-9])([0-9]{{2,7}})(?![0-9*])"
)
_HEAD_BEFORE: Final = r"(?<![0-9])([0-9]{3})(?:开头|打头|起头)的?"
_TAIL: Final = (
    rf"(?:(?:最?后|末|尾)(?={_COUNT}[位号数\s:是为0-9]){_COUNT}|尾[号数]|结尾|末尾){_BE}([0-9]{{2,8}})(?![0-9*])"
)
_TAIL_BEFORE: Final = r"(?<![0-9])([0-9]{4})结尾"
_BETWEEN: Final = r"[)\]\s,、;。·\-+/*]{0,12}(?:中间(?:四位)?(?:隐藏|保密|不详|略|省略)?)?(?:的|客户|号主)?(?:手机|电话|联系方式)?号?码?[\s,、:]{0,4}"
_FORWARD: Final = re.compile(rf"(?:{_HEAD}|{_HEAD_BEFORE}){_BETWEEN}(?:{_TAIL}|{_TAIL_BEFORE})[)\]]?")
_BACKWARD: Final = re.compile(rf"(?:{_TAIL}|{_TAIL_BEFORE}){_BETWEEN}(?:{_HEAD}|{_HEAD_BEFORE})[)\]]?")


def in_two_fields(marked: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, first and last digits of each such number, not overlapping, whatever their count."""
    if not re.search("[前头首]", marked):
        return
    taken = 0
    found = [(m, True) for m in _FORWARD.finditer(marked)] + [(m, False) for m in _BACKWARD.finditer(marked)]
    for match, forward in sorted(found, key=lambda pair: pair[0].start()):
        if match.start() >= taken:
            taken = match.end()
            one, other = (match[1] or match[2]), (match[3] or match[4])
            yield match.start(), match.end(), *((one, other) if forward else (other, one))
