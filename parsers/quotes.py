"""Our own replies, quoted line by line above what their reader wrote: they are taken away, and the rest is read."""

import re
from typing import Final

from parsers.normalise import Reading
from parsers.silence import begins_like_ours

_LINE: Final = re.compile(r"[^\n]*\n?")
_MARK: Final = re.compile(r"\s*(?:>\s*)+")


def without_our_quotes(reading: Reading) -> Reading:
    """Return the reading without its quoted lines (`> …`) where those begin like a reply of ours and others remain."""
    if ">" not in reading.skeleton:
        return reading
    own: list[tuple[int, int]] = []
    ours = within = False
    for line in _LINE.finditer(reading.skeleton):
        mark = _MARK.match(line[0])
        if mark is not None and not within:
            ours = begins_like_ours(line[0][mark.end() :])
        within = mark is not None
        if not (within and ours):
            own.append(line.span())
    clean, skeleton = ("".join(text[a:b] for a, b in own) for text in (reading.clean, reading.skeleton))
    return Reading(clean, skeleton) if skeleton.strip() else reading
