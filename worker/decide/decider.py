"""Decide: one transaction for a batch of a site's line, under the lock of its cursor (reliability.md, point 4).

Any job may run this any number of times, in any worker: what is decided stays decided, and comes out the same.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from worker.clock import Clock, utc_now
from worker.crashing import committing
from worker.log import say
from worker.rules.chain import VERSION, commitment, next_head
from worker.rules.decide import BY_PERSON, decide, read
from worker.rules.model import Decision, Forward, Message, Reply, fields_of
from worker.rules.needs import needs_of
from worker.rules.state import State
from worker.store.facts import save
from worker.store.schema import cursors, decisions, inbox, replies, reports
from worker.store.working_set import load_gathering, load_needs, load_senders, open_state
from worker.tracing import trail
from worker.words.render import Setting, render

log = logging.getLogger(__name__)

Written = Sequence[Row[Any]]

USEFUL_FOR = timedelta(hours=4)
BATCH = 100
"""On SQLite a batch holds the write lock that texts coming in wait for, so it stays short."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one batch did; `more`: the line is longer than the batch was."""

    decided: int
    replies: int
    more: bool
    forwards: int = 0
    """texts that belong into other sites' lines (L25)"""


@dataclass(slots=True)
class Batch:
    """A cursor under its lock, the messages read after it, and the state they are folded over."""

    site_id: int
    head: str
    messages: list[Message]
    state: State


def decide_site(engine: Engine, site_id: int, limit: int = BATCH, clock: Clock = utc_now) -> Progress:
    """Decide up to `limit` undecided messages of a site in their order and commit what follows from them.

    `clock` says when replies are handed over; it decides nothing.
    """
    with committing(engine, "decide.commit") as connection:
        batch = _open(connection, site_id, limit)
        if batch is None:
            return Progress(0, 0, more=False)
        decided, said = decide_batch(connection, batch, clock())
    for decision in decided:
        say(log, "decided", site=site_id, seq=decision.seq, kind=decision.kind, code=decision.code)
    tell_written(said)
    more = len(decided) == limit or batch.messages[-1].kind not in BY_PERSON
    forwards = sum(isinstance(fact, Forward) for decision in decided for fact in decision.facts)
    return Progress(len(decided), len(said), more=more, forwards=forwards)


def _open(connection: Connection, site_id: int, limit: int) -> Batch | None:
    cursor = connection.execute(select(cursors).where(cursors.c.site_id == site_id).with_for_update()).first()
    if cursor is None:
        return None
    # A statement of its own after the lock: what committed while we waited must be seen.
    rows = connection.execute(
        select(inbox)
        .where(inbox.c.site_id == site_id, inbox.c.seq > cursor.decided_seq)
        .order_by(inbox.c.seq)
        .limit(limit)
    ).all()
    return open_batch(connection, cursor, rows) if rows else None


def open_batch(connection: Connection, cursor: Row[Any], rows: Sequence[Row[Any]]) -> Batch:
    """Return the next rows of the inbox, as far as they may be decided together, with the state that they need."""
    messages = _until_set_up([message_of(row) for row in rows])
    return Batch(cursor.site_id, cursor.head, messages, working_set(connection, cursor.site_id, cursor.state, messages))


def message_of(row: Row[Any]) -> Message:
    """Return a row of the inbox as the rules see it."""
    return Message(
        row.seq, row.received_at, row.kind, row.sender, row.text, row.payload or {}, row.sent_at, row.echo, row.salt
    )


def _until_set_up(messages: list[Message]) -> list[Message]:
    """End a batch behind a set-up message: what follows may mention facts that only it brings."""
    last = next((i for i, message in enumerate(messages) if message.kind not in BY_PERSON), len(messages) - 1)
    return messages[: last + 1]


def working_set(connection: Connection, site_id: int, site: dict[str, Any], messages: Sequence[Message]) -> State:
    """Return the state with everything that these messages mention; its cost does not grow with the register."""
    state = open_state(connection, site_id, site)
    load_gathering(connection, site_id, state, messages[0].received_at)
    load_senders(connection, site_id, state, {m.sender for m in messages if m.sender})
    meanings = {m.seq: read(state, m) for m in messages if m.kind in BY_PERSON}
    load_needs(connection, site_id, state, needs_of(messages, meanings, state))
    return state


def decide_batch(connection: Connection, batch: Batch, now: datetime) -> tuple[list[Decision], Written]:
    """Decide a batch, write everything that follows from it, and return the decisions and the replies written."""
    decided: list[Decision] = []
    records: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    for message in batch.messages:
        decision = decide(batch.state, message)
        committed = commitment(message, decision)
        batch.head = next_head(batch.head, decision, committed)
        decided.append(decision)
        records.append(_record(batch, decision, committed) | {"decided_at": now})
        # Put into words now: the next message may change the site's language.
        said += outgoing(batch.site_id, f"m:{decision.seq}", decision.replies, batch.state, decision.received_at, now)
    connection.execute(insert(decisions), records)
    rows = [{"site_id": batch.site_id} | fields_of(row) for decision in decided for row in decision.rows]
    if rows:
        connection.execute(insert(reports), rows)
    save(connection, batch.site_id, [fact for decision in decided for fact in decision.facts])
    written = put_out(connection, said)
    moved = {"decided_seq": decided[-1].seq, "head": batch.head, "state": batch.state.site.to_json()}
    connection.execute(update(cursors).where(cursors.c.site_id == batch.site_id).values(moved))
    return decided, written


def put_out(connection: Connection, rows: list[dict[str, Any]]) -> Written:
    """Insert rows of the outbox; return them as `tell_written` wants them."""
    if not rows:
        return []
    columns = [replies.c[name] for name in ("id", "site_id", "cause", "code", "role")]
    return list(connection.execute(insert(replies).returning(*columns, sort_by_parameter_order=True), rows))


def tell_written(written: Written) -> None:
    """Log each new row of the outbox; call it when the transaction that wrote them is committed."""
    for row in written:
        say(log, "reply written", **trail(row.site_id, row.cause), reply=row.id, code=row.code, role=row.role)


def _record(batch: Batch, decision: Decision, committed: str) -> dict[str, Any]:
    return {
        "site_id": batch.site_id,
        "seq": decision.seq,
        "received_at": decision.received_at,
        "kind": decision.kind,
        "code": decision.code,
        "rules": list(decision.rules),
        "policy_seq": decision.policy_seq,
        "version": VERSION,
        "commitment": committed,
        "head": batch.head,
    }


def outgoing(
    site_id: int, cause: str, said: Sequence[Reply], state: State, said_at: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Return the outbox rows of replies, one for each code and recipient, in the words of the site's language."""
    setting = Setting(state.site.language, state.zone, said_at)
    unique = {(reply.code, reply.recipient): reply for reply in reversed(said)}
    return [
        {
            "site_id": site_id,
            "cause": cause,
            "code": reply.code,
            "recipient": reply.recipient,
            "role": reply.role,
            "ref": reply.ref,
            "params": dict(reply.params),
            "words": render(setting, reply.code, reply.role, reply.params),
            "created_at": now,
            "next_at": now,
            "useful_until": now + USEFUL_FOR,
            "updated_at": now,
        }
        for reply in reversed(unique.values())
    ]
