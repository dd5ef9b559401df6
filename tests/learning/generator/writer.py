"""Who writes a text: his habits, and the clients whom he reports."""

from dataclasses import dataclass
from typing import Final

from . import numbers, people, units

SEPARATORS: Final = (
    (" ", 46), ("，", 14), (",", 4), ("/", 5), ("-", 2), ("|", 2), ("、", 3), ("；", 2), ("\n", 8), ("  ", 3), ("\t", 2),
    ("　", 1), ("+", 1), ("｜", 1), ("·", 1), ("。", 1), (" / ", 1), (" - ", 1), ("——", 1), ("_", 1), (";", 1), ("\n\n", 1),
)  # fmt: skip


@dataclass(slots=True)
class Client:
    """A client of the text, and whether name, number and agent stand in it yet."""

    number: numbers.Number
    name: str = ""
    has_name: bool = False
    has_number: bool = False
    is_bad: bool = False
    was_whole: bool = False
    agent: str = ""
    unit: str = ""


@dataclass(slots=True)
class Style:
    """How this writer writes: what parts his words, how he hides numbers, which names there are."""

    separator: str = " "
    glued: bool = False
    mask: str = "****"
    value: str = "："
    clients: tuple[tuple[str, int], ...] = people.CLIENT
    agents: tuple[tuple[str, int], ...] = people.AGENT
    units: tuple[tuple[str, int], ...] = units.FREE
    number: str = "masked"
    abroad: bool = False
    own_agents: bool = False
    wide: float = 0.5
    bracket: tuple[str, str] = ("", "")
