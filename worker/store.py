"""The working set of a batch, read from the tables; and the facts of its decisions, written back."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from worker.rules.model import Claim, Deadline, Fact, Listed, Sender, Site, Unit, fields_of
from worker.rules.needs import Needs
from worker.rules.state import State
from worker.schema import claims, deadlines, roster, senders, units

KEYS_AT_ONCE = 500
TUPLES = ("aliases", "flags", "rivals")


def open_state(connection: Connection, site_id: int, site: dict[str, Any]) -> State:
    """Return a state with the site, all its units, and the digests that gather."""
    state = State(Site.from_json(site))
    state.load(_all(connection, units, Unit, units.c.site_id == site_id))
    gathering = deadlines.c.kind.in_(("digest", "daily")) & ~deadlines.c.done
    state.load(_all(connection, deadlines, Deadline, (deadlines.c.site_id == site_id) & gathering))
    return state


def load_senders(connection: Connection, site_id: int, state: State, phones: set[str]) -> None:
    """Take in what is remembered of these phones, their lines of the roster, and those of their units' people."""
    for some in _batches(phones):
        state.load(_senders(connection, site_id, some))
        state.load(_all(connection, roster, Listed, (roster.c.site_id == site_id) & roster.c.phone.in_(some)))
    load_units_people(connection, site_id, state, {entry.unit for entry in state.roster.values()})


def load_units_people(connection: Connection, site_id: int, state: State, names: set[str]) -> None:
    """Take in the roster of these units."""
    for some in _batches(names):
        state.load(_all(connection, roster, Listed, (roster.c.site_id == site_id) & roster.c.unit.in_(some)))


def load_needs(connection: Connection, site_id: int, state: State, needs: Needs) -> None:
    """Take in everything that a batch mentions."""
    load_units_people(connection, site_id, state, needs.units)
    load_senders(connection, site_id, state, needs.phones)
    for some in _batches(needs.names):
        state.load(_all(connection, roster, Listed, (roster.c.site_id == site_id) & roster.c.name_key.in_(some)))
    if wanted := _claims_wanted(needs):
        for condition in wanted:
            state.load(_all(connection, claims, Claim, (claims.c.site_id == site_id) & condition))


def load_claims(connection: Connection, site_id: int, state: State, numbers: set[int]) -> None:
    """Take in these registrations."""
    for some in _batches(numbers):
        state.load(_all(connection, claims, Claim, (claims.c.site_id == site_id) & claims.c.number.in_(some)))


def _claims_wanted(needs: Needs) -> list[ColumnElement[bool]]:
    by_last4: dict[str, list[str]] = {}
    for first3, last4 in needs.phones7:
        by_last4.setdefault(last4, []).append(first3)
    pairs = [(claims.c.last4 == last4) & claims.c.first3.in_(sorted(f3)) for last4, f3 in sorted(by_last4.items())]
    found: list[ColumnElement[bool]] = [or_(*some) for some in _batches(pairs, 100)]
    found += [claims.c.number.in_(some) for some in _batches(needs.numbers)]
    found += [claims.c.last4.in_(some) & (claims.c.ends_at > needs.since) for some in _batches(needs.last4)]
    for some in _batches(needs.strangers):
        by_them = claims.c.sender.in_(some) | claims.c.agent_phone.in_(some)
        found.append(by_them & (claims.c.ends_at > needs.since))
    return found


def _batches(keys: Iterable[Any], size: int = KEYS_AT_ONCE) -> list[list[Any]]:
    listed = list(keys)
    return [listed[i : i + size] for i in range(0, len(listed), size)]


def _senders(connection: Connection, site_id: int, phones: Sequence[str]) -> list[Sender]:
    rows = connection.execute(select(senders).where(senders.c.site_id == site_id, senders.c.phone.in_(phones)))
    return [Sender(**{**row.state, "phone": row.phone, "refusals": tuple(row.state["refusals"])}) for row in rows]


def _all(connection: Connection, table: Table, kind: type[Any], where: ColumnElement[bool]) -> list[Any]:
    names = list(kind.__dataclass_fields__)
    columns = [table.c[name] for name in names]
    return [_value(kind, names, row) for row in connection.execute(select(*columns).where(where))]


def _value(kind: type[Any], names: list[str], row: Row[Any]) -> Any:
    fields = dict(zip(names, row, strict=True))
    return kind(**{name: tuple(value) if name in TUPLES else value for name, value in fields.items()})


TABLES: dict[type[Any], Table] = {Unit: units, Listed: roster, Claim: claims, Deadline: deadlines, Sender: senders}


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
    changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
