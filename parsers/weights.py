"""What the reader has learned: weights and thresholds from one data file, which `python -m tests.learning` writes."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from parsers.feature_tables import Rows, Scores, Weights
from parsers.lattice import Scorer
from parsers.tagger import TAGS as CHARACTER_TAGS
from parsers.tags import TAGS

_OWN: Final = threading.local()
OUTCOMES: Final = ("whole", "agentless", "fault")
"""A report with all its parts, one without agent and unit, one that lacks more: it is answered with what it lacks."""
FILE: Final = "reader.json"
WORDS: Final = "words.toml"


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the lattice, the second view, the verdict and the assurance of readings, and the thresholds for them."""

    lattice: Weights
    tagger: Weights
    verdict: Scores
    assurance: Scores
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
    return model_of(json.loads(_bytes(FILE)))


def model_of(data: Mapping[str, Any]) -> Model:
    """Return the model of the file's contents."""
    return Model(
        Rows(data["lattice"], len(TAGS)),
        Rows(data["tagger"], len(CHARACTER_TAGS)),
        Scores(data["verdict"]),
        Scores(data["assurance"]),
        data["measure"],
        data["sure_above"],
        data["report_above"],
        data["report_below"],
    )


def packed(weights: Weights, least: int = 1) -> dict[str, list[int]]:
    """Return the features of which some weight is `least` or more, each as index, weight, index, weight …"""
    return {
        feature: [n for i, weight in enumerate(row) if weight for n in (i, weight)]
        for feature, row in sorted(weights.items())
        if max(map(abs, row)) >= least
    }


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
