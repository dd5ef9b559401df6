"""What a claim's first text said: names that stand in it word for word are put right at the claim's own place (L23)."""

import re
from collections.abc import Sequence

from parsers.message import Report
from worker.rules.identity import fold

_DIGITS = re.compile(r"\d+")
_A_LETTER_OF_LATIN = re.compile(r"[a-z]")


def said_of(text: str, reports: Sequence[Report], index: int) -> str:
    """Return the words of a text as far as they can be of one of its clients: without digits and the others' names."""
    own = fold(reports[index].client or "")
    others = (r.client for n, r in enumerate(reports) if n != index and r.client)
    for name in others:
        if fold(name) not in own:
            text = text.replace(name, "\n")
    return _DIGITS.sub("\n", text).strip()


def stands_in(name: str, said: str) -> bool:
    """Tell whether a name stands word for word in what a text said; a single character only as a word of its own."""
    letters = fold(name)
    if not letters:
        return False
    pattern = " ?".join(map(re.escape, letters))
    around = r"\w" if len(letters) == 1 else "[a-z]" if _A_LETTER_OF_LATIN.search(letters) else None
    if around is not None:
        pattern = f"(?<!{around}){pattern}(?!{around})"
    return any(re.search(pattern, _folded(line)) for line in said.splitlines())


def _folded(line: str) -> str:
    return " ".join(fold(word) for word in line.split())
