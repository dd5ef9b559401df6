"""The stretches of a text that may be a part or a label of it: edges, with the tags each may have and what is seen of it.

Structure before vocabulary: what stands before a colon is a label candidate, known or not. A label or keyword that is
known is never a name, unless the site's roster has it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from parsers.pieces import Piece
from parsers.shapes import coarse_shape, company_shape, label_features, person_shape, word_features
from parsers.tags import LABEL_TAGS
from parsers.vocabulary import ADDRESS, CITIES, COMPOUND_SURNAMES, LABELS, SURNAMES, TABLE

_WIDEST: Final = 8
_MOST_WORDS: Final = 4
"""of a part that is written with blanks between"""
_LONG, _NEAR = 160, 12
"""pieces: in a longer text a part stands only so near to a number or a label"""
_LONGEST: Final = 20
_LONGEST_LABEL: Final = 10
_JOINING: Final = frozenset(["glued", "blank", "dash", "stop", "dot"])

Evidence = tuple[str, ...]
"""What is seen of a stretch under one aspect: the aspect's name and what `expanded` makes features of."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Pieces `first` to `last` (exclusive), characters `start` to `end`, with each tag it may have and its score."""

    first: int
    last: int
    start: int
    end: int
    text: str
    coarse: str
    symbol: str
    """what it says when it is none of the parts"""
    tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    label_evidence: tuple[Evidence, ...] = ()

    def features(self, tag: str) -> list[str]:
        """Return the features that count for a tag."""
        keys = self.label_evidence if tag[0] == "L" else self.evidence
        return [feature for key in keys for feature in expanded(key)]


@dataclass(frozen=True, slots=True)
class Known:
    """The site's names in skeleton spelling, as evidence."""

    people: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    sender: str = ""

    @property
    def roster(self) -> bool:
        """Tell whether the site has any lists."""
        return bool(self.people or self.units)

    def lists(self, word: str) -> bool:
        """Tell whether a word is an agent or a unit of the site."""
        return word in self.people or word in self.units


NOTHING_KNOWN: Final = Known()


def edges_of(pieces: Sequence[Piece], known: Known = NOTHING_KNOWN) -> list[list[Edge]]:
    """Return the edges that begin at each piece."""
    kinds = [piece.kind if piece.kind != "word" else TABLE.kinds.get(piece.text, "word") for piece in pieces]
    # In a long text a part may stand near a number or a label only.
    near = [len(pieces) <= _LONG] * len(pieces)
    for at, kind in enumerate(kinds if len(pieces) > _LONG else ()):
        if kind == "number" or kind in LABEL_TAGS:
            near[max(at - _NEAR, 0) : at + _NEAR] = [True] * (min(at + _NEAR, len(pieces)) - max(at - _NEAR, 0))
    masked = sum(1 for p in pieces if p.phone is not None and not p.phone.was_full)
    whole = sum(1 for p in pieces if p.phone is not None and p.phone.was_full)
    mended = [at for at, kind in enumerate(kinds) if kind == "f.mend"]
    out: list[list[Edge]] = []
    seen = 0
    for first, piece in enumerate(pieces):
        # A word that takes something back (不对, 改成) stands before the piece, behind it, or both.
        mending = f"{'b' if mended[0] < first else ''}{'a' if mended[-1] > first else ''}" if mended else ""
        if piece.kind == "number":
            seen += 1
            out.append([_number_edge(pieces, kinds, first, masked, whole, seen, mending)])
        elif piece.kind == "moment":
            out.append([Edge(first, first + 1, piece.start, piece.end, "", "moment", "T", ("T",), ())])
        elif near[first]:
            out.append(_word_edges(pieces, kinds, first, known, mending))
        else:
            text = piece.text
            out.append([Edge(first, first + 1, piece.start, piece.end, text, "far", _symbol(text), ("O",), ())])
    return out


def gap_behind(pieces: Sequence[Piece], last: int) -> str:
    """Return what stands between the last piece of a stretch and the next one, `last` being the number of that."""
    return pieces[last].gap if last < len(pieces) else "end"


def _number_edge(
    pieces: Sequence[Piece], kinds: Sequence[str], first: int, masked: int, whole: int, seen: int, mending: str
) -> Edge:
    piece = pieces[first]
    phone = piece.phone
    assert phone is not None  # noqa: S101
    kind = phone.kind
    count = f"{min(masked, 2)}{min(whole, 2)}"
    before = kinds[first - 1] if first else "begin"
    behind = kinds[first + 1] if first + 1 < len(pieces) else "end"
    behind_gap = gap_behind(pieces, first + 1)
    order = f"{min(seen, 3)}:{min(masked + whole, 3)}"
    evidence: tuple[Evidence, ...] = (("number", kind, count, piece.gap, behind_gap, before, behind, order),)
    if mending:
        evidence += (("mending", mending, str(min(seen, 3))),)
    return Edge(first, first + 1, piece.start, piece.end, "", "number", "", ("P", "Q"), evidence)


_JOINTS: Final = {"blank": " ", "dash": "-", "dot": "·", "open": "(", "close": ")"}
"""What a part has where two of its pieces are joined."""


def _word_edges(pieces: Sequence[Piece], kinds: Sequence[str], first: int, known: Known, mending: str) -> list[Edge]:
    edges: list[Edge] = []
    text = ""
    for last in range(first + 1, min(first + _WIDEST, len(pieces)) + 1):
        piece = pieces[last - 1]
        if last > first + 1 and not _joins(pieces, first, last - 1):
            break
        if text and piece.gap == "stop":
            text += "." if piece.text[0].isascii() else "·"
        elif text:
            text += _JOINTS.get(piece.gap, "")
        text += piece.text
        if len(text) > _LONGEST:
            break
        edge = _word_edge(pieces, kinds, first, last, text, known, mending)
        if edge is not None:
            edges.append(edge)
    return edges


def _joins(pieces: Sequence[Piece], first: int, at: int) -> bool:
    """Tell whether a part may go on over what stands before piece `at`: Latin names, names written apart."""
    piece, before = pieces[at], pieces[at - 1]
    if piece.kind != "word":
        return False
    if piece.gap in ("open", "close") and piece.start - before.end == 1:
        # 网络科技(上海)有限公司
        return (piece.text if piece.gap == "open" else before.text) in CITIES
    if piece.gap == "glued":
        return True
    if piece.gap not in _JOINING or piece.start - before.end > 3:
        return False
    if at - first >= _MOST_WORDS:
        return False
    if piece.text[0].isascii() and before.text[-1].isascii():
        return piece.text[0].isalpha() or (before.text[-1].isalpha() and piece.gap == "blank")
    if piece.gap == "blank":
        # 张 三, 欧阳 娜娜, Vivian 陈, Mr 霍
        one, other = before.text, piece.text
        if one[-1].isascii() != other[0].isascii():
            return (other if one[-1].isascii() else one) in SURNAMES or other in ADDRESS
        return at - first == 1 and (len(one) == 1 or one in COMPOUND_SURNAMES) and len(other) <= 2
    if piece.gap == "dot":
        return True
    return piece.gap == "stop" and piece.start - before.end == 1 and before.end - pieces[first].start > 1


def _word_edge(
    pieces: Sequence[Piece], kinds: Sequence[str], first: int, last: int, text: str, known: Known, mending: str
) -> Edge | None:
    single = last == first + 1
    before, behind = pieces[first].gap, gap_behind(pieces, last)
    role = LABELS.get(text)
    kind = TABLE.kinds.get(text, "-")
    tags: list[str] = []
    listed = "p" if text in known.people else "u" if text in known.units else "-"
    if role is not None:
        tags.append(role)
    elif (behind in ("colon", "colon-line") and before != "glued" and len(text) <= _LONGEST_LABEL) or (
        behind == "colon" and before == "glued" and 2 <= len(text) <= _LONGEST_LABEL and single is False
    ):
        tags += LABEL_TAGS
    if not text.isdecimal() and (listed != "-" or (role is None and not kind.startswith("f."))):
        tags += ("C", "A", "U") if len(text) > 1 else ("C", "A")
    if (single or kind != "-") and not (role is not None and behind in ("colon", "colon-line")):
        tags.append("O")
    if not tags:
        return None
    evidence = _evidence(pieces, kinds, first, last, text, known, listed)
    labels = (("label", text), ("label-gaps", before, behind)) if tags[0][0] == "L" else ()
    coarse = {"p": "listed", "u": "company"}.get(listed) or coarse_shape(text)
    if mending:
        evidence += (("mending", mending, coarse),)
    symbol = _symbol(text)
    start, end = pieces[first].start, pieces[last - 1].end
    return Edge(first, last, start, end, text, coarse, symbol, tuple(tags), evidence, labels)


def _evidence(
    pieces: Sequence[Piece], kinds: Sequence[str], first: int, last: int, text: str, known: Known, listed: str
) -> tuple[Evidence, ...]:
    before, behind = pieces[first].gap, gap_behind(pieces, last)
    left = kinds[first - 1] if first else "begin"
    right = kinds[last] if last < len(pieces) else "end"
    person, company = person_shape(text), company_shape(text)
    me = "s" if known.sender and text == known.sender else listed
    return (
        ("word", text),
        ("gaps", before, behind),
        ("person", person, before, behind),
        ("company", company, before, behind),
        ("left", left, before, kinds[first - 2] if first > 1 else "begin"),
        ("right", right, behind, kinds[last + 1] if last + 1 < len(pieces) else "end"),
        ("person-left", person, left, before),
        ("beside", person, company, right, behind),
        ("char-left", _neighbour(pieces, first - 1, -1), before),
        ("char-right", _neighbour(pieces, last, 0), behind),
        ("size", str(last - first)),
        ("listed", me, "k" if known.roster else "-"),
    )


@lru_cache(maxsize=4096)
def expanded(key: Evidence) -> tuple[str, ...]:
    """Return the features of what is seen under one aspect."""
    return _EXPANSIONS[key[0]](*key[1:])


_EXPANSIONS: Final[dict[str, Callable[..., tuple[str, ...]]]] = {
    "number": lambda kind, count, before, behind, left, right, order: (
        f"N:{kind}",
        f"N:{kind}:{count}",
        f"Nb:{before}:{kind}",
        f"Na:{behind}:{kind}",
        f"Nk:{left}:{before}",
        f"Nn:{right}",
        f"Ni:{order}:{kind}",
    ),
    "word": lambda text: (
        *word_features(text),
        f"ac:{text[0]}",
        f"zc:{text[-1]}",
        f"w:{text if len(text) < 4 else len(text)}",
    ),
    "gaps": lambda before, behind: (f"b:{before}", f"a:{behind}", f"ba:{before}:{behind}"),
    "person": lambda shape, before, behind: (f"pb:p:{shape}:{before}", f"pa:p:{shape}:{behind}"),
    "company": lambda shape, before, behind: (f"cb:c:{shape}:{before}", f"ca:c:{shape}:{behind}"),
    "left": lambda kind, gap, second: (f"L:{kind}:{gap}", f"L2:{kind}:{gap}:{second}"),
    "right": lambda kind, gap, second: (f"R:{kind}:{gap}", f"R2:{kind}:{gap}:{second}"),
    "person-left": lambda shape, kind, gap: (f"pl:p:{shape}:{kind}:{gap}",),
    "beside": lambda person, company, kind, gap: (f"pR:p:{person}:{kind}:{gap}", f"cR:c:{company}:{kind}:{gap}"),
    "char-left": lambda char, gap: (f"lc:{char}:{gap}",),
    "char-right": lambda char, gap: (f"rc:{char}:{gap}",),
    "size": lambda pieces: (f"m:{pieces}",),
    "mending": lambda where, what: (f"M:{where}", f"M:{where}:{what}"),
    "listed": lambda how, knows: (f"r:{how}:{knows}",),
    "label": label_features,
    "label-gaps": lambda before, behind: (f"lg:{before}:{behind}", f"la:{behind}"),
}


def _neighbour(pieces: Sequence[Piece], at: int, place: int) -> str:
    """Return the character next to a stretch, of words; else what kind of piece stands there."""
    if not 0 <= at < len(pieces):
        return "-"
    return pieces[at].text[place] if pieces[at].kind == "word" else pieces[at].kind


def _symbol(text: str) -> str:
    """Return what an other word says, as far as what follows depends on it."""
    kind = TABLE.kinds.get(text, "")
    return kind[2:] if kind.startswith("f.") else "label" if kind.startswith("L") else "o"
