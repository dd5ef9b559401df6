"""Numbers whose first three and last four digits stand in two fields, in either order (前三位：138 后四位：5678).

A field is digits with their name before or behind them.
"""

import re
from collections.abc import Iterator
from typing import Final

_BE: Final = r"[位号个]?(?:数字?|号码?)?(?:是|为|are|is)?[\s:=(\[]{0,4}"
_COUNT: Final = "[二三四五六]?"
_HEAD: Final = (
    rf"(?:(?:前(?={_COUNT}[位\s:是为0-9])|[头首]三){_COUNT}|开头|打头|起头|号段){_BE}(?<![0-9])([0-9]{{2,7}})(?![0-9*])"
    rf"|(?:前[面边头](?:三位?)?|头|(?:start|begin)(?:s|ning)?(?: with)?|first (?:three|3)(?: digits)?){_BE}(?<![0-9])([0-9]{{3}})(?![0-9*])"
    r"|(?<![0-9])([0-9]{3}) ?(?:(?:开头|打头|起头|[是为]?头(?![0-9])|[是为]?号段)的?|\((?:头|前三?位?|号段|开头)\))"
)
_TAIL: Final = (
    rf"(?:(?:最?后|末|尾)(?={_COUNT}[位号数\s:是为0-9]){_COUNT}|尾[号数]|结尾|末尾){_BE}([0-9]{{2,8}})(?![0-9*])"
    rf"|(?:最后|后[面边头](?:四[位个])?|end(?:s|ing)?(?: with| in)?|last (?:four|4)(?: digits)?){_BE}(?<![0-9])([0-9]{{4}})(?![0-9*])"
    r"|(?<![0-9])([0-9]{4}) ?(?:结尾|收尾|[是为](?:尾号|后四位)|[是为]?尾(?![号数])|\((?:尾[号数]?|后四?位?|末四位?)\))"
)
_BETWEEN: Final = r"[)\]\s,、;。·\-+/*]{0,12}(?:中间(?:四位)?(?:隐藏|保密|不详|略|省略)?)?(?:and |的|客户|号主)?(?:手机|电话|联系方式)?号?码?[\s,、:]{0,4}"
_FORWARD: Final = re.compile(rf"(?:{_HEAD}){_BETWEEN}(?:{_TAIL})[)\]]?")
_BACKWARD: Final = re.compile(rf"(?:{_TAIL}){_BETWEEN}(?:{_HEAD})[)\]]?")
_NAMED: Final = re.compile("[前头首段]|with|first|start|begin")


def in_two_fields(marked: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, first and last digits of each such number, not overlapping, whatever their count."""
    if not _NAMED.search(marked):
        return
    taken = 0
    found = [(m, True) for m in _FORWARD.finditer(marked)] + [(m, False) for m in _BACKWARD.finditer(marked)]
    for match, forward in sorted(found, key=lambda pair: pair[0].start()):
        if match.start() >= taken:
            taken = match.end()
            one, other = (digits for digits in match.groups() if digits)
            yield match.start(), match.end(), *((one, other) if forward else (other, one))
