"""Numbers in two columns of a table of which the last four digits come first (header 尾号|前三, rows 5678|138)."""

import re
from collections.abc import Iterator
from typing import Final

_CELL: Final = re.compile(r"[^|,;、\s]+")
_NAMED: Final = re.compile("[后末尾]")
_TAIL: Final = re.compile(r"(?:客户)?(?:手机|电话)?号?码?(?:尾号|尾数|(?:最?后|末)[四4]位?)")
_HEAD: Final = re.compile(r"(?:客户)?(?:手机|电话)?号?码?(?:[前头首][三3]位?|号段|开头)")


def in_columns(marked: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, first and last digits of each row below such a header."""
    if "\n" not in marked or not _NAMED.search(marked):
        return
    column, width, begin = -1, 0, 0
    for line in marked.splitlines(keepends=True):
        cells = list(_CELL.finditer(line))
        heads = (
            at for at in range(len(cells) - 1) if _TAIL.fullmatch(cells[at][0]) and _HEAD.fullmatch(cells[at + 1][0])
        )
        header = next(heads, None)
        if header is not None:
            column, width = header, len(cells)
        elif column >= 0 and len(cells) == width:
            last, first = cells[column], cells[column + 1]
            if re.fullmatch("[0-9]{4}", last[0]) and re.fullmatch("[0-9]{3}", first[0]):
                yield begin + last.start(), begin + first.end(), first[0], last[0]
        begin += len(line)
