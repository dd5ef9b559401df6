"""A latent structured perceptron for the lattice: the gold path is the best one that comes to what the row says."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from parsers.assembly import Part, assemble, parts_of
from parsers.context import context_features, end_features
from parsers.edges import Edge, Known
from parsers.lattice import END, Hypothesis, Scorer, search
from parsers.mask import mask_numbers
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone, find_phones
from parsers.pieces import Piece
from parsers.reader import prepared
from parsers.tags import FIELDS, INDEX, TAGS
from tests.learning.learned import Learned
from tests.learning.samples import PARTS, Sample

TRAINING_BEAM, TRAINING_FAR = 6, 150
GOLD_SEARCHES = ((10, 900), (60, 100_000))


@dataclass(slots=True)
class Problem:
    """A sample ready to be searched."""

    sample: Sample
    known: Known
    reading: Reading
    phones: list[Phone]
    pieces: list[Piece]
    edges: list[list[Edge]]
    allowed: Callable[[Edge, str], bool]


def problem_of(sample: Sample, known: Known, region: str = "CN") -> Problem:
    """Return the problem of a sample."""
    reading = fold_for_reading(mask_numbers(sample.text, region))
    phones = find_phones(reading.skeleton, region)
    ready = prepared(reading, phones, known)
    allowed = by_spans(sample, ready.edges) if sample.spans else by_values(sample, reading, ready.pieces)
    return Problem(sample, known, reading, phones, ready.pieces, ready.edges, allowed)


def by_spans(sample: Sample, edges: Sequence[Sequence[Edge]]) -> Callable[[Edge, str], bool]:
    """Allow the marked parts and labels as they are, and no other part."""
    marked = {(s, e): tag for s, e, tag in sample.spans}
    clients = [(s, e) for s, e, tag in sample.spans if tag == "P"]
    present = {(e.start, e.end) for row in edges for e in row for t in e.tags if t[0] == "L"}
    kept = [(s, e) for s, e, tag in sample.spans if tag in "CAU" or (tag[0] == "L" and (s, e) in present)]

    def allowed(edge: Edge, tag: str) -> bool:
        if edge.coarse == "number":
            return (tag == "P") == any(s < edge.end and edge.start < e for s, e in clients)
        want = marked.get((edge.start, edge.end))
        if tag[0] == "L":
            return want is not None and (want == tag or (tag == "LS" and want == "LO"))
        if tag in FIELDS:
            return want == tag
        return not any(s < edge.end and edge.start < e for s, e in kept)

    return allowed


def by_values(sample: Sample, reading: Reading, pieces: Sequence[Piece]) -> Callable[[Edge, str], bool]:
    """Allow as parts only the values that the row expects."""
    expected = sample.expected
    reports = expected.get("reports", [])
    error = expected.get("error", "")
    free = "reports" not in expected
    values = {
        tag: {fold_for_reading(r[part]).skeleton for r in reports if r[part]}
        for tag, part in (("C", "client"), ("A", "agent"), ("U", "distributor"))
    }
    numbers = {(r["first3"], r["last4"]) for r in reports}

    def allowed(edge: Edge, tag: str) -> bool:
        if tag in ("C", "A", "U"):
            if free:
                return not ((tag == "C" and error == "missing_name") or (tag in "AU" and error == "missing_agent"))
            return reading.skeleton[edge.start : edge.end] in values[tag]
        if tag in ("P", "Q"):
            return _number_allowed(pieces[edge.first], tag)
        return True

    def _number_allowed(piece: Piece, tag: str) -> bool:
        phone = piece.phone
        assert phone is not None
        if not free:
            return tag == "Q" or (phone.first3, phone.last4) in numbers
        if error == "missing_phone":
            return tag == "Q"
        if error == "bad_phone":
            return tag == "Q" or phone.faulty
        return True

    return allowed


def comes_to(hypothesis: Hypothesis, problem: Problem) -> bool:
    """Tell whether a path is what the sample says."""
    parts = parts_of(hypothesis.path(), problem.pieces)
    if problem.sample.spans and problem.sample.expected.get("error") == "not_a_report":
        marked = {(s, e, tag) for s, e, tag in problem.sample.spans if tag in "CAU"}
        return {(p.start, p.end, p.tag) for p in parts if p.tag != "P"} == marked
    return outcome(parts, problem.reading) == wanted(problem.sample)


def outcome(parts: Sequence[Part], reading: Reading) -> Any:
    """Return what parts come to, to be compared: the error, or the reports."""
    parsed = assemble(parts, reading)
    if parsed.error is not None or parsed.faults:
        return parsed.error or "faults"
    return [tuple(r.to_json()[p] for p in PARTS) for r in parsed.reports]


def wanted(sample: Sample) -> Any:
    """Return what a sample's parts must come to, as `outcome` has it."""
    if "error" in sample.expected:
        return sample.expected["error"]
    return [tuple(r[p] for p in PARTS) for r in sample.expected["reports"]]


def features_of(hypothesis: Hypothesis, problem: Problem, scorer: Scorer) -> Counter[tuple[str, int]]:
    """Return how often each feature counts for each tag on a path."""
    counts: Counter[tuple[str, int]] = Counter()
    for feature in end_features(scorer.contexts[hypothesis.end]):
        counts[feature, END] += 1
    step: Hypothesis | None = hypothesis
    while step is not None and step.edge is not None:
        tag = INDEX[step.tag]
        gap = problem.pieces[step.edge.first].gap
        every, fields = context_features(scorer.contexts[step.context], gap, step.edge.coarse)
        for feature in (*step.edge.features(step.tag), *every, *(fields if step.tag in FIELDS else ())):
            counts[feature, tag] += 1
        step = step.back
    return counts


class Learner:
    """Averaged weights: feature → one number for each tag."""

    def __init__(self) -> None:
        self.weights = Learned()
        self._sums: dict[str, list[int]] = {}
        self.updates = 0

    def update(self, gold: Counter[tuple[str, int]], other: Counter[tuple[str, int]]) -> None:
        """Move towards gold and away from the other."""
        for (feature, tag), count in gold.items():
            self._add(feature, tag, count - other.get((feature, tag), 0))
        for (feature, tag), count in other.items():
            if (feature, tag) not in gold:
                self._add(feature, tag, -count)
        self.updates += 1

    def _add(self, feature: str, tag: int, amount: int) -> None:
        if amount:
            row = self.weights.setdefault(feature, [0] * len(TAGS))
            sums = self._sums.setdefault(feature, [0] * len(TAGS))
            row[tag] += amount
            sums[tag] += amount * self.updates

    def averaged(self, scale: int = 8) -> Learned:
        """Return the averaged weights, rounded to integers of 1/scale."""
        out = Learned()
        for feature in sorted(self.weights):
            row, sums = self.weights[feature], self._sums[feature]
            mean = [round(scale * (w - s / max(self.updates, 1))) for w, s in zip(row, sums, strict=True)]
            if any(mean):
                out[feature] = mean
        return out


def train(
    problems: Sequence[Problem],
    learner: Learner,
    epochs: int,
    shuffle: Callable[[list[Any]], None],
    *,
    margin: int = 6,
    report: Callable[[str], None] = print,
) -> None:
    """Learn from the problems, several times over."""
    scorer = Scorer(learner.weights)
    for epoch in range(epochs):
        order = list(problems)
        shuffle(order)
        wrong = lost = 0
        for problem in order:
            scorer.forget_scores()
            if scorer.full:
                scorer = Scorer(learner.weights)
            found = search(problem.pieces, problem.edges, scorer, beam=TRAINING_BEAM, far=TRAINING_FAR)
            gold = found[0] if found and comes_to(found[0], problem) and _keeps(found[0], problem) else None
            if gold is None:
                wrong += 1
                gold = gold_path(problem, scorer)
                if gold is None:
                    lost += 1
                    continue
                learner.update(features_of(gold, problem, scorer), features_of(found[0], problem, scorer))
            else:
                rival = next((h for h in found[1:8] if not comes_to(h, problem)), None)
                if rival is not None and gold.score - rival.score < margin:
                    learner.update(features_of(gold, problem, scorer), features_of(rival, problem, scorer))
        report(f"epoch {epoch + 1}: {wrong} of {len(order)} wrong, {lost} out of reach")


def _keeps(hypothesis: Hypothesis, problem: Problem) -> bool:
    return all(problem.allowed(edge, tag) for edge, tag in hypothesis.path())


def gold_path(problem: Problem, scorer: Scorer) -> Hypothesis | None:
    """Return the best path that comes to what the sample says; None when the lattice has none."""
    for beam, far in GOLD_SEARCHES:
        found = search(problem.pieces, problem.edges, scorer, beam=beam, far=far, allowed=problem.allowed)
        gold = next((h for h in found if comes_to(h, problem)), None)
        if gold is not None:
            return gold
    return None
