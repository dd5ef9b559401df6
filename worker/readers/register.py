"""《客户报备登记表》 as people read it: every client of every report, and where his registration stands (R3, K3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Row,
    Select,
    Subquery,
    UnaryExpression,
    and_,
    select,
    true,
    tuple_,
)

from worker.decide.heads import SHOWN
from worker.readers.conditions import WINNING, Unindexed, conditions_of, named_in, status_at, with_references
from worker.readers.flags import shown_flags
from worker.readers.search import EVERYTHING, OLDEST, Search
from worker.rules.client import Phone7, mask_of
from worker.store.database import reading, snapshot
from worker.store.schema import aliases, claims, decisions, inbox, reports, sites, units
from worker.store.working_set import on_phones7

COLUMNS = (
    "number",
    "status",
    "client",
    "phone",
    "agent",
    "unit",
    "reported_at",
    "ends_at",
    "visited_at",
    "sender",
    "site",
    "seq",
    "part",
    "flags",
)
EXPORTED = (*COLUMNS, "planned", "head")
"""What files hold: when the client is expected, for which a terminal is too narrow; and the head of the chain at the
row's decision, so that the last row's covers everything before it."""
STATUSES = (
    "live",
    "renewed",
    "visited",
    "expired",
    "lapsed",
    "suspected",
    "contested",
    "withdrawn",
    "displaced",
    "denied",
    "sold",
)
ROWS_A_PAGE = 50
PLANNED = ("planned_day", "planned_time", "planned_part")

Key = tuple[int, int]
"""Place of a report in its line, and which client of the text."""
Columns = tuple[ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A row of the register; `status` is one of STATUSES, or the code of the answer that a report without a win got."""

    number: str
    status: str
    client: str
    phone: str
    agent: str
    unit: str
    reported_at: datetime
    ends_at: datetime | None
    visited_at: datetime | None
    sender: str
    site: str
    seq: int
    part: int
    flags: str = ""
    """of `flags.FLAGS`, parted by blanks"""
    renewed_at: datetime | None = None
    contact_at: datetime | None = None
    planned_day: date | None = None
    planned_time: str | None = None
    planned_part: str | None = None
    head: str = ""
    """first digits of the chain's head at its decision; in exports only"""
    known_as: str = ""
    """the number that it was reported with, where that was corrected since (R25)"""
    text: str = ""
    """the text that it came in, masked; not in exports"""

    @property
    def planned(self) -> str:
        """Return when the client is expected, as files say it: 2026-11-03 15:00, 2026-11-03 afternoon."""
        parts = (self.planned_day, self.planned_part, self.planned_time)
        return " ".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """Some rows; `newer` and `older` are keys to go back and on from, None at either end. By default the newest rows
    come first; in another order these are what stands in front of the page and behind it."""

    rows: tuple[RegisterRow, ...]
    newer: Key | None
    older: Key | None


def register_rows(
    engine: Engine, now: datetime, site: str | None = None, search: Search = EVERYTHING
) -> Iterator[RegisterRow]:
    """Yield the register's rows in line order as they stand at `now`: of one site or all, all or what is looked for.

    All of them as the database stood at the first one, however long whoever takes them needs.
    """
    decided = and_(decisions.c.site_id == reports.c.site_id, decisions.c.seq == reports.c.seq)
    with snapshot(engine) as connection:
        names = _site_names(connection)
        chosen = [site_id for site_id, name in names.items() if site in (None, name)]
        wanted = with_references(connection, chosen, search)
        with_heads = _rows(wanted, now).add_columns(decisions.c.head).join(decisions, decided)
        query = with_heads.order_by(reports.c.site_id, reports.c.seq, reports.c.part)
        rows = connection.execution_options(yield_per=1000).execute(query.where(reports.c.site_id.in_(chosen)))
        yield from (_shown(row, names) for row in rows)


def register_page(
    engine: Engine, site_id: int, search: Search, now: datetime, before: Key | None = None, after: Key | None = None
) -> RegisterPage:
    """Return up to 50 rows of a site that are looked for, in the order of the search: the first, or those behind the
    key `before`, or those in front of the key `after`."""
    table = claims if search.of_claims else reports
    place = (table.c.seq, table.c.part)
    columns: Columns = (claims.c.ends_at, *place) if search.by_end else place
    if named_in(search, table):
        # Numbers and digits lead to few rows, and whoever wants those in order must not be led along the line instead.
        columns = tuple(map(Unindexed, columns))
    newest_first, back = not search.by_end and search.order != OLDEST, after is not None
    # First where they stand, for which an index is enough however long the line is, and then what stands there.
    wanted = select(table.c.site_id, *place).where(table.c.site_id == site_id).limit(ROWS_A_PAGE + 1)
    with reading(engine).connect() as connection:
        search = with_references(connection, [site_id], search)
        edge = _edge(connection, site_id, columns, after or before)
    descending = newest_first != back
    beyond = true() if edge is None else tuple_(*columns) < edge if descending else tuple_(*columns) > edge
    found = wanted.where(*conditions_of(search, now), beyond).order_by(*_towards(columns, descending)).subquery()
    rows = _read(engine, _rows(search, now, found).order_by(*_towards(columns, newest_first)))
    shown, more = rows[-ROWS_A_PAGE:] if back else rows[:ROWS_A_PAGE], len(rows) > ROWS_A_PAGE
    first, last = _key(shown, 0), _key(shown, -1)
    if back:
        return RegisterPage(tuple(shown), first if more else None, last)
    return RegisterPage(tuple(shown), first if before else None, last if more else None)


def _towards(columns: Columns, descending: bool) -> list[UnaryExpression[Any]]:
    return [column.desc() if descending else column.asc() for column in columns]


def _edge(connection: Connection, site_id: int, columns: Columns, key: Key | None) -> tuple[Any, ...] | None:
    """Return where a page begins, in the columns that it stands by; None at the beginning, and where nobody stands."""
    if key is None or len(columns) == len(key):
        return key
    here = claims.c.site_id == site_id, claims.c.seq == key[0], claims.c.part == key[1]
    row = connection.execute(select(*columns).where(*here)).first()
    return None if row is None else tuple(row)


def reports_on_phones(engine: Engine, site_id: int, phones7: list[Phone7], now: datetime) -> list[RegisterRow]:
    """Return every report on these phones at a site, the newest first."""
    mine = reports.c.site_id == site_id, on_phones7(reports.c.first3, reports.c.last4, phones7)
    return _read(engine, _rows(Search(), now).where(*mine).order_by(reports.c.seq.desc(), reports.c.part.desc()))


def unit_names(engine: Engine, site_id: int) -> list[str]:
    """Return the names of a site's units."""
    with reading(engine).connect() as connection:
        return list(
            connection.execute(select(units.c.name).where(units.c.site_id == site_id).order_by(units.c.name)).scalars()
        )


def _rows(search: Search, now: datetime, found: Subquery | None = None) -> Select[Any]:
    """Return the query for the rows that are looked for, or for those at the places that were found of these."""
    # Without the sites: a join with them makes SQLite sort a whole line for the fifty newest of it.
    noted = ("ends_at", "visited_at", "renewed_at", "contact_at", "flags", "readings", *PLANNED)
    now_called = (claims.c[name].label(f"{name}_now") for name in ("client", "agent", "first3", "last4"))
    corrected = aliases.c.seq.label("corrected")
    columns = [status_at(now).label("status"), *(claims.c[name] for name in noted), *now_called, corrected]
    first, second = (claims, reports) if search.of_claims else (reports, claims)
    joined: FromClause = first
    if found is not None:
        joined = found.join(first, and_(*(first.c[column.name] == column for column in found.c)))
    joined = joined.join(second, WINNER) if search.of_claims else joined.outerjoin(second, MET)
    query = select(reports, *columns).select_from(joined.outerjoin(aliases, _BEFORE))
    return query if found is not None else query.where(*conditions_of(search, now))


WINNER = and_(*(reports.c[name] == claims.c[name] for name in ("site_id", "seq", "part")))
"""The report is the one that won the claim."""
MET = and_(claims.c.site_id == reports.c.site_id, claims.c.number == reports.c.number)
"""The claim is the one that the report won or met."""
_BEFORE = and_(*(aliases.c[name] == reports.c[name] for name in ("site_id", "first3", "last4", "number")))
"""The number that a report was written with, where it is no longer its client's (R25)."""


def _read(engine: Engine, query: Select[Any]) -> list[RegisterRow]:
    written = and_(inbox.c.site_id == reports.c.site_id, inbox.c.seq == reports.c.seq)
    with_texts = query.add_columns(inbox.c.text).outerjoin(inbox, written)
    with reading(engine).connect() as connection:
        names = _site_names(connection)
        return [_shown(row, names) for row in connection.execute(with_texts)]


def _site_names(connection: Connection) -> dict[int, str]:
    return {row.id: row.name for row in connection.execute(select(sites.c.id, sites.c.name))}


def _key(rows: list[RegisterRow], which: int) -> Key | None:
    return (rows[which].seq, rows[which].part) if rows else None


def _shown(row: Row[Any], names: Mapping[int, str]) -> RegisterRow:
    won = row.number is not None and row.code in WINNING
    # What a text was first read as stands with its row; the register shows what it became (R2b).
    amended = won and any(reading["how"] != "checked" for reading in row.readings or ())
    reported_on = mask_of(row.first3, row.last4)
    now_on = mask_of(row.first3_now, row.last4_now) if row.corrected else reported_on
    return RegisterRow(
        number=f"R{row.number}" if row.number is not None else "",
        status=row.status,
        client=row.client_now if amended else row.client,
        phone=now_on,
        agent=row.agent_now if amended else row.agent,
        unit=row.unit,
        reported_at=row.received_at,
        ends_at=row.ends_at if won else None,
        visited_at=row.visited_at if won else None,
        sender=row.sender,
        site=names[row.site_id],
        seq=row.seq,
        part=row.part,
        flags=" ".join(shown_flags(row.flags)) if won else "",
        renewed_at=row.renewed_at if won else None,
        contact_at=row.contact_at if won else None,
        **{name: getattr(row, name) if won else None for name in PLANNED},
        head=getattr(row, "head", "")[:SHOWN],
        # A number that was put back is one's own again, and no further one.
        known_as=reported_on if reported_on != now_on else "",
        text=getattr(row, "text", None) or "",
    )
