"""All readings of a text at once, and the best two that differ: a lattice of typed spans under learned weights.

pieces → edges (a stretch and the tags it may have) → a beam over contexts → readings by score.
"""

from collections.abc import Callable, Sequence
from operator import add, mul
from typing import Final, NamedTuple

from parsers.context import START, Context, context_features, end_features, step
from parsers.edges import Edge, Evidence, expanded
from parsers.feature_tables import Weights
from parsers.pieces import Piece
from parsers.tags import FIELDS, INDEX, TAGS

BEAM: Final = 6
FAR: Final = 1_500
"""a way that is so far behind the best one at its place is given up"""
END: Final = INDEX["T"]
"""The column in which the features of a text's end have their weight."""
_REMEMBERED: Final = 8_000
"""What is remembered of a text's words, at the most; of a hundred thousand texts most names come once."""

Vector = Sequence[int]
"""A weight for each tag."""


class Hypothesis(NamedTuple):
    """A way to a node: its score, what it reads so far, and the step before."""

    score: int
    key: int
    back: "Hypothesis | None"
    edge: Edge | None
    tag: str
    context: int
    """number of the context from which the edge was taken"""
    end: int = -1
    """number of the context in which the text ends, once it has"""

    def path(self) -> list[tuple[Edge, str]]:
        """Return the edges and tags from the beginning on."""
        steps: list[tuple[Edge, str]] = []
        step: Hypothesis | None = self
        while step is not None and step.edge is not None:
            steps.append((step.edge, step.tag))
            step = step.back
        return steps[::-1]


_NO_FLOOR: Final = -(1 << 60)
_NONE: Final = [0] * len(TAGS)
_IS_FIELD: Final = [tag in FIELDS for tag in TAGS]


def _sums(rows: Sequence[Vector]) -> Vector:
    return list(map(sum, zip(*rows, strict=True))) if rows else _NONE


class Scorer:
    """Scores by a table of weights. Contexts are numbered, and what was computed for one is kept."""

    def __init__(self, weights: Weights) -> None:
        """Score by these weights: feature → one integer for each tag."""
        self.weights = weights
        self.contexts: list[Context] = [START]
        self._numbers: dict[Context, int] = {START: 0}
        self._vectors: dict[tuple[int, str, str], Vector] = {}
        self._aspects: dict[Evidence, Vector] = {}
        self._behind: dict[tuple[int, str, str], int] = {}

    def forget_scores(self) -> None:
        """Forget what was computed from weights that have changed since."""
        self._vectors.clear()
        self._aspects.clear()

    def choices(self, edge: Edge) -> list[tuple[str, int]]:
        """Return each tag of an edge with the score of the edge itself."""
        found = [self._aspect(key) for key in edge.evidence]
        labels = [self._aspect(key) for key in edge.label_evidence]
        out = []
        for tag in edge.tags:
            i = INDEX[tag]
            out.append((tag, sum([v[i] for v in (labels if tag[0] == "L" else found)])))
        return out

    def _aspect(self, key: Evidence) -> Vector:
        vector = self._aspects.get(key)
        if vector is None:
            rows = self.weights.rows(expanded(key))
            vector = self._aspects[key] = _sums(rows)
        return vector

    def vector(self, context: int, gap: str, coarse: str) -> Vector:
        """Return what a context adds to each tag."""
        key = (context, gap, coarse)
        vector = self._vectors.get(key)
        if vector is None:
            every, fields = context_features(self.contexts[context], gap, coarse)
            found, more = _sums(self.weights.rows(every)), _sums(self.weights.rows(fields))
            vector = self._vectors[key] = list(map(add, found, map(mul, more, _IS_FIELD)))
        return vector

    def end(self, context: int) -> int:
        """Return what a context adds where the text ends in it."""
        return sum([row[END] for row in self.weights.rows(end_features(self.contexts[context]))])

    def behind(self, context: int, gap: str, symbol: str) -> int:
        """Return the context behind a symbol."""
        key = (context, gap, symbol)
        number = self._behind.get(key)
        if number is None:
            following = step(self.contexts[context], symbol, gap)
            number = self._numbers.setdefault(following, len(self.contexts))
            if number == len(self.contexts):
                self.contexts.append(following)
            self._behind[key] = number
        return number

    @property
    def full(self) -> bool:
        """Tell whether texts of every kind have filled the memory: better begin anew with another scorer."""
        return max(len(self._vectors), len(self._behind), len(self._aspects)) > _REMEMBERED


Allowed = Callable[[Edge, str], bool]
Cells = dict[int, list[Hypothesis]]


def search(
    pieces: Sequence[Piece],
    edges: Sequence[Sequence[Edge]],
    scorer: Scorer,
    *,
    beam: int = BEAM,
    far: int = FAR,
    allowed: Allowed | None = None,
) -> list[Hypothesis]:
    """Return the readings of a text, the best first; those with equal fields once."""
    nodes: list[Cells] = [{} for _ in range(len(pieces) + 1)]
    nodes[0][0] = [Hypothesis(0, 0, None, None, "", 0)]
    floors = [_NO_FLOOR] * (len(pieces) + 1)
    for at, piece in enumerate(pieces):
        ranked = sorted(nodes[at].items(), key=lambda cell: -cell[1][0].score)[:beam]
        nodes[at] = {}
        if not ranked:
            continue
        least = ranked[0][1][0].score - far
        cells = [cell for cell in ranked if cell[1][0].score >= least]
        for edge in edges[at]:
            choices = scorer.choices(edge)
            if allowed is not None:
                choices = [(tag, score) for tag, score in choices if allowed(edge, tag)]
            if choices:
                floor = _extend(cells, edge, choices, piece.gap, scorer, nodes[edge.last], floors[edge.last])
                floors[edge.last] = max(floors[edge.last], floor - far)
    found: dict[int, Hypothesis] = {}
    for context, kept in nodes[-1].items():
        more = scorer.end(context)
        for unfinished in kept:
            hypothesis = unfinished._replace(score=unfinished.score + more, end=context)
            if hypothesis.key not in found or found[hypothesis.key].score < hypothesis.score:
                found[hypothesis.key] = hypothesis
    return sorted(found.values(), key=lambda h: -h.score)


def _extend(
    cells: Sequence[tuple[int, list[Hypothesis]]],
    edge: Edge,
    choices: Sequence[tuple[str, int]],
    gap: str,
    scorer: Scorer,
    node: Cells,
    floor: int,
) -> int:
    """Take an edge from every context, and return the best score; of the ways to a context two that differ are kept.

    What is below `floor` at the node is given up.
    """
    start, end = edge.start, edge.end
    best = _NO_FLOOR
    for context, hypotheses in cells:
        added = scorer.vector(context, gap, edge.coarse)
        for tag, local in choices:
            index = INDEX[tag]
            more = local + added[index]
            score = hypotheses[0].score + more
            if score < floor:
                continue
            best = max(best, score)
            behind = scorer.behind(context, gap, edge.symbol if tag == "O" else tag)
            kept = node.get(behind)
            if kept is None:
                kept = node[behind] = []
            for before in hypotheses:
                score = before.score + more
                if len(kept) == 2 and score <= kept[1].score:
                    continue
                key = hash((before.key, index, start, end)) if tag in FIELDS else before.key
                _offer(kept, Hypothesis(score, key, before, edge, tag, context))
    return best


def _offer(kept: list[Hypothesis], new: Hypothesis) -> None:
    if not kept:
        kept.append(new)
        return
    first = kept[0]
    if new.key == first.key:
        if new.score > first.score:
            kept[0] = new
    elif new.score > first.score:
        kept[:] = [new, first]
    elif len(kept) == 1:
        kept.append(new)
    else:
        kept[1] = new
