"""The second view learns its characters' tags from the marked texts, and from the gold paths of the corpora."""

from collections.abc import Callable, Sequence
from typing import Any

from parsers.edges import Known
from parsers.lattice import Hypothesis
from parsers.tagger import TAGS, Unit, features, tag_units, units_of
from tests.learning.learned import Learned
from tests.learning.perceptron import Problem

_INSIDE = {"C": "c", "A": "a", "U": "u"}


def gold_tags(problem: Problem, gold: Hypothesis, known: Known) -> tuple[list[Unit], list[int]]:
    """Return the characters of a text and the tags that its gold path gives them."""
    units = units_of(problem.reading.skeleton, problem.pieces, known)
    names = {}
    for edge, tag in gold.path():
        for place in range(edge.start, edge.end):
            begin = place == edge.start
            names[place] = (tag if begin else _INSIDE[tag]) if tag in _INSIDE else "L" if tag[0] == "L" else tag
    tags = []
    for unit in units:
        name = names.get(unit.start, "O")
        tags.append(TAGS.index(name if name in TAGS else "O"))
    return units, tags


def train_tagger(
    texts: Sequence[tuple[list[Unit], list[int]]],
    epochs: int,
    shuffle: Callable[[list[Any]], None],
    *,
    scale: int = 8,
    report: Callable[[str], None] = print,
) -> Learned:
    """Return averaged integer weights."""
    weights = Learned()
    sums: dict[str, list[int]] = {}
    prepared = [(units, features(units), tags) for units, tags in texts]
    clock = 0

    def add(feature: str, tag: int, amount: int) -> None:
        row = weights.setdefault(feature, [0] * len(TAGS))
        row[tag] += amount
        sums.setdefault(feature, [0] * len(TAGS))[tag] += amount * clock

    for epoch in range(epochs):
        order = list(prepared)
        shuffle(order)
        wrong = 0
        for units, found, tags in order:
            clock += 1
            guess = tag_units(units, weights)
            if guess == tags:
                continue
            wrong += 1
            before_gold = before_guess = len(TAGS)
            for features_here, gold, other in zip(found, tags, guess, strict=True):
                if gold != other:
                    for feature in features_here:
                        add(feature, gold, 1)
                        add(feature, other, -1)
                if (before_gold, gold) != (before_guess, other):
                    add(f">{before_gold}", gold, 1)
                    add(f">{before_guess}", other, -1)
                before_gold, before_guess = gold, other
        report(f"tagger, epoch {epoch + 1}: {wrong} of {len(order)} wrong")
    return Learned(
        (feature, [round(scale * (w - s / clock)) for w, s in zip(row, sums[feature], strict=True)])
        for feature, row in sorted(weights.items())
    )
