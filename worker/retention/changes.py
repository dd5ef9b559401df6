"""What erasing does to a row: its values are replaced, or it is taken away; in its table and in the seal alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, select, update

from worker.proof.seals import Seal, fact_key, sealed_row, sealed_tables
from worker.store.schema import sealed_facts
from worker.store.search_words import SEARCHED, of_row


@dataclass(frozen=True, slots=True)
class Change:
    """A row of a table by its key (site and all), and the values that it gets; None takes the row away."""

    table: Table
    key: Mapping[str, Any]
    values: Mapping[str, Any] | None


def change(table: Table, row: Row[Any], values: Mapping[str, Any] | None) -> Change:
    """Return the change of a row that was read of a table; what it is searched by goes with its names."""
    if values is not None and SEARCHED in table.c:
        values = {**values, SEARCHED: of_row(row._asdict() | dict(values))}
    return Change(table, {c.name: getattr(row, c.name) for c in table.primary_key}, values)


def apply(connection: Connection, seal: Seal, changes: Iterable[Change]) -> None:
    """Make these changes. What the seal holds of the rows goes with them; its commitments stay."""
    sealed = set(sealed_tables())
    for one in changes:
        here = [one.table.c[name] == value for name, value in one.key.items()]
        if one.values is None:
            connection.execute(delete(one.table).where(*here))
        else:
            connection.execute(update(one.table).where(*here).values(one.values))
        if one.table not in sealed:
            continue
        key = fact_key(value for name, value in one.key.items() if name != "site_id")
        fact = (sealed_facts.c.site_id == seal.site_id) & (sealed_facts.c.seq == seal.seq)
        fact &= (sealed_facts.c.kind == one.table.name) & (sealed_facts.c.key == key)
        left: dict[str, Any] = {"content": None, "salt": None, "key": None}
        if one.values is not None:
            row = connection.execute(select(one.table).where(*here)).one()
            left = {"content": sealed_row(row._asdict()), "salt": None}
        connection.execute(update(sealed_facts).where(fact).values(left))
