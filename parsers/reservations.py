"""What a reading shows as a whole, however well it weighs: it takes something back, leaves a number, is the standard form.

None of these decides what a text says. They say how much is asked of a reading before it is sure (`reader.py`), and are
evidence for how likely it is (`assurance.py`).
"""

from collections.abc import Sequence
from itertools import pairwise

from parsers.edges import Edge
from parsers.pieces import Piece
from parsers.tags import FIELDS, LABEL_TAGS
from parsers.vocabulary import MENDING

Path = Sequence[tuple[Edge, str]]
_OWNERS = {"C": "C", "LC": "C", "LP": "C", "A": "A", "LA": "A", "LQ": "A", "LS": "S"}
"""Whose a number is that stands behind these."""


_OPENING = frozenset(["report", "polite", "client", "for", "label"])
"""What may stand before and among the parts without saying anything else."""


def takes_back(path: Path) -> bool:
    """Tell whether a word behind a part takes something back (不对, 改成)."""
    begun = False
    for edge, tag in path:
        begun = begun or tag in FIELDS
        if begun and tag == "O" and edge.text in MENDING:
            return True
    return False


def leaves_a_number(path: Path, pieces: Sequence[Piece]) -> bool:
    """Tell whether a masked number is nobody's in the reading: it may be a further client's, or his second one."""
    owner = ""
    for edge, tag in path:
        phone = pieces[edge.first].phone
        if tag == "Q" and owner == "C" and phone is not None and not phone.was_full and not phone.faulty:
            return True
        owner = _OWNERS.get(tag, owner)
    return False


def forbids(path: Path) -> bool:
    """Tell whether a negation stands right before the word that reports (先别报备, 不要登记)."""
    for (one, tag), (other, following) in pairwise(path):
        if tag == following == "O" and one.symbol == "neg" and other.symbol == "report":
            return True
    return False


def is_standard(path: Path) -> bool:
    """Tell whether the standard form stands whole in a text: 报备, client, number, agent or unit, at its beginning (R2).

    So it does, too, where nothing but parts, labels and their values stands in it beside words of courtesy.
    """
    said = _said(path)
    first = next((at for at, symbol in enumerate(said) if symbol == "C"), 0)
    begins = bool(first) and said[first - 1] == "report" and set(said[:first]) <= _OPENING
    if begins and said[first + 1 : first + 3] in (["P", "A"], ["P", "U"]):
        return True
    labelled, announced = "", False
    for symbol in said:
        announced = announced or symbol == "report" or symbol in LABEL_TAGS
        if symbol in LABEL_TAGS:
            labelled = symbol
        elif symbol in FIELDS:
            labelled = ""
        elif symbol not in _OPENING and labelled not in ("LO", "LS"):
            return False
    return announced and {"C", "P"} <= set(said) and bool({"A", "U"} & set(said))


def is_list(path: Path) -> bool:
    """Tell whether a text is 报备 with names and their numbers, and courtesy, and nothing else: its sender is the agent."""
    said = _said(path)
    return "report" in said and {"C", "P"} <= set(said) <= _OPENING | {"C", "P", "come"}


def _said(path: Path) -> list[str]:
    """Return the parts and labels by their tags, other words by what they say; moments say nothing here."""
    return [(edge.symbol if tag == "O" else tag) for edge, tag in path if tag != "T"]
