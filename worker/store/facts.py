"""Facts as rows: what is read of them, and what decisions put down, written back (one table a kind of fact)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import JSON, BindParameter, ColumnElement, Connection, Insert, Row, Select, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from worker.rules.codec import Read, plain, reader_of
from worker.rules.model import (
    Alias,
    Claim,
    Deadline,
    Deal,
    Dispute,
    Fact,
    FollowUp,
    Forward,
    Kin,
    Listed,
    Sender,
    Site,
    Unit,
    Visit,
    fields_of,
)
from worker.store.schema import (
    aliases,
    claims,
    deadlines,
    deals,
    disputes,
    follow_ups,
    forwards,
    kin,
    roster,
    senders,
    units,
    visits,
)

TABLES: dict[type[Any], Table] = {
    Unit: units,
    Listed: roster,
    Claim: claims,
    Alias: aliases,
    FollowUp: follow_ups,
    Visit: visits,
    Deal: deals,
    Dispute: disputes,
    Kin: kin,
    Deadline: deadlines,
    Forward: forwards,
    Sender: senders,
}


READERS: dict[type[Any], dict[str, Read | None]] = {
    kind: {name: reader_of(field.type) for name, field in kind.__dataclass_fields__.items()} for kind in TABLES
}
"""What makes each field of a fact of its column's value."""
KEYS: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(c.name for c in table.primary_key if c.name != "site_id") for kind, table in TABLES.items()
}
"""The fields by which facts of a kind are told from each other."""
IN_JSON: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(name for name in READERS[kind] if name in table.c and isinstance(table.c[name].type, JSON))
    for kind, table in TABLES.items()
}
"""The fields of a kind that its table holds as JSON."""
K = TypeVar("K")
KEYS_AT_ONCE = 500
SOME: BindParameter[Any] = bindparam("some", expanding=True)
"""The keys that a query is asked for, `KEYS_AT_ONCE` at most: `column.in_(SOME)`."""


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Asks for the facts of a kind. Made once, as a constant: making a statement costs more than what it answers."""

    kind: type[Any]
    query: Select[Any]


def fact_query(kind: type[Any], *which: ColumnElement[bool]) -> FactQuery:
    """Return the query for a site's facts of a kind that these conditions on its table choose.

    A condition says `SOME` for keys, and names a `bindparam` for what else it is told when it is asked.
    """
    table = TABLES[kind]
    columns = [senders.c.state] if kind is Sender else [table.c[name] for name in READERS[kind]]
    return FactQuery(kind, select(*columns).where(table.c.site_id == bindparam("site"), *which))


def ask(connection: Connection, site_id: int, asked: FactQuery, **told: Any) -> list[Any]:
    """Return the facts that a query is about."""
    rows = connection.execute(asked.query, {"site": site_id, **told})
    readers = READERS[asked.kind]
    if asked.kind is Sender:
        return [Sender(**{name: _read(readers[name], value) for name, value in state.items()}) for (state,) in rows]
    if not any(readers.values()):
        return [asked.kind(*row) for row in rows]
    return [asked.kind(*map(_read, readers.values(), row)) for row in rows]


def ask_of(connection: Connection, site_id: int, asked: FactQuery, keys: Iterable[Any], **told: Any) -> list[Any]:
    """Return the facts that a query with `SOME` is about, for any number of keys; nothing is asked for none."""
    return [fact for some in parts_of(keys) for fact in ask(connection, site_id, asked, some=some, **told)]


def in_parts(connection: Connection, query: Select[Any], keys: Iterable[Any], **told: Any) -> Iterator[Row[Any]]:
    """Yield the rows of a query with `SOME`, for any number of keys."""
    for some in parts_of(keys):
        yield from connection.execute(query, {"some": some, **told})


def parts_of(keys: Iterable[K]) -> Iterator[list[K]]:
    """Yield keys, so many together as one query is asked for."""
    listed = list(keys)
    return (listed[i : i + KEYS_AT_ONCE] for i in range(0, len(listed), KEYS_AT_ONCE))


def load(connection: Connection, site_id: int, kind: type[Any], *which: ColumnElement[bool]) -> list[Any]:
    """Return the facts of a kind that these conditions on its table choose."""
    return ask(connection, site_id, fact_query(kind, *which))


def _read(read: Read | None, stored: Any) -> Any:
    return stored if read is None else read(stored)


def save(connection: Connection, site_id: int, facts: Iterable[Fact]) -> None:
    """Write facts back, the last of each key; sites are written with their cursor."""
    newest: dict[Any, Fact] = {}
    for fact in (each for each in facts if not isinstance(each, Site)):
        newest[type(fact), *(getattr(fact, name) for name in KEYS[type(fact)])] = fact
    for kind, table in TABLES.items():
        rows = [_row(site_id, fact) for fact in newest.values() if type(fact) is kind]
        if rows:
            connection.execute(_upsert(table, connection.dialect.name), rows)


@cache
def _upsert(table: Table, dialect: str) -> Insert:
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = [c.name for c in table.primary_key]
    # What was told or forwarded is not again, however often a decision names it.
    changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in (*keys, "done")}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _row(site_id: int, fact: Fact) -> dict[str, Any]:
    if isinstance(fact, Sender):
        return {"site_id": site_id, "phone": fact.phone, "state": plain(fact)}
    row = {"site_id": site_id} | fields_of(fact)
    for name in IN_JSON[type(fact)]:
        row[name] = plain(row[name])
    return row
