"""Facts as rows: what is read of them, and what decisions put down, written back (one table a kind of fact)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Table, select
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


def load(connection: Connection, site_id: int, kind: type[Any], *which: ColumnElement[bool]) -> list[Any]:
    """Return the facts of a kind that these conditions on its table choose."""
    table, readers = TABLES[kind], READERS[kind]
    if kind is Sender:
        rows = connection.execute(select(senders.c.state).where(senders.c.site_id == site_id, *which)).scalars()
        return [Sender(**{name: _read(readers[name], value) for name, value in state.items()}) for state in rows]
    query = select(*(table.c[name] for name in readers)).where(table.c.site_id == site_id, *which)
    found = connection.execute(query)
    return [kind(*(_read(read, value) for read, value in zip(readers.values(), row, strict=True))) for row in found]


def _read(read: Read | None, stored: Any) -> Any:
    return stored if read is None else read(stored)


def save(connection: Connection, site_id: int, facts: Iterable[Fact]) -> None:
    """Write facts back, the last of each key; sites are written with their cursor."""
    newest: dict[Any, Fact] = {}
    for fact in (each for each in facts if not isinstance(each, Site)):
        names = [c.name for c in TABLES[type(fact)].primary_key if c.name != "site_id"]
        newest[type(fact), *(getattr(fact, name) for name in names)] = fact
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for kind, table in TABLES.items():
        rows = [_row(site_id, fact) for fact in newest.values() if type(fact) is kind]
        if rows:
            statement = dialect.insert(table)
            keys = [c.name for c in table.primary_key]
            # What was told or forwarded is not again, however often a decision names it.
            changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in (*keys, "done")}
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def _row(site_id: int, fact: Fact) -> dict[str, Any]:
    if isinstance(fact, Sender):
        return {"site_id": site_id, "phone": fact.phone, "state": plain(fact)}
    table = TABLES[type(fact)]
    is_json = {name: isinstance(table.c[name].type, JSON) for name in READERS[type(fact)]}
    fields = fields_of(fact).items()
    return {"site_id": site_id} | {name: plain(value) if is_json[name] else value for name, value in fields}
