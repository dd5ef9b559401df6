"""What is looked for in the register as conditions of SQL, and how a claim stands likewise."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, Table, and_, case, false, literal, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from worker.readers.flags import flagged
from worker.readers.search import CLAIMS, NO_CLAIM, Search
from worker.rules.codes import Code
from worker.rules.model import WALK_IN
from worker.rules.part import REGISTERED
from worker.rules.states import LASTING, LIVING
from worker.rules.status import ITSELF, TABLE, Condition, Noted, Otherwise, Reached
from worker.store.schema import aliases, claims, disputes, reports, visits
from worker.store.search_words import SEARCHED, needle_of
from worker.store.types import Words

WINNING = (*REGISTERED, Code.UNLISTED, Code.SUSPECTED, Code.CONTESTED, Code.IMPORTED)
SOON: Final = timedelta(hours=24)


def status_at(now: datetime) -> ColumnElement[str]:
    """Return how a row of the register stands at `now`: its registration's status, else the code of its answer (K3).

    The table of statuses (`worker.rules.status`) is said as conditions and values of a claim.
    """
    return case((~WON, reports.c.code), *standings(now))


def standings(now: datetime) -> list[tuple[ColumnElement[bool], ColumnElement[str]]]:
    """Return how a registration stands at `now`: conditions in the order of trial, each with its status."""
    found: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    for status, conditions in TABLE:
        all_hold = and_(true(), *(_holds(each, now) for each in conditions))
        found.append((all_hold, claims.c.state if status == ITSELF else literal(status, Words)))
    return found


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


OF_AGENTS = claims.c.unit != WALK_IN
"""The condition that a claim is a registration, which some report won, and no walk-in."""


def with_references(connection: Connection, site_ids: Collection[int], search: Search) -> Search:
    """Return a search that finds a client by the number that was corrected and by the true one (R25), and by his forms
    and disputes."""
    if search.last4 is not None:
        its = (claims.c.site_id == aliases.c.site_id) & (claims.c.number == aliases.c.number)
        either = or_(*(_digits(table, search) for table in (aliases, claims)))
        known = select(aliases.c.site_id, aliases.c.number).join(claims, its)
        found = connection.execute(known.where(aliases.c.site_id.in_(site_ids), either).distinct())
        search = replace(search, corrected=tuple((row.site_id, row.number) for row in found))
    referred: list[set[tuple[int, int]]] = []
    for number, table in ((search.form, visits), (search.dispute, disputes)):
        if number is not None:
            about = table.c.site_id.in_(site_ids), table.c.number == number
            rows = connection.execute(select(table.c.site_id, table.c.claim).where(*about))
            referred.append({(row.site_id, row.claim) for row in rows})
    return replace(search, referred=tuple(sorted(set.intersection(*referred)))) if referred else search


def _digits(table: Table, search: Search) -> ColumnElement[bool]:
    ends = table.c.last4 == search.last4
    return ends if search.first3 is None else ends & (table.c.first3 == search.first3)


def conditions_of(search: Search, now: datetime) -> list[ColumnElement[bool]]:
    """Return what must hold for a row that is looked for. With a status of registrations it is all about `claims`, so
    that their indices lead to it; else all about `reports`."""
    table = claims if search.of_claims else reports
    conditions = [*named_in(search, table), *said_in(search, table)]
    if search.status == NO_CLAIM:
        conditions.append(~WON)
    elif search.of_claims:
        conditions.append(OF_AGENTS)
    if search.status not in (None, NO_CLAIM, CLAIMS):
        # Of the claim alone, so that an index tells which of them fit.
        conditions.append(case(*standings(now)) == search.status)
        if not (said_in(search, table) or search.by_end or search.soon):
            # In a shorter index's words, what already follows from the status.
            conditions += _of_state(search.status)
    if search.flag is not None:
        conditions.append(flagged(search.flag))
    if search.by_end:
        conditions += running(now)
    return [*conditions, *ending_soon(now)] if search.soon else conditions


def named_in(search: Search, table: Table) -> list[ColumnElement[bool]]:
    """Return the conditions by which an index leads to few rows of `claims` or `reports`: numbers and digits."""
    conditions = [] if search.number is None else [table.c.number == search.number]
    if search.form is not None or search.dispute is not None:
        conditions.append(or_(false(), *_each_of(search.referred, table)))
    if search.last4 is not None:
        conditions.append(ends_in(search, table))
    return conditions


def said_in(search: Search, table: Table) -> list[ColumnElement[bool]]:
    """Return the conditions that rows of `claims` or `reports` are held against along the line: words, unit, days."""
    conditions = [_PlaceOf(table.c[SEARCHED], literal(needle_of(word), Words)) > 0 for word in search.words]
    if search.unit is not None:
        conditions.append(Unindexed(table.c.unit) == search.unit)
    reported = claims.c.reported_at if table is claims else reports.c.received_at
    if search.since is not None:
        conditions.append(reported >= search.since)
    if search.until is not None:
        conditions.append(reported < search.until)
    return conditions


def living(now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of claims, walk-ins too, whose end is ahead and that nothing else has ended."""
    return [claims.c.state.in_(LIVING), claims.c.ended_at.is_(None), claims.c.ends_at > now]


def running(now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of registrations that only their end will end."""
    stands = claims.c.ended_at.is_(None), claims.c.deal_at.is_(None), claims.c.state.in_(LASTING)
    return [claims.c.ends_at > now, *stands]


def ending_soon(now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of registrations that end within the next 24 hours."""
    return [*running(now), claims.c.ends_at <= now + SOON]


class _PlaceOf(FunctionElement[int]):
    """Where the second text stands in the first, from 1; 0: nowhere. Quicker than LIKE, and no sign has a meaning."""

    inherit_cache = True
    type = Integer()


@compiles(_PlaceOf)
def _in_sqlite(element: _PlaceOf, compiler: Any, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


@compiles(_PlaceOf, "postgresql")
def _in_postgresql(element: _PlaceOf, compiler: Any, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


class Unindexed(ColumnElement[Any]):
    """A column whose indexes SQLite leaves alone: of a unit that has half the register fifty are found at once along
    the line, and few rows that digits led to are sorted at once. PostgreSQL counts, and knows."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column, self.type = column, column.type


@compiles(Unindexed)
def _on_postgresql(element: Unindexed, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.column, **more))


@compiles(Unindexed, "sqlite")
def _on_sqlite(element: Unindexed, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.column, **more)}"


def _of_state(status: str) -> list[ColumnElement[bool]]:
    if status in NOTED:
        return [NOTED[status].is_not(None)]
    return [claims.c.state == status] if status != "expired" else []


def ends_in(search: Search, table: Table) -> ColumnElement[bool]:
    """Return the condition that a report or claim is on a phone with the digits that are looked for."""
    of_claims = _each_of(search.corrected, table)
    if search.first3 is not None:
        return or_(_digits(table, search), *of_claims)
    return or_(_digits(table, search), table.c.number == int(search.last4 or 0), *of_claims)


def _each_of(numbers: Collection[tuple[int, int]], table: Table) -> list[ColumnElement[bool]]:
    return [(table.c.site_id == site) & (table.c.number == number) for site, number in numbers]


NOTED = {
    "renewed": claims.c.renewed_at,
    "visited": claims.c.visited_at,
    "lapsed": claims.c.visited_at,
    "sold": claims.c.deal_at,
}
"""Statuses that few claims reach, each with what is noted on reaching it."""
