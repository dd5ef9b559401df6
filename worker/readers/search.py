"""What somebody looks for in the register: typed words become a value, and the value a condition."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, literal, or_, select, true
from sqlalchemy.ext.compiler import compiles

from parsers.marks import GONE
from parsers.mask import mask_numbers
from parsers.normalise import fold_for_reading
from parsers.phones import blank, find_phones
from worker.readers.flags import FLAGS, flagged
from worker.rules.codes import Code
from worker.rules.part import REGISTERED
from worker.rules.status import ITSELF, TABLE, Condition, Noted, Otherwise, Reached
from worker.store.schema import aliases, claims, reports
from worker.store.types import Words

WINNING = (*REGISTERED, Code.UNLISTED, Code.SUSPECTED, Code.CONTESTED, Code.IMPORTED)
NO_CLAIM = "none"
"""Instead of a status: reports that won nothing."""
NUMBER = re.compile(r"R?(\d{1,9})", re.IGNORECASE)
REFERENCE = re.compile(r"(?<![A-Za-z0-9])R(\d{1,9})(?![A-Za-z0-9▒])", re.IGNORECASE)
MOST_WORDS = 6
ROUNDS = 4
"""What is left when a number is taken out may read as one itself, as rarely as twice."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; everything that is given must fit. `last4` may be the end of a phone, or an R number."""

    number: int | None = None
    first3: str | None = None
    last4: str | None = None
    words: tuple[str, ...] = ()
    unit: str | None = None
    status: str | None = None
    flag: str | None = None
    corrected: tuple[tuple[int, int], ...] = ()
    """site and number of the registrations whose client is known under these digits by a correction (R25)"""

    @property
    def of_claims(self) -> bool:
        """Tell whether only registrations can be what is looked for."""
        return self.status not in (None, NO_CLAIM) or self.flag is not None

    @property
    def typed(self) -> str:
        """Return it as one would type it; of a whole phone number its middle is gone."""
        phone = f"{self.first3}****{self.last4}" if self.first3 else self.last4
        number = f"R{self.number}" if self.number is not None else None
        return " ".join(part for part in (number, phone, *self.words) if part)


def read_search(
    typed: str, unit: str | None = None, status: str | None = None, flag: str | None = None, region: str = "CN"
) -> Search:
    """Read R1024, 138****5678, 5678, and words of a client, agent or unit, in any order; `flag`: one of FLAGS.

    Numbers are read as in texts of that region (ISO 3166), and of one only three and four digits are kept (L14):
    `read_search(search.typed)` is the same search.
    """
    search = _read_once(typed, region)
    for _ in range(ROUNDS):
        search, before = _read_once(search.typed, region), search
        if search == before:
            break
    unit, status = (mask_numbers(given or "", region) or None for given in (unit, status))
    return replace(search, unit=unit, status=status, flag=flag if flag in FLAGS else None)


def _read_once(typed: str, region: str) -> Search:
    found: dict[str, Any] = {}
    words: list[str] = []
    reading = fold_for_reading(mask_numbers(unicodedata.normalize("NFKC", mask_numbers(typed, region)), region))
    clean = reading.clean
    for reference in REFERENCE.finditer(clean):
        found["number"] = int(reference[1])
    skeleton = REFERENCE.sub(lambda each: GONE * len(each[0]), reading.skeleton)
    phones = [phone for phone in find_phones(skeleton, region) if len(phone.last4) == 4 and len(phone.first3) in (0, 3)]
    for phone in phones:
        found |= {"first3": phone.first3 or None, "last4": phone.last4}
    for word in REFERENCE.sub(" ", blank(clean, phones, " ")).split():
        if re.fullmatch(r"[0-9]{4}", word):
            found.setdefault("last4", word)
        elif number := NUMBER.fullmatch(word):
            found["number"] = int(number[1])
        elif not phones or re.search(r"\w", word):
            # The brackets and signs around a number are nobody's name.
            words.append(word)
    return Search(**found, words=tuple(words[:MOST_WORDS]))


def status_at(now: datetime) -> ColumnElement[str]:
    """Return how a row of the register stands at `now`: its registration's status, else the code of its answer (K3).

    The table of statuses (`worker.rules.status`) is said as conditions and values of a claim.
    """
    return case((~WON, reports.c.code), *_standings(now))


def _standings(now: datetime) -> list[tuple[ColumnElement[bool], ColumnElement[str]]]:
    standings: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    for status, conditions in TABLE:
        all_hold = and_(true(), *(_holds(each, now) for each in conditions))
        standings.append((all_hold, claims.c.state if status == ITSELF else literal(status, Words)))
    return standings


def _holds(condition: Condition, now: datetime) -> ColumnElement[bool]:
    match condition:
        case Otherwise(states):
            return claims.c.state.not_in(states)
        case Noted(field):
            return claims.c[field].is_not(None)
        case Reached(field):
            # What is not noted has not come: without this the answer would be neither.
            return claims.c[field].is_not(None) & (claims.c[field] <= now)


WON = and_(reports.c.number.is_not(None), reports.c.code.in_(WINNING))
"""The condition that a report won its registration."""


def with_corrections(connection: Connection, site_ids: Collection[int], search: Search) -> Search:
    """Return a search that finds a client by the number that was corrected, and by the true one (R25)."""
    if search.last4 is None:
        return search
    its = (claims.c.site_id == aliases.c.site_id) & (claims.c.number == aliases.c.number)
    either = or_(*(_digits(table, search) for table in (aliases, claims)))
    found = select(aliases.c.site_id, aliases.c.number).join(claims, its).where(aliases.c.site_id.in_(site_ids), either)
    corrected = tuple((row.site_id, row.number) for row in connection.execute(found.distinct()))
    return replace(search, corrected=corrected)


def _digits(table: Table, search: Search) -> ColumnElement[bool]:
    ends = table.c.last4 == search.last4
    return ends if search.first3 is None else ends & (table.c.first3 == search.first3)


def conditions_of(search: Search, now: datetime) -> list[ColumnElement[bool]]:
    """Return what must hold for a row that is looked for. With a status of registrations it is all about `claims`, so
    that their indices lead to it; else all about `reports`."""
    table = claims if search.of_claims else reports
    conditions: list[ColumnElement[bool]] = []
    if search.number is not None:
        conditions.append(table.c.number == search.number)
    if search.last4 is not None:
        conditions.append(ends_in(search, table))
    names = table.c.client + " " + table.c.agent + " " + table.c.unit
    conditions += [names.contains(word, autoescape=True) for word in search.words]
    if search.unit is not None:
        conditions.append(_AlongTheLine(table.c.unit) == search.unit)
    if search.status == NO_CLAIM:
        conditions.append(~WON)
    elif search.status is not None:
        # Of the claim alone, so that an index tells which of them fit.
        conditions += [WON, case(*_standings(now)) == search.status]
        if not search.words and search.unit is None:
            # In a shorter index's words, what already follows from the status.
            conditions += _of_state(search.status)
    if search.flag is not None:
        conditions.append(flagged(search.flag))
    return conditions


class _AlongTheLine(ColumnElement[str]):
    """A column whose own index SQLite leaves alone: of a unit that has half the register fifty are found at once along
    the line. PostgreSQL knows how many a unit has."""

    inherit_cache = False
    type = Words()

    def __init__(self, column: ColumnElement[str]) -> None:
        self.column = column


@compiles(_AlongTheLine)
def _on_postgresql(element: _AlongTheLine, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.column, **more))


@compiles(_AlongTheLine, "sqlite")
def _on_sqlite(element: _AlongTheLine, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.column, **more)}"


def _of_state(status: str) -> list[ColumnElement[bool]]:
    if status in NOTED:
        return [NOTED[status].is_not(None)]
    return [claims.c.state == status] if status != "expired" else []


def ends_in(search: Search, table: Table) -> ColumnElement[bool]:
    """Return the condition that a report or claim is on a phone with the digits that are looked for."""
    known_as = [(table.c.site_id == site) & (table.c.number == number) for site, number in search.corrected]
    if search.first3 is not None:
        return or_(_digits(table, search), *known_as)
    return or_(_digits(table, search), table.c.number == int(search.last4 or 0), *known_as)


NOTED = {
    "renewed": claims.c.renewed_at,
    "visited": claims.c.visited_at,
    "lapsed": claims.c.visited_at,
    "sold": claims.c.deal_at,
}
"""Statuses that few claims reach, each with what is noted on reaching it."""
