"""The verdict learns what is a report: a logistic regression over shapes and words, rounded to integers."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from parsers.verdict import BIAS, VerdictWeights


def train_verdict(
    texts: Sequence[tuple[frozenset[str], bool, float]],
    epochs: int,
    shuffle: Callable[[list[Any]], None],
    *,
    rate: float = 0.1,
    decay: float = 6e-4,
    scale: int = 100,
) -> VerdictWeights:
    """Return the weights, in hundredths of a logit; each text has its features, whether it is a report, its weight."""
    weights: dict[str, float] = {}
    step = rate
    for epoch in range(epochs):
        order = list(texts)
        shuffle(order)
        step = rate / (1 + epoch)
        for found, is_report, weight in order:
            total = sum(weights.get(f, 0.0) for f in found)
            guess = 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
            error = (is_report - guess) * weight * step
            size = math.sqrt(len(found))
            for feature in found:
                old = weights.get(feature, 0.0)
                weights[feature] = old * (1 - decay) + error / (1 if feature == BIAS else max(size / 6, 1))
    return {f: round(w * scale) for f, w in sorted(weights.items()) if round(w * scale)}
