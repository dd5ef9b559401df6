"""A logistic regression over features that are there or not, rounded to integers."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from parsers.verdict import BIAS

Example = tuple[frozenset[str], bool, float]
"""Features, whether it is so, and its weight."""
SCALE = 100
"""Weights are hundredths of a logit."""
LEAST = 3
"""Lesser ones decide nothing; the file is half as large without them."""


def train_logistic(
    examples: Sequence[Example],
    epochs: int,
    shuffle: Callable[[list[Any]], None],
    *,
    rate: float = 0.1,
    decay: float = 6e-4,
) -> dict[str, int]:
    """Return the weights, in hundredths of a logit."""
    weights: dict[str, float] = {}
    # Sorted: what is added up must not depend on the order of hashes.
    order = [(sorted(found), is_so, weight) for found, is_so, weight in examples]
    for epoch in range(epochs):
        shuffle(order)
        step = rate / (1 + epoch)
        for found, is_so, weight in order:
            total = sum([weights.get(f, 0.0) for f in found])
            guess = 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
            error = (is_so - guess) * weight * step
            share = error / max(math.sqrt(len(found)) / 6, 1)
            for feature in found:
                weights[feature] = weights.get(feature, 0.0) * (1 - decay) + (error if feature == BIAS else share)
    return {f: round(w * SCALE) for f, w in sorted(weights.items()) if abs(w * SCALE) >= LEAST}
