"""A reply on several things shows what fits three segments; what is alike is folded, the rest counted (L12).

Whatever it is about, nothing is longer than a gateway takes.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from worker.words.segments import segments

MOST_SEGMENTS: Final = 3
LONGEST: Final = 1_600
"""In characters, as Twilio counts them (https://www.twilio.com/docs/api/errors/21617)."""
MOST_RANGES: Final = 4


@dataclass(frozen=True, slots=True)
class ListItem:
    """What is said of one thing; `kind`: the key of the words that fold it with others alike, "" for one by itself."""

    words: str
    kind: str = ""
    ref: str = ""


def listed(head: str, lines: Sequence[ListItem], tail: str, words: Mapping[str, Any]) -> str:
    """Return the list in full, or as much of it as fits; `words` is the language's catalogue.

    What stands for itself is shown before what is alike, and of that what has no number by which it could be found.
    """
    by_need = sorted(range(len(lines)), key=lambda i: (bool(lines[i].kind), bool(lines[i].ref)))
    kinds = [kind for kind, _ in Counter(line.kind for line in lines if line.kind).most_common()]
    shapes = [(most, len(kinds)) for most in range(len(lines), -1, -1)] + [(0, n) for n in range(len(kinds), -1, -1)]
    for most, folded in shapes:
        shown = set(by_need[:most])
        left = [line for i, line in enumerate(lines) if i not in shown]
        told = [*(lines[i].words for i in sorted(shown)), *_folded(left, kinds[:folded], words)]
        text = head + "\n" + "\n".join(told) + tail
        if segments(text) <= MOST_SEGMENTS:
            break
    return text


def bounded(text: str) -> str:
    """Return what a gateway takes of it."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _folded(left: Sequence[ListItem], kinds: Sequence[str], words: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for all of each of these kinds, and one that counts the rest."""
    for kind in kinds:
        alike = [line for line in left if line.kind == kind]
        refs = _ranges([line.ref for line in alike if line.ref], words)
        if alike:
            yield words["fold"][kind].format(count=len(alike), refs=refs)
    others = sum(line.kind not in kinds for line in left)
    if others:
        yield words["fold"]["others"].format(count=others)


def _ranges(refs: Collection[str], words: Mapping[str, Any]) -> str:
    """Return R9–R48 for what follows one another, a few such at the most."""
    numbers = sorted({(ref[0], int(ref[1:])) for ref in refs})
    runs = [
        [letter + str(number) for _, (letter, number) in run]
        for _, run in groupby(enumerate(numbers), key=lambda each: (each[1][0], each[1][1] - each[0]))
    ]
    shown = [run[0] if len(run) == 1 else f"{run[0]}{words['fold']['to']}{run[-1]}" for run in runs[:MOST_RANGES]]
    return str(words["fold"]["and"]).join(shown) + ("" if len(runs) <= MOST_RANGES else str(words["fold"]["more"]))
