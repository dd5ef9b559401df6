"""Who is on a site's roster, as its page shows them; and the live claims of those who leave it (B33, L17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, func, select

from worker.readers.conditions import living
from worker.rules.identity import fold
from worker.rules.model import Claim, Listed, Unit
from worker.rules.states import LIVING
from worker.store.database import reading
from worker.store.facts import SOME, in_parts, load
from worker.store.schema import claims

STATES = ("now", "coming", "ended")
"""Whether a line is in force, will be, or was."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A site's lines, by unit and name, and its units by name."""

    people: tuple[Listed, ...]
    units: Mapping[str, Unit]

    def found(self, words: str) -> list[Listed]:
        """Return the lines that have each of these words.

        A word is a part of a name, alias or unit, digits that a phone ends in, or a mask (138****5678).
        """
        wanted = [(fold(word), word) for word in words.split()]
        return [line for line in self.people if all(_has(line, *word) for word in wanted)]


def roster_of(engine: Engine, site_id: int) -> Roster:
    """Return a site's roster; it is some thousands of lines at the most."""
    with reading(engine).connect() as connection:
        people: list[Listed] = load(connection, site_id, Listed)
        units: list[Unit] = load(connection, site_id, Unit)
    in_order = sorted(people, key=lambda line: (line.unit, line.name, line.phone))
    return Roster(tuple(in_order), {unit.name: unit for unit in sorted(units, key=lambda unit: unit.name)})


def state_of(line: Listed, today: date) -> str:
    """Return in which of STATES a line is on the site's day `today`."""
    if line.on(today):
        return "now"
    return "coming" if line.from_day is not None and line.from_day > today else "ended"


def live_claims(engine: Engine, site_id: int, phone: str, now: datetime) -> list[Claim]:
    """Return the claims of an agent that stand at `now`, the one that ends first before the others."""
    with reading(engine).connect() as connection:
        mine: list[Claim] = load(connection, site_id, Claim, claims.c.agent_phone == phone, claims.c.state.in_(LIVING))
    return sorted((claim for claim in mine if claim.live(now)), key=lambda claim: claim.ends_at)


def live_counts(engine: Engine, site_id: int, phones: Iterable[str], now: datetime) -> dict[str, int]:
    """Return how many claims of each of these agents stand at `now`; who has none is left out."""
    standing = (claims.c.site_id == site_id, *living(now), claims.c.agent_phone.in_(SOME))
    query = select(claims.c.agent_phone, func.count().label("live")).where(*standing).group_by(claims.c.agent_phone)
    with reading(engine).connect() as connection:
        return {row.agent_phone: row.live for row in in_parts(connection, query, sorted(set(phones)))}


def _has(line: Listed, folded: str, word: str) -> bool:
    first, _, last = word.partition("*")
    last = last.strip("*")
    digits = (first + last).isdecimal() and bool(last or len(first) >= 3)
    if digits and line.phone.endswith(last or first) and (not last or first in line.phone):
        return True
    return any(folded in fold(name) for name in (line.name, line.unit, *line.aliases))
