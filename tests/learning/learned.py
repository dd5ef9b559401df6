"""Weights while they are learned: a dict that answers as the tables do in which they are kept."""

from collections.abc import Iterable, Sequence


class Learned(dict[str, list[int]]):
    """Feature → a weight for each tag."""

    def rows(self, features: Iterable[str]) -> list[Sequence[int]]:
        """Return the weights of those features that have any."""
        return list(filter(None, map(self.get, features)))
