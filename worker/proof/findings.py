"""What an audit finds: one sentence each, which names table, key and column, and no more of a person than is needed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

MOST_TOLD: Final = 10
NUMBERED: Final[Mapping[str, str]] = {"claims": "R", "deals": "R", "aliases": "R", "visits": "V", "disputes": "D"}
"""How people write the `number` of a table's rows."""
_PHONE = re.compile(r"\+?\d{3,}(?=\d{4})")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two accounts that differ: `column` is "" where a whole row is missing or too many."""

    site: str
    table: str
    key: str
    column: str
    sentence: str


@dataclass(slots=True)
class Findings:
    """The disagreements of one site: the first of each table are kept, the rest are counted."""

    site: str
    told: list[Disagreement] = field(default_factory=list)
    count: int = 0

    def add(self, table: str, key: str, column: str, words: str) -> None:
        """Take in a disagreement; `words` go on where table and key have been named."""
        self.count += 1
        if sum(each.table == table for each in self.told) < MOST_TOLD:
            sentence = f"{table}, {key}: {words}" if key else f"{table}: {words}"
            self.told.append(Disagreement(self.site, table, key, column, sentence))

    def take(self, other: "Findings") -> None:
        """Take in what was found elsewhere."""
        counted = self.count + other.count
        for each in other.told:
            if sum(known.table == each.table for known in self.told) < MOST_TOLD:
                self.told.append(each)
        self.count = counted


def place(seq: int) -> str:
    """Return a place in the line as sentences name it."""
    return f"place {seq}"


def written_key(table: str, key: Mapping[str, Any]) -> str:
    """Return a row's key as sentences name it: `R5`, `place 7, client 1`; of phones the last four digits only."""
    written: list[str] = []
    for name, value in key.items():
        match name:
            case "first3" | "last4":
                continue
            case "seq":
                written.append(place(value))
            case "part":
                written.append(f"client {value + 1}")
            case "number":
                # A walk-in's claim has the negative number of its visit form.
                written.append(f"V{-value}" if value < 0 else f"{NUMBERED.get(table, 'number ')}{value}")
            case "cause":
                written.append(place(int(str(value).removeprefix("m:"))))
            case "phone" | "recipient":
                written.append(_PHONE.sub("…", str(value)))
            case _:
                written.append(f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value))
    return ", ".join(written)
