"""Verdict, assurance and thresholds, learned from texts as models saw them that had not learned from them.

Each half of the texts is weighed by what the other half teaches before the thresholds are chosen on it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from parsers.weights import OUTCOMES
from tests.learning.logistic import Example, train_logistic
from tests.learning.observing import Choice, Observed

FALSE_OF_NONE = {"whole": 0.015, "agentless": 0.005}
"""At most so many of the texts that are no report may be taken for one, by what it would come to."""
LOST_OF_REPORTS = 0.003
SILENT = {"roster": 0.004, "alone": 0.008}
"""At most so many of the texts may be registered wrong and nobody told, with the site's roster and without any."""
MIXTURE = {"typical": 0.5, "": 0.25, "hard": 0.25}
"""Texts as they arrive: the ordinary ones, those of the corpora, and those that somebody made hard."""
STANDARD_BY = 100
"""The standard form whole is a report whatever stands around it: it is asked for so much less."""
WRONG_NUMBERS = 0.0007
WEIGHT_OF_ROWS = 2.0
WEIGHTS = {"": 1.0, "reports": 6.0, "variants": 6.0}
"""Those of generated texts, and of the rows that are promised to be right."""
MOST_SURE = 1_500


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was learned."""

    verdict: dict[str, int]
    assurance: dict[str, int]
    sure_above: dict[str, int]
    report_above: dict[str, int]
    report_below: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A text with its verdict, its likeliest reading and how likely that is, by what the other half teaches."""

    seen: Observed
    verdict: int
    choice: Choice
    assurance: int


def weighed(
    one: Sequence[Observed], other: Sequence[Observed], fresh: Sequence[Observed], report: Callable[[str], None]
) -> Weighed:
    """Return what the halves, each seen by the other's model, and fresh texts teach."""
    halves = (one, other)
    crossed = [_verdict([*halves[1 - i], *fresh]) for i in range(2)]
    verdicts = [{id(seen): score(seen.words, crossed[i]) for seen in half} for i, half in enumerate(halves)]
    examples = [_examples(half, verdicts[i]) for i, half in enumerate(halves)]
    made = _examples(fresh, {id(seen): score(seen.words, crossed[0]) for seen in fresh})
    assurances = [_assurance([*examples[1 - i], *made]) for i in range(2)]
    judged = [_judged(seen, verdicts[i][id(seen)], assurances[i]) for i, half in enumerate(halves) for seen in half]
    above, below = report_thresholds(judged)
    passed = [j for j in judged if j.verdict >= above["standard" if j.choice.standard else j.choice.outcome]]
    sure = sure_thresholds(passed, judged)
    for line in _summary(judged, passed, sure):
        report(line)
    return Weighed(
        _verdict([*one, *other, *fresh]), _assurance([*examples[0], *examples[1], *made]), sure, above, below
    )


def _summary(judged: Sequence[Judged], passed: Sequence[Judged], sure: dict[str, int]) -> Iterator[str]:
    """Yield for each set of rows how its reports were read by models that had seen nothing of their writers."""
    told = {id(j) for j in passed if j.assurance >= _enough(j.choice, sure)}
    for name in sorted({j.seen.source for j in judged}):
        for roster in (True, False):
            mine = [j for j in judged if j.seen.source == name and j.choice.roster == roster]
            reports = [j for j in mine if j.seen.is_report]
            right = sum(j.choice.right for j in reports)
            surely = sum(j.choice.right and id(j) in told for j in reports)
            silent = sum(_is_silent(j) and id(j) in told for j in mine)
            where = f"{name}, {'roster' if roster else 'alone'}"
            yield (f"{where:18} {len(reports):5} reports: {right} right at first guess, {surely} of them surely; "
                   f"of {len(mine)} texts {silent} silently wrong")  # fmt: skip


def _enough(choice: Choice, sure: dict[str, int]) -> int:
    enough = sure["roster" if choice.roster else "alone"]
    return max(enough, sure["numbers"]) if choice.other_numbers else enough


def score(features: Iterable[str], weights: dict[str, int]) -> int:
    """Return the sum of the weights of features."""
    return sum(weights.get(feature, 0) for feature in features)


def _verdict(texts: Sequence[Observed]) -> dict[str, int]:
    random = Random(7)
    return train_logistic([(t.words, t.is_report, _weight(t)) for t in texts], 10, random.shuffle)


def _weight(text: Observed) -> float:
    """Return how much a text counts: a generated one less, what is promised to be right more."""
    return WEIGHTS.get(text.source, WEIGHT_OF_ROWS)


def _examples(texts: Sequence[Observed], verdicts: dict[int, int]) -> list[Example]:
    return [
        (choice.whole(verdicts[id(text)]), choice.right, _weight(text) / 2) for text in texts for choice in text.choices
    ]


def _assurance(examples: Sequence[Example]) -> dict[str, int]:
    return train_logistic(examples, 12, Random(8).shuffle, decay=2e-3)


def _judged(seen: Observed, verdict: int, weights: dict[str, int]) -> Judged:
    scores = [score(choice.whole(verdict), weights) for choice in seen.choices]
    best = max(range(len(scores)), key=lambda at: (scores[at], -at))
    return Judged(seen, verdict, seen.choices[best], scores[best])


def report_thresholds(judged: Sequence[Judged]) -> tuple[dict[str, int], int]:
    """Return from which verdict on a text is a report, by what it comes to, and below which it is none."""
    none = [j for j in judged if not j.seen.is_report]
    weight = _weights(none)
    above = dict.fromkeys(OUTCOMES, 0)
    for kind, share in FALSE_OF_NONE.items():
        false = [(j.verdict, weight[j.seen.grade]) for j in none if j.choice.outcome == kind]
        above[kind] = max(_least(false, share * len(none)), 0)
    reports = sorted(j.verdict for j in judged if j.seen.is_report and j.choice.outcome != "fault")
    below = min(reports[round(LOST_OF_REPORTS * len(reports))] if reports else 0, *above.values())
    standard = [j.verdict for j in judged if j.seen.is_report and j.choice.standard]
    return above | {"standard": min(below, *standard) - STANDARD_BY}, below


def _weights(judged: Sequence[Judged]) -> dict[str, float]:
    """Return how much a text of each grade counts, so that they are mixed as they arrive."""
    counts = Counter(j.seen.grade for j in judged)
    return {grade: MIXTURE[grade] * len(judged) / count for grade, count in counts.items()}


def sure_thresholds(passed: Sequence[Judged], judged: Sequence[Judged]) -> dict[str, int]:
    """Return how likely a sure reading must be: with a roster or alone, and where another one has other numbers."""
    wrong = [j for j in passed if _is_silent(j)]
    above = {}
    for name, share in SILENT.items():
        mine = [j for j in judged if j.choice.roster == (name == "roster")]
        weight = _weights(mine)
        found = [(j.assurance, weight[j.seen.grade]) for j in wrong if j.choice.roster == (name == "roster")]
        above[name] = _least(found, share * len(mine))
    numbered = [j for j in wrong if j.choice.other_numbers and not (j.choice.right_numbers and j.seen.is_report)]
    return above | {"numbers": _least([(j.assurance, 1.0) for j in numbered], WRONG_NUMBERS * len(judged))}


def _is_silent(judged: Judged) -> bool:
    """Tell whether a text would be registered wrong, were its reading sure."""
    return judged.choice.registers and not (judged.choice.right and judged.seen.is_report)


def _least(wrong: Sequence[tuple[int, float]], most: float) -> int:
    """Return the least assurance above which the wrong ones, each with its weight, are no more than so many."""
    total = 0.0
    for assurance, weight in sorted(wrong, reverse=True):
        total += weight
        if total > most:
            return min(assurance + 1, MOST_SURE)
    return 0
