"""What a line must come to: its recorded messages folded once, over one whole state in memory, and compared.

Nothing of the decider has a part in it: no batches, no working sets, no cursor. Of the tables only the columns that
passing time or the sending changes are left out.
"""

import hashlib
import json
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from worker.decide.decider import message_of
from worker.rules.chain import GENESIS, VERSION, commitment, next_head
from worker.rules.codec import kept_fields
from worker.rules.codes import Code
from worker.rules.decide import decide
from worker.rules.model import Decision, Message, fields_of
from worker.rules.state import State
from worker.rules.undecidable import give_up
from worker.store.facts import TABLES
from worker.store.schema import cursors, decisions, inbox, replies, reports
from worker.words.render import Setting, render

# What a row is searched by follows from its names, and is made as it is inserted.
LEFT_OUT = {"site_id", "done", "decided_at", "searched"}
REPLY_COLUMNS = ("cause", "code", "recipient", "role", "ref", "params", "words")

Rows = list[dict[str, Any]]
Register = dict[str, Rows]


@dataclass(slots=True)
class Folded:
    """A line folded to its end."""

    state: State = field(default_factory=State)
    head: str = GENESIS
    register: Register = field(default_factory=dict)


def fold(engine: Engine, site_id: int) -> Folded:
    """Fold a site's recorded line in memory."""
    folded, facts = Folded(), {table.name: {} for table in TABLES.values()}  # type: ignore[var-annotated]
    rows: Register = {"decisions": [], "reports": [], "replies": []}
    undecidable = _undecidable(engine, site_id)
    for message in _line(engine, site_id):
        decision = (give_up if message.seq in undecidable else decide)(folded.state, message)
        committed = commitment(message, decision)
        folded.head = next_head(folded.head, decision, committed)
        rows["decisions"].append(_decided(decision) | {"commitment": committed, "head": folded.head})
        rows["reports"] += [fields_of(row) for row in decision.rows]
        rows["replies"] += _said(folded.state, decision)
        for fact in decision.facts:
            if (table := TABLES.get(type(fact))) is not None:
                facts[table.name][_key(table, fact)] = _fact_row(table, fact)
    rows |= {name: list(kept.values()) for name, kept in facts.items()}
    rows["site"] = [folded.state.site.to_json()]
    folded.register = _canonical(rows)
    return folded


def recorded(engine: Engine, site_id: int) -> Register:
    """Return what the database holds of a site, in the form of `Folded.register`."""
    with engine.connect() as connection:
        rows = {table.name: _rows(connection, table, site_id) for table in (decisions, reports, *TABLES.values())}
        said = [row for row in _rows(connection, replies, site_id) if row["cause"].startswith("m:")]
        site = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
    rows["replies"] = [{name: row[name] for name in REPLY_COLUMNS} for row in said]
    return _canonical(rows | {"site": [site]})


def register_hash(engine: Engine, site_id: int) -> str:
    """Return the hash (hex) of everything that was derived from a site's line."""
    return hashlib.sha256(json.dumps(recorded(engine, site_id), sort_keys=True).encode()).hexdigest()


def assert_folded(engine: Engine, site_id: int) -> None:
    """Fail, naming the first table that differs, unless the database holds what the line comes to."""
    wanted, found = fold(engine, site_id).register, recorded(engine, site_id)
    assert set(wanted) == set(found)
    for name in wanted:
        assert found[name] == wanted[name], f"{name} differ from the fold of the line"


def _line(engine: Engine, site_id: int) -> list[Message]:
    query = select(inbox).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)
    with engine.connect() as connection:
        return [message_of(row) for row in connection.execute(query)]


def _undecidable(engine: Engine, site_id: int) -> set[int]:
    """Return the places of what could not be decided when it was its turn (L26): that is so for good."""
    mine = (decisions.c.site_id == site_id) & (decisions.c.code == Code.UNDECIDABLE)
    with engine.connect() as connection:
        return set(connection.execute(select(decisions.c.seq).where(mine)).scalars())


def _decided(decision: Decision) -> dict[str, Any]:
    names = ("seq", "received_at", "kind", "code", "rules", "policy_seq", "reason")
    return {name: getattr(decision, name) for name in names} | {"version": VERSION}


def _said(state: State, decision: Decision) -> Rows:
    setting, seen, said = Setting(state.site.language, state.zone, decision.received_at), set(), []
    for reply in decision.replies:
        if (reply.code, reply.recipient) not in seen:
            seen.add((reply.code, reply.recipient))
            words = render(setting, reply.code, reply.role, reply.params)
            said.append(fields_of(reply) | {"cause": f"m:{decision.seq}", "words": words})
    return said


def _key(table: Table, fact: Any) -> tuple[Any, ...]:
    return tuple(getattr(fact, column.name) for column in table.primary_key if column.name != "site_id")


def _fact_row(table: Table, fact: Any) -> dict[str, Any]:
    """Return a fact as its table's columns; a column that is no field of it holds the fact as a whole."""
    names = [column.name for column in table.c if column.name not in LEFT_OUT]
    return {name: getattr(fact, name) if hasattr(fact, name) else fields_of(fact) for name in names}


def _rows(connection: Connection, table: Table, site_id: int) -> Rows:
    columns = [column for column in table.c if column.name not in LEFT_OUT]
    found = connection.execute(select(*columns).where(table.c.site_id == site_id))
    return [dict(row._mapping) for row in found]


def _canonical(rows: Register) -> Register:
    """Return plain JSON values in an order of their own, equal for both databases."""
    plain: Register = json.loads(json.dumps(rows, default=_plain))
    return {name: sorted(its, key=lambda row: json.dumps(row, sort_keys=True)) for name, its in plain.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if is_dataclass(value):
        return kept_fields(value)
    raise TypeError(type(value).__name__)
