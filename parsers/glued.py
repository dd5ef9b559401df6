"""What is glued behind a number: the hour, a head count, the number of the next item of a list."""

import re
from typing import Final

_LONGEST_REST: Final = 2
_COUNTED: Final = "人组点个位"
_WINDOW: Final = 400
_ITEM: Final = re.compile(r"[.、)]\s?[^\W\d_]")
_NEXT_NUMBER: Final = re.compile(r"[^0-9]{2,30}[0-9]{3}(?:[0-9]{4}|\s?[*…x·])")


def end_of_number(skeleton: str, start: int, end: int, length: int) -> int:
    """Return where digits of a number of `length` end that stand between start and end: there, or before what is glued."""
    rest = end - start - length
    if not 0 < rest <= _LONGEST_REST:
        return end
    stop, behind = start + length, skeleton[end : end + 1]
    if behind == ":" or (behind and behind in _COUNTED):
        return stop
    # The number of a list's item: the item before stands in the text, or a number follows.
    number = int(skeleton[stop:end])
    if number < 2 or skeleton[stop] == "0" or not _ITEM.match(skeleton, end):
        return end
    before = re.compile(rf"(?<![0-9]){number - 1}[.、)]")
    listed = before.search(skeleton, max(0, start - _WINDOW), start)
    return stop if listed or (number == 2 and _NEXT_NUMBER.match(skeleton, end)) else end
