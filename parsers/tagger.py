"""A second view of a text, of another architecture: each character gets a tag, numbers and moments count as one.

The lattice weighs whole stretches, this looks at single characters and their neighbours; what both read alike is sure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from parsers.assembly import Part
from parsers.edges import Known
from parsers.feature_tables import Weights
from parsers.normalise import Reading
from parsers.pieces import Piece
from parsers.vocabulary import LABELS, NICK, SURNAMES, TABLE

TAGS: Final = ("O", "C", "c", "A", "a", "U", "u", "P", "Q", "L")
"""Other, the first and further characters of client, agent and unit, a client's number, another one, a label."""
_INDEX: Final = {tag: i for i, tag in enumerate(TAGS)}
_ALL: Final = len(TAGS)
_START: Final = _ALL
_WORD_TAGS: Final = tuple(_INDEX[t] for t in ("O", "C", "c", "A", "a", "U", "u", "L"))
_NUMBER_TAGS: Final = (_INDEX["P"], _INDEX["Q"])
_SIGN_TAGS: Final = (_INDEX["O"], _INDEX["c"], _INDEX["a"], _INDEX["u"])
_OTHER: Final = (_INDEX["O"],)
_INSIDE: Final = {_INDEX["c"]: (_INDEX["C"], _INDEX["c"]), _INDEX["a"]: (_INDEX["A"], _INDEX["a"]),
                  _INDEX["u"]: (_INDEX["U"], _INDEX["u"])}  # fmt: skip

_BEHIND: Final = tuple((f">{tag}",) for tag in range(_ALL + 1))
"""The features of standing behind a tag."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One character of the text, or one number or moment."""

    start: int
    end: int
    char: str
    kind: str
    """letter, sign, number, moment"""
    mark: str
    """the known word it belongs to, and whether it begins it"""
    piece: Piece | None = None


def units_of(skeleton: str, pieces: Sequence[Piece], known: Known) -> list[Unit]:
    """Return the characters of a text that is cut into pieces; blanks in a row count once."""
    units: list[Unit] = []
    last = 0
    for piece in pieces:
        units += _signs(skeleton, last, piece.start)
        last = piece.end
        if piece.kind == "word":
            text = piece.text
            kind = "listed" if text in known.people else "listed-unit" if text in known.units else TABLE.kinds.get(text)
            if kind is None:
                kind = "surname" if text[0] in SURNAMES else "nick" if text[0] in NICK else "-"
            units += (
                Unit(at, at + 1, skeleton[at], "letter", kind if at == piece.start else f"+{kind}", piece)
                for at in range(piece.start, piece.end)
            )
        else:
            char = "#" if piece.kind == "number" else "@"
            units.append(Unit(piece.start, piece.end, char, piece.kind, piece.kind, piece))
    units += _signs(skeleton, last, len(skeleton))
    return units


def _signs(skeleton: str, start: int, end: int) -> Iterator[Unit]:
    before = ""
    for at in range(start, end):
        char = skeleton[at]
        shown = "\n" if char == "\n" else " " if char.isspace() else char
        if shown != before or shown not in " \n":
            yield Unit(at, at + 1, shown, "sign", shown)
        before = shown


def tags_allowed(unit: Unit) -> tuple[int, ...]:
    """Return which tags a character may have."""
    if unit.kind == "letter":
        return _WORD_TAGS
    if unit.kind == "number":
        return _NUMBER_TAGS
    return _SIGN_TAGS if unit.kind == "sign" and unit.char in " ·.-'*" else _OTHER


def features(units: Sequence[Unit], *, only_open: bool = False) -> list[list[str]]:
    """Return the features of each character; `only_open`: none where but one tag is possible."""
    chars = ["<", "<", "<", *(u.char for u in units), ">", ">", ">"]
    marks = ["<", "<", *(u.mark for u in units), ">", ">"]
    labels = _labels_before(units)
    numbers = _numbers_around(units)
    return [
        _features_of(unit, chars[i : i + 7], marks[i : i + 5], labels[i], numbers[i])
        if not only_open or len(tags_allowed(unit)) > 1
        else []
        for i, unit in enumerate(units)
    ]


def _features_of(
    unit: Unit, chars: Sequence[str], marks: Sequence[str], before: tuple[str, str], around: str
) -> list[str]:
    a, b, c, d, e, f, g = chars
    m1, m2, m3, m4, m5 = marks
    label, since = before
    found = [
        f"0{d}", f"-1{c}", f"1{e}", f"-2{b}{c}", f"-1{c}{d}", f"1{d}{e}", f"2{e}{f}", f"-3{a}{b}{c}", f"3{e}{f}{g}",
        f"m{m3}", f"m-{m2}|{m3}", f"m+{m3}|{m4}", f"m--{m1}|{m2}|{m3}", f"m++{m3}|{m4}|{m5}",
        f"l{label}:{since}", f"lm{label}:{since}:{m3}", f"n{around}", f"nl{around}:{label}", f"nm{around}:{m3}",
    ]  # fmt: skip
    if unit.piece is not None:
        found.append(f"g{unit.piece.gap}:{m3}")
        if unit.piece.phone is not None:
            state = unit.piece.phone.kind
            found += (f"N{state}", f"N{state}:{label}:{since}", f"N{state}:{m2}", f"N{state}:{around}")
    return found


def _labels_before(units: Sequence[Unit]) -> list[tuple[str, str]]:
    """Return the last label before each character, and how far it is: on the line, the line before, farther."""
    found: list[tuple[str, str]] = []
    label, lines, words = "-", 0, 0
    for unit in units:
        found.append((label, f"{min(lines, 2)}{min(words, 2)}"))
        if unit.char == "\n":
            lines += 1
        elif unit.kind == "letter" and unit.piece is not None and unit.end == unit.piece.end:
            role = LABELS.get(unit.piece.text)
            if role is not None:
                label, lines, words = role, 0, 0
            else:
                words += 1
    return found


def _numbers_around(units: Sequence[Unit]) -> list[str]:
    """Return for each character how many numbers stand before and behind it, and how near the nearest are."""
    places = [i for i, unit in enumerate(units) if unit.kind == "number"]
    out: list[str] = []
    passed = 0
    for i in range(len(units)):
        while passed < len(places) and places[passed] < i:
            passed += 1
        behind = places[passed] - i if passed < len(places) else 99
        before = i - places[passed - 1] if passed else 99
        out.append(f"{min(passed, 2)}{min(len(places) - passed, 2)}{_near(before)}{_near(behind)}")
    return out


def _near(distance: int) -> str:
    return next((name for name, most in (("a", 1), ("b", 4), ("c", 12)) if distance <= most), "d")


def tag_units(units: Sequence[Unit], weights: Weights) -> list[int]:
    """Return the best tags of the characters (Viterbi)."""
    if not units:
        return []
    none = (0,) * _ALL
    behind = [next(iter(weights.rows(feature)), none) for feature in _BEHIND]
    columns = [[row[tag] for row in behind] for tag in range(_ALL)]
    scores: dict[int, int] = {_START: 0}
    backs: list[dict[int, int]] = []
    for unit, found in zip(units, features(units, only_open=True), strict=True):
        rows = weights.rows(found)
        local = list(map(sum, zip(*rows, strict=True))) if rows else none
        before_this = list(scores.items())
        fresh: dict[int, int] = {}
        back: dict[int, int] = {}
        for tag in tags_allowed(unit):
            inside = _INSIDE.get(tag)
            ways = before_this if inside is None else [(b, scores[b]) for b in inside if b in scores]
            column = columns[tag]
            best, origin = None, -1
            for before, score in ways:
                total = score + column[before]
                if best is None or total > best:
                    best, origin = total, before
            if best is not None:
                fresh[tag] = best + local[tag]
                back[tag] = origin
        scores = fresh
        backs.append(back)
    tag = max(sorted(scores), key=lambda t: scores[t])
    tags = [tag]
    for back in backs[:0:-1]:
        tag = back[tag]
        tags.append(tag)
    return tags[::-1]


def parts_by_character(reading: Reading, pieces: Sequence[Piece], weights: Weights, known: Known) -> list[Part]:
    """Return the parts that the characters' tags make, in text order."""
    units = units_of(reading.skeleton, pieces, known)
    parts: list[Part] = []
    before = ""
    for unit, tag in zip(units, tag_units(units, weights), strict=True):
        name = TAGS[tag]
        if name in "CAUP" and (name != "P" or unit.piece is not None):
            phone = unit.piece.phone if unit.piece is not None else None
            parts.append(Part(name, unit.start, unit.end, phone, labelled=before == name))
        elif name in "cau" and parts:
            last = parts[-1]
            parts[-1] = Part(last.tag, last.start, unit.end, None, last.labelled)
        if name == "L" and unit.piece is not None:
            before = _LABELLED.get(LABELS.get(unit.piece.text, ""), "")
        elif unit.kind in ("letter", "number"):
            before = ""
    return parts


_LABELLED: Final = {"LC": "C", "LA": "A", "LU": "U", "LP": "P"}
