"""How likely a reading of a text is right: what speaks for it beside its rivals, under learned weights.

The lattice says which readings a text may have; this looks at each as a whole: by how much it goes before the others,
what the second view reads, who of it is on the site's lists, what its parts look like, and what is left over.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from parsers.assembly import Part
from parsers.edges import Known, gap_behind
from parsers.message import ReportText
from parsers.pieces import Piece
from parsers.reservations import Path, forbids, is_standard, leaves_a_number, takes_back
from parsers.shapes import company_shape, person_shape
from parsers.verdict import BIAS
from parsers.vocabulary import ADDRESS, LABELS, TABLE, surname_length

_STEPS: Final = (1, 3, 6, 10, 15, 22, 30, 40, 55, 75, 100, 150, 200, 300, 500)
"""Per cent of the model's own measure of a lead (`Model.measure`): leads of two trainings are not of one size."""
_MOST_PARTS: Final = 12
_FAMILIAR: Final = frozenset("阿小老大")


@dataclass(frozen=True)
class Candidate:
    """A reading among others: what it comes to, its way through the lattice, by how much that is behind the best."""

    parsed: ReportText
    path: Path
    parts: Sequence[Part]
    behind: int


@dataclass(frozen=True)
class Sight:
    """A text and its candidate readings, the lattice's best first; `second` is what the second view reads in it."""

    pieces: Sequence[Piece]
    candidates: Sequence[Candidate]
    second: ReportText
    second_parts: Sequence[Part]
    known: Known
    skeleton: str
    measure: int
    """what a lead is measured by"""

    @cached_property
    def begins(self) -> dict[int, int]:
        """Return which piece begins at a character."""
        return {piece.start: at for at, piece in enumerate(self.pieces)}

    @cached_property
    def ends(self) -> dict[int, int]:
        """Return which piece ends before a character."""
        return {piece.end: at for at, piece in enumerate(self.pieces)}

    @cached_property
    def numbers(self) -> str:
        """Return how many masked and whole numbers stand in the text."""
        whole = [piece.phone.was_full for piece in self.pieces if piece.phone is not None]
        return f"{min(len(whole) - sum(whole), 3)}:{min(sum(whole), 2)}"

    @cached_property
    def spans(self) -> frozenset[tuple[str, int, int]]:
        """Return the parts of the second view."""
        return frozenset((part.tag, part.start, part.end) for part in self.second_parts)

    @cached_property
    def of_parts(self) -> dict[tuple[str, int, int, bool], list[str]]:
        """What is seen of parts that were looked at: candidates have most of theirs in common."""
        return {}


def features_of(sight: Sight, at: int) -> Iterator[str]:
    """Yield what is seen of one candidate."""
    mine = sight.candidates[at]
    # By how much it goes before its nearest rival, or behind the best.
    if at:
        lead = f"-{_step(mine.behind * 100 // sight.measure)}"
    else:
        lead = _step(sight.candidates[1].behind * 100 // sight.measure) if len(sight.candidates) > 1 else "alone"
    agrees = "=" if mine.parsed == sight.second else "#"
    listed = _listed(sight, mine.parts)
    order = "".join(part.tag for part in mine.parts)[:8]
    rival = sight.candidates[1 if at == 0 else 0] if len(sight.candidates) > 1 else None
    differs = _difference(mine.parsed, rival.parsed) if rival else "-"
    ending = f"{mine.parsed.error}:{min(len(mine.parsed.reports), 3)}:{min(len(mine.parsed.faults), 2)}"
    yield BIAS
    for name, value in (
        ("m", lead), ("a", agrees), ("l", listed), ("o", order), ("e", ending), ("d", differs),
        ("ma", f"{lead}{agrees}"), ("la", f"{listed}{agrees}"), ("lm", f"{listed}:{lead}"), ("oa", f"{order}{agrees}"),
        ("dm", f"{differs}:{lead}"), ("da", f"{differs}{agrees}"),
        ("dl", f"{differs}:{listed}"), ("el", f"{ending}:{listed}"), ("ol", f"{order}:{listed}"),
        ("lma", f"{listed}:{lead}{agrees}"), ("first", at == 0), ("n", min(len(sight.candidates), 5)),
        ("w", min(len(sight.skeleton) // 15, 8)),
    ):  # fmt: skip
        yield f"{name}:{value}"
    yield from _of_path(mine, sight)
    for part in mine.parts[:_MOST_PARTS]:
        key = (part.tag, part.start, part.end, part.labelled)
        if key not in sight.of_parts:
            sight.of_parts[key] = [*_of_part(part, sight)]
        yield from sight.of_parts[key]
    yield from _of_rest(mine, sight, order, listed)


def of_verdict(agrees: bool, error: str | None, verdict: int) -> Iterator[str]:
    """Yield what a verdict on the text tells of a candidate: whether the second view agrees, its fault."""
    step = _step(verdict // 3)
    yield f"v:{step}"
    yield f"va:{step}:{agrees}"
    yield f"ve:{step}:{error}"


def _step(amount: int) -> str:
    return f"{'<' if amount < 0 else ''}{bisect_right(_STEPS, abs(amount))}"


def _listed(sight: Sight, parts: Sequence[Part]) -> str:
    """Return whether agents and units are on the site's lists: `s` the sender, `p` listed, `x` not, `-` none named."""
    known = sight.known
    if not known.roster:
        return "?"
    agents = {sight.skeleton[p.start : p.end] for p in parts if p.tag == "A"}
    units = {sight.skeleton[p.start : p.end] for p in parts if p.tag == "U"}
    if not agents:
        who = "-"
    elif all(_is_called(agent, known.sender) for agent in agents):
        who = "s"
    else:
        who = "p" if agents <= known.people else "x"
    # The site lists the unit, or the one that it is a branch of (H12).
    listed = all(any(unit.startswith(name) for name in known.units) for unit in units)
    where = "-" if not units else "u" if listed else "x"
    return f"{who}{where}{'' if known.sender else '?'}"


def _is_called(word: str, name: str) -> bool:
    """Tell whether a word is a name, or what its bearer is usually called by (L21): 阿涛, 大周, 周经理 for 周涛."""
    if word == name or not name:
        return word == name
    if word[0] in _FAMILIAR and 1 < len(word) < 4:
        return all(sign in name for sign in word[1:])
    surname = surname_length(name)
    return word[:surname] == name[:surname] and word[surname:] in ADDRESS


def _difference(one: ReportText, other: ReportText) -> str:
    """Return in what two readings differ: E error, M how many, N numbers, C clients, A agents, U units."""
    if len(one.reports) != len(other.reports) or len(one.faults) != len(other.faults):
        return "M"
    if one.error != other.error:
        return "E"
    found = set()
    for mine, its in zip(one.reports, other.reports, strict=True):
        found |= {
            sign
            for sign, equal in (
                ("N", (mine.first3, mine.last4) == (its.first3, its.last4)),
                ("C", mine.client == its.client),
                ("A", mine.agent == its.agent),
                ("U", mine.distributor == its.distributor),
            )
            if not equal
        }
    return "".join(sorted(found))


def _of_path(mine: Candidate, sight: Sight) -> Iterator[str]:
    if takes_back(mine.path):
        yield "=takes-back"
    if leaves_a_number(mine.path, sight.pieces):
        yield "=leaves-a-number"
    if is_standard(mine.path):
        yield "=standard"
    if forbids(mine.path):
        yield "=forbids"
    labels = [tag for _, tag in mine.path if tag[0] == "L"]
    yield f"=labels:{min(len(labels), 4)}"
    taken = sum(1 for part in mine.parts if part.tag == "P")
    yield f"=numbers:{sight.numbers}:{min(taken, 3)}"


def _of_part(part: Part, sight: Sight) -> Iterator[str]:
    tag = part.tag
    same = (tag, part.start, part.end) in sight.spans
    yield f"2:{tag}:{same}"
    if tag == "P":
        if part.phone is not None:
            yield f"P:{part.phone.kind}:{same}"
        return
    text = sight.skeleton[part.start : part.end]
    shape = company_shape(text) if tag == "U" else person_shape(text)
    # What stands before and behind it, and what parts them.
    at, behind = sight.begins.get(part.start), sight.ends.get(part.end)
    left = "inside" if at is None else f"{sight.pieces[at].gap}:{_kind(sight.pieces[at - 1])}" if at else "begin"
    following = sight.pieces[behind + 1 : behind + 2] if behind is not None else ()
    right = f"{following[0].gap}:{_kind(following[0])}" if following else "end" if behind is not None else "inside"
    kind = TABLE.kinds.get(text, "-")
    yield f"s:{tag}:{shape}:{same}"
    yield f"sl:{tag}:{shape}:{part.labelled}"
    yield f"k:{tag}:{kind}"
    yield f"z:{tag}:{min(len(text), 8)}"
    yield f"b:{tag}:{left}"
    yield f"f:{tag}:{right}"
    yield f"bs:{tag}:{shape}:{left}"
    yield f"fs:{tag}:{shape}:{right}"


def _kind(piece: Piece) -> str:
    return piece.kind if piece.kind != "word" else TABLE.kinds.get(piece.text, "?")


def _of_rest(mine: Candidate, sight: Sight, order: str, listed: str) -> Iterator[str]:
    """Yield what is seen of the words that are no part of the reading, and of it and them together."""
    unknown = idle = odd = 0
    known = sight.known
    for edge, tag in mine.path:
        if tag == "O":
            idle += known.lists(edge.text)
            odd += edge.symbol == "o" and gap_behind(sight.pieces, edge.last) in ("colon", "colon-line")
            if edge.text in LABELS:
                yield "x:label"
            elif edge.symbol == "o":
                unknown += len(edge.text)
                yield f"x:{edge.text}" if len(edge.text) < 4 else "x:long"
            else:
                yield f"x:{edge.symbol}"
    agrees = mine.parsed == sight.second
    yield f"u:{_step(unknown)}"
    yield f"whole:{order}:{mine.parsed.error}:{agrees}:{_step(unknown)}:{idle > 0}:{odd > 0}"
    yield f"whole-listed:{order}:{agrees}:{listed}:{_step(unknown)}"
    yield f"idle:{min(idle, 3)}"
    yield f"odd:{min(odd, 3)}"
