"""Facts as rows: what is read of them, and what decisions put down, written back (one table a kind of fact)."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

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
from worker.rules.numbers import Rule
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

TUPLES = (
    *("aliases", "flags", "rivals", "readings", "members", "mismatch", "owner_rules", "owner_facts"),
    *("parties", "papers", "opinions", "rulings"),
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


def load(connection: Connection, site_id: int, kind: type[Any], *which: ColumnElement[bool]) -> list[Any]:
    """Return the facts of a kind that these conditions on its table choose."""
    table, names = TABLES[kind], list(kind.__dataclass_fields__)
    if kind is Sender:
        rows = connection.execute(select(senders).where(senders.c.site_id == site_id, *which))
        return [Sender(**{**row.state, "phone": row.phone, **_tuples_of_sender(row.state)}) for row in rows]
    query = select(*(table.c[name] for name in names)).where(table.c.site_id == site_id, *which)
    readers = [_reader(kind, name) for name in names]
    rows = connection.execute(query)
    return [kind(*(read(value) if read else value for read, value in zip(readers, row, strict=True))) for row in rows]


def _tuples_of_sender(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(stored.get(name, ())) for name in ("refusals", "sign_list")}


def _reader(kind: type[Any], name: str) -> Callable[[Any], Any] | None:
    """Return what makes a fact's field of a column's value, None where they are the same."""
    field = kind.__dataclass_fields__[name].type
    if isinstance(field, type) and issubclass(field, StrEnum):
        return field
    if name == "owner_rules":
        return lambda stored: tuple(Rule(number) for number in stored)
    return tuple if name in TUPLES else None


def save(connection: Connection, site_id: int, facts: Iterable[Fact]) -> None:
    """Write facts back, the last of each key; sites are written with their cursor."""
    newest: dict[Any, Fact] = {}
    for fact in facts:
        newest[_key(fact)] = fact
    for kind, table in TABLES.items():
        rows = [_row(site_id, fact) for fact in newest.values() if type(fact) is kind]
        if rows:
            _upsert(connection, table, rows)


def _key(fact: Fact) -> tuple[Any, ...]:
    if isinstance(fact, Site):
        return (Site,)
    names = [c.name for c in TABLES[type(fact)].primary_key if c.name != "site_id"]
    return (type(fact), *(getattr(fact, name) for name in names))


def _row(site_id: int, fact: Fact) -> dict[str, Any]:
    if isinstance(fact, Sender):
        return {"site_id": site_id, "phone": fact.phone, "state": fields_of(fact)}
    return {"site_id": site_id} | fields_of(fact)


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [c.name for c in table.primary_key]
    # What was told or forwarded is not again, however often a decision names it.
    kept = [*keys, "done"]
    changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
