"""What the reader has learned: weights and thresholds from one data file, which `python -m tests.learning` writes."""

import hashlib
import json
import marshal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from parsers.assurance import AssuranceWeights
from parsers.lattice import Scorer, Weights
from parsers.tagger import TAGS as CHARACTER_TAGS
from parsers.tagger import TagWeights
from parsers.tags import TAGS
from parsers.verdict import VerdictWeights

_OWN: Final = threading.local()
OUTCOMES: Final = ("whole", "agentless", "fault")
"""A report with all its parts, one without agent and unit, one that lacks more: it is answered with what it lacks."""
FILE: Final = "reader.json"
WORDS: Final = "words.toml"


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the lattice, the second view, the verdict and the assurance of readings, and the thresholds for them."""

    lattice: Weights
    tagger: TagWeights
    verdict: VerdictWeights
    assurance: AssuranceWeights
    measure: int
    """the usual lead of a right reading in the lattice: what leads are measured by"""
    sure_above: Mapping[str, int]
    """how likely a sure reading is at least, in hundredths of a logit: where the site has a `roster`, where the text
    stands `alone`, and where another reading has other `numbers`"""
    report_above: Mapping[str, int]
    """a verdict from here on is a report, by what the reading comes to: OUTCOMES, or the `standard` form whole"""
    report_below: int
    """a verdict below is none; between the two it is asked"""

    def scorer(self) -> Scorer:
        """Return this thread's scorer for the lattice: what it remembers is its own."""
        scorer: Scorer | None = getattr(_OWN, "scorer", None)
        if scorer is None or scorer.weights is not self.lattice or scorer.full:
            scorer = _OWN.scorer = Scorer(self.lattice)
        return scorer

    def enough(self, roster: bool, numbers: bool) -> int:
        """Return how likely a reading must be to be sure."""
        enough = self.sure_above["roster" if roster else "alone"]
        return max(enough, self.sure_above["numbers"]) if numbers else enough


@lru_cache(maxsize=1)
def model() -> Model:
    """Return the model of the data file."""
    # Written down and taken up again it lies close together: between what was read stands what reading has left.
    return Model(*marshal.loads(_read()))  # noqa: S302, our own words of a moment ago


def _read() -> bytes:
    # A number that stands there a thousand times is one object: the weights are most of what a decider holds in memory.
    found = model_of(json.loads(_bytes(FILE), parse_int=_Shared().__getitem__))
    return marshal.dumps([getattr(found, each.name) for each in fields(found)])


class _Shared(dict[str, int]):
    def __missing__(self, digits: str) -> int:
        return self.setdefault(digits, int(digits))


def model_of(data: Mapping[str, Any]) -> Model:
    """Return the model of the file's contents, which it takes over."""
    return Model(
        unpacked(data["lattice"], len(TAGS)),
        unpacked(data["tagger"], len(CHARACTER_TAGS)),
        data["verdict"],
        data["assurance"],
        data["measure"],
        data["sure_above"],
        data["report_above"],
        data["report_below"],
    )


def packed(weights: Mapping[str, list[int]], least: int = 1) -> dict[str, list[int]]:
    """Return the features of which some weight is `least` or more, each as index, weight, index, weight …"""
    return {
        feature: [n for i, weight in enumerate(row) if weight for n in (i, weight)]
        for feature, row in sorted(weights.items())
        if max(map(abs, row)) >= least
    }


def unpacked(stored: dict[str, Any], width: int) -> dict[str, Sequence[int]]:
    """Unpack in place what `packed` packed, and return it: pairs are let go on the way, equal rows become one."""
    rows: dict[tuple[int, ...], tuple[int, ...]] = {}
    for feature, pairs in stored.items():
        row = [0] * width
        for at in range(0, len(pairs), 2):
            row[pairs[at]] = pairs[at + 1]
        whole = tuple(row)
        stored[feature] = rows.setdefault(whole, whole)
    return stored


@lru_cache(maxsize=1)
def digest() -> str:
    """Return a hash of all that a reading depends on besides the code: words, weights, tables (L27)."""
    whole = hashlib.sha256()
    folder = resources.files("parsers").joinpath("data")
    for name in sorted(
        entry.name for entry in folder.iterdir() if entry.name.endswith((".toml", ".json", ".tsv", ".txt"))
    ):
        whole.update(_bytes(name))
    return whole.hexdigest()[:16]


def _bytes(name: str) -> bytes:
    return resources.files("parsers").joinpath("data", name).read_bytes()
