"""Features and their learned weights. As dicts these would take five times the room, a quarter of all that is imported."""

from array import array
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from marisa_trie import Trie

_BITS_16 = "h"


class Weights(Protocol):
    """Feature → a weight for each tag."""

    def rows(self, features: Iterable[str]) -> list[Sequence[int]]:
        """Return the weights of those features that have any."""

    def items(self) -> ItemsView[str, Sequence[int]]:
        """Return all features with their weights."""


class Rows(Mapping[str, Sequence[int]]):
    """Feature → a weight for each of `width` tags."""

    def __init__(self, stored: Mapping[str, Sequence[int]], width: int) -> None:
        """Take what is stored as index, weight, index, weight … Raises OverflowError beyond 16 bits."""
        self._trie = Trie(stored)
        self._width = width
        self._weights = array(_BITS_16, [0]) * (width * len(stored))
        for feature, pairs in stored.items():
            start = width * self._trie[feature]
            for index, weight in zip(pairs[::2], pairs[1::2], strict=True):
                self._weights[start + index] = weight

    def rows(self, features: Iterable[str]) -> list[Sequence[int]]:
        """Return the weights of those features that have any."""
        weights, width = self._weights, self._width
        return [weights[n * width : n * width + width] for n in map(self._trie.get, features) if n is not None]

    def __getitem__(self, feature: str) -> Sequence[int]:
        start = self._width * self._trie[feature]
        return self._weights[start : start + self._width]

    def __iter__(self) -> Iterator[str]:
        return iter(self._trie)

    def __len__(self) -> int:
        return len(self._trie)


class Scores(Mapping[str, int]):
    """Feature → one weight."""

    def __init__(self, stored: Mapping[str, int]) -> None:
        """Take what is stored. Raises OverflowError beyond 16 bits."""
        self._trie = Trie(stored)
        self._weights = array(_BITS_16, [0]) * len(stored)
        for feature, weight in stored.items():
            self._weights[self._trie[feature]] = weight

    def total(self, features: Iterable[str]) -> int:
        """Return the sum of the features' weights, each counted once."""
        weights = self._weights
        return sum([weights[n] for n in map(self._trie.get, set(features)) if n is not None])

    def __getitem__(self, feature: str) -> int:
        weight: int = self._weights[self._trie[feature]]
        return weight

    def __iter__(self) -> Iterator[str]:
        return iter(self._trie)

    def __len__(self) -> int:
        return len(self._trie)
