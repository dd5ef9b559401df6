"""How a model sees texts that it has not learned from: what verdict, assurance and thresholds are learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from sys import intern

from parsers import assurance, verdict
from parsers.assurance import Sight, of_verdict
from parsers.edges import NOTHING_KNOWN, Known
from parsers.reader import View, has_other_numbers, numbers_of, outcome, sight_of
from parsers.reservations import is_standard, takes_back
from parsers.weights import Model
from tests.learning import rosters
from tests.learning.perceptron import problem_of
from tests.learning.samples import Sample, fits

WHOLE = 0.8
"""So many of the texts name only whom their site's roster has."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate reading: what is seen of it but for the verdict, whether it and its numbers are right, what it is."""

    features: frozenset[str]
    right: bool
    right_numbers: bool
    outcome: str
    roster: bool
    other_numbers: bool
    standard: bool
    agrees: bool
    error: str | None
    registers: bool
    """it would be registered as it is, and nothing asked, were it likely enough"""

    def whole(self, verdict: int) -> frozenset[str]:
        """Return the features, those of a verdict with them."""
        return self.features | frozenset(of_verdict(self.agrees, self.error, verdict))


@dataclass(frozen=True, slots=True)
class Observed:
    """A text as a model sees it: whether it is a report, the verdict's features, the candidates."""

    source: str
    """the set that it is of; empty for a generated one"""
    grade: str
    is_report: bool
    words: frozenset[str]
    choices: tuple[Choice, ...]


def observed(model: Model, samples: Sequence[Sample]) -> list[Observed]:
    """Return the texts as a model sees them: each with nothing known, and with all or some of its names on a roster."""
    random = Random(11)
    listed = rosters.full_rosters(samples, random)
    partly = rosters.knowns_for(samples, random, share=1.0)
    out = []
    for sample, whole, part in zip(samples, listed, partly, strict=True):
        for known in (NOTHING_KNOWN, whole if random.random() < WHOLE else part):
            found = _observed(sample, known, model)
            if found is not None:
                out.append(found)
    return out


def _observed(sample: Sample, known: Known, model: Model) -> Observed | None:
    problem = problem_of(sample, known)
    sight = sight_of(problem.reading, problem.phones, known, model)
    if sight is None:
        return None
    first = sight.candidates[0]
    words = frozenset(map(intern, verdict.features_of(first.path, first.parsed, problem.reading)))
    choices = tuple(_choice(sample, sight, at) for at in range(len(sight.candidates)))
    is_report = sample.expected.get("error") != "not_a_report"
    return Observed(sample.source, sample.grade, is_report, words, choices)


def _choice(sample: Sample, sight: Sight, at: int) -> Choice:
    candidate = sight.candidates[at]
    parsed = candidate.parsed
    seen = View(sight, 0, at, ())
    expected = [(r["first3"], r["last4"]) for r in sample.expected.get("reports", ())]
    return Choice(
        frozenset(map(intern, assurance.features_of(sight, at))),
        fits(parsed.to_json(), sample.expected),
        not expected or numbers_of(parsed) == expected,
        outcome(parsed),
        sight.known.roster,
        has_other_numbers(seen),
        is_standard(candidate.path),
        parsed == sight.second,
        parsed.error,
        bool(parsed.reports) and not parsed.faults and not takes_back(candidate.path),
    )


def measure_of(model: Model, samples: Sequence[Sample]) -> int:
    """Return the usual lead of a right reading in generated texts: leads of two trainings are not of one size."""
    leads = []
    for sample in samples:
        problem = problem_of(sample, NOTHING_KNOWN)
        sight = sight_of(problem.reading, problem.phones, NOTHING_KNOWN, model)
        if (
            sight is not None
            and len(sight.candidates) > 1
            and fits(sight.candidates[0].parsed.to_json(), sample.expected)
        ):
            leads.append(sight.candidates[1].behind)
    return max(sorted(leads)[len(leads) // 2], 1) if leads else 1
