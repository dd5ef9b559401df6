"""Decide: one transaction for a batch of a site's line, under the lock of its cursor (reliability.md, point 4).

Any job may run this any number of times, in any worker: what is decided stays decided, and comes out the same. SQLite's
one lock keeps every text waiting at the door, so there a batch is read and folded before it is taken, on what stands
then; did that move meanwhile, it is all done again under the lock, as on PostgreSQL, whose lock is of one row.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from worker.clock import Clock, utc_now
from worker.crash_points import around, committing
from worker.decide.fold import Recorded, Spoken, given_up, recorded
from worker.log import complain, say
from worker.rules.chain import VERSION
from worker.rules.decide import BY_PERSON, read
from worker.rules.door_notes import ahead_noted
from worker.rules.model import Forward, Message, Site, fields_of
from worker.rules.needs import Needs, want
from worker.rules.state import State
from worker.rules.undecidable import is_fault
from worker.store.database import locks_everything, reading
from worker.store.facts import save
from worker.store.repeatable import repeatable
from worker.store.schema import cursors, decisions, inbox, opt_outs, replies, reports
from worker.store.working_set import load_gathering, load_needs, load_senders, open_state
from worker.trail import trail

log = logging.getLogger(__name__)

Written = Sequence[Row[Any]]

USEFUL_FOR = timedelta(hours=4)
BATCH = 100
TOLD = tuple(replies.c[name] for name in ("id", "site_id", "cause", "code", "role"))
"""What the log is told of a new row of the outbox."""
# Made once, as constants: making a statement costs more than what it answers.
_CURSOR = select(cursors).where(cursors.c.site_id == bindparam("site"))
_LOCKED_CURSOR = _CURSOR.with_for_update()
_UNDECIDED = (
    select(inbox)
    .where(inbox.c.site_id == bindparam("site"), inbox.c.seq > bindparam("decided"))
    .order_by(inbox.c.seq)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one batch did; `more`: the line is longer than the batch was."""

    decided: int
    replies: int
    more: bool
    forwards: int = 0
    """texts that belong into other sites' lines (L25)"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages behind a cursor, and the state they are folded over.

    `given_up`: places that are not decided (L26), with the error that says so now, None where it is on record.
    """

    cursor: Row[Any]
    messages: list[Message]
    state: State
    given_up: Mapping[int, Exception | None]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch comes to, all but written: it holds as long as facts are what they were when they were read."""

    cursor: Row[Any]
    messages: list[Message]
    done: list[Recorded]
    site: Site

    def holds(self, cursor: Row[Any]) -> bool:
        """Tell whether nobody has decided, or erased facts, since; `cursor` is the one that is locked now."""
        return (cursor.decided_seq, cursor.erasures) == (self.cursor.decided_seq, self.cursor.erasures)


def decide_site(engine: Engine, site_id: int, limit: int = BATCH, clock: Clock = utc_now) -> BatchResult:
    """Decide up to `limit` undecided messages of a site in their order and commit what follows from them.

    `clock` says when replies are handed over; it decides nothing.
    """
    try:
        return _decide(engine, site_id, limit, clock)
    except Exception as error:
        if not is_unstorable(error):
            raise
    # One of them is at fault; each by itself, the others pass.
    with reading(engine).connect() as connection:
        seq = connection.execute(_CURSOR, {"site": site_id}).one().decided_seq + 1
    try:
        return _decide(engine, site_id, 1, clock)
    except Exception as error:
        if not is_unstorable(error):
            raise
        # Should the database be at fault after all, it refuses this as well, and the message stays in line.
        return _decide(engine, site_id, 1, clock, {seq: error})


def is_unstorable(error: Exception) -> bool:
    """Tell whether a database, or its driver, refused what it was given and would refuse it again."""
    values = (DataError, IntegrityError, OverflowError, UnicodeError)
    return isinstance(error, values) or (
        isinstance(error, StatementError) and isinstance(error.orig, (OverflowError, TypeError, ValueError))
    )


@repeatable
def _decide(
    engine: Engine, site_id: int, limit: int, clock: Clock, refused: Mapping[int, Exception] | None = None
) -> BatchResult:
    """Decide a batch and commit it; `refused`: a place that is put down as one that cannot be decided, and why."""
    ahead = None
    if locks_everything(engine):
        with reading(engine).connect() as connection, around("decide.fold"):
            ahead = _fold_next(connection, connection.execute(_CURSOR, {"site": site_id}).first(), limit, refused or {})
        if ahead is None:
            return BatchResult(0, 0, more=False)
    with committing(engine, "decide.commit") as connection:
        cursor = connection.execute(_LOCKED_CURSOR, {"site": site_id}).first()
        if ahead is not None and cursor is not None and ahead.holds(cursor):
            folded = ahead
        else:
            # Statements of their own after the lock: what committed while we waited must be seen.
            with around("decide.fold"):
                found = _fold_next(connection, cursor, limit, refused or {})
            if found is None:
                return BatchResult(0, 0, more=False)
            folded = found
        said = write_batch(connection, folded, clock())
    for record in folded.done:
        decision = record.decision
        if record.error is not None:
            complain(log, "undecidable", record.error, site=site_id, seq=decision.seq)
        say(log, "decided", site=site_id, seq=decision.seq, kind=decision.kind, code=decision.code)
    tell_written(said)
    more = len(folded.done) == limit or folded.messages[-1].kind not in BY_PERSON
    forwards = sum(isinstance(fact, Forward) for record in folded.done for fact in record.decision.facts)
    return BatchResult(len(folded.done), len(said), more=more, forwards=forwards)


def _fold_next(
    connection: Connection, cursor: Row[Any] | None, limit: int, refused: Mapping[int, Exception]
) -> Folded | None:
    if cursor is None:
        return None
    wanted = {"site": cursor.site_id, "decided": cursor.decided_seq, "most": limit}
    rows = connection.execute(_UNDECIDED, wanted).all()
    return fold_batch(open_batch(connection, cursor, rows, refused)) if rows else None


def open_batch(
    connection: Connection, cursor: Row[Any], rows: Sequence[Row[Any]], undecidable: Mapping[int, Exception | None]
) -> Batch:
    """Return the next rows of the inbox, as far as they may be decided together, with the state that they need.

    `undecidable`: places that are on record as such, and so not decided again, or are given up now, with their error.
    """
    messages = [message_of(row) for row in rows]
    # What follows a set-up message may mention facts that only it brings: the batch ends behind it.
    last = next((i for i, message in enumerate(messages) if message.kind not in BY_PERSON), len(messages) - 1)
    messages = messages[: last + 1]
    state, failed = working_set(connection, cursor.site_id, cursor.state, messages, undecidable)
    return Batch(cursor, messages, state, {**undecidable, **failed})


def message_of(row: Row[Any]) -> Message:
    """Return a row of the inbox as the rules see it."""
    return Message(
        row.seq, row.received_at, row.kind, row.sender, row.text, row.payload or {}, row.sent_at, row.echo, row.salt
    )


def working_set(
    connection: Connection,
    site_id: int,
    site: dict[str, Any],
    messages: Sequence[Message],
    left_out: Collection[int] = (),
) -> tuple[State, dict[int, Exception]]:
    """Return the state with everything that these messages mention; its cost does not grow with the register.

    With it comes what was raised by a fault of the program when the meaning or the needs of a message were looked for.
    """
    state = open_state(connection, site_id, site)
    load_gathering(connection, site_id, state, messages[0].received_at)
    load_senders(connection, site_id, state, {m.sender for m in messages if m.sender})
    # What a clock's jump alone has ended is asked for, too.
    since = messages[0].received_at - max(ahead_noted(message) for message in messages)
    needs, failed = Needs(since=since), dict[int, Exception]()
    for message in messages:
        if message.seq in left_out:
            continue
        try:
            want(needs, message, read(state, message) if message.kind in BY_PERSON else None, state)
        except Exception as error:
            if not is_fault(error):
                raise
            failed[message.seq] = error
    load_needs(connection, site_id, state, needs)
    return state, failed


def fold_batch(batch: Batch) -> Folded:
    """Decide a batch over its state, which moves on; nothing is written."""
    done: list[Recorded] = []
    head = batch.cursor.head
    for message in batch.messages:
        if message.seq in batch.given_up:
            record = given_up(batch.state, head, message)
            done.append(replace(record, error=batch.given_up[message.seq]))
        else:
            done.append(recorded(batch.state, head, message))
        head = done[-1].head
    return Folded(batch.cursor, batch.messages, done, batch.state.site)


def write_batch(connection: Connection, folded: Folded, now: datetime) -> Written:
    """Write everything that follows from a batch, move its cursor, and return the replies written.

    The cursor must be locked, and what was read for it must hold.
    """
    site_id, done = folded.cursor.site_id, folded.done
    connection.execute(insert(decisions), [_record(site_id, record) | {"decided_at": now} for record in done])
    rows = [{"site_id": site_id} | fields_of(row) for record in done for row in record.decision.rows]
    if rows:
        connection.execute(insert(reports), rows)
    save(connection, site_id, [fact for record in done for fact in record.decision.facts])
    # Those who want to hear from us again: that a gateway once refused to send to them is forgotten (L8).
    back = [m.sender for m, record in zip(folded.messages, done, strict=True) if record.decision.kind == "start"]
    if back:
        theirs = (opt_outs.c.site_id == site_id) & opt_outs.c.phone.in_(back)
        connection.execute(delete(opt_outs).where(theirs))
    said = (outgoing(site_id, f"m:{record.decision.seq}", record.spoken, now) for record in done)
    written = put_out(connection, [row for rows in said for row in rows])
    moved = {"decided_seq": done[-1].decision.seq, "head": done[-1].head, "state": folded.site.to_json()}
    connection.execute(update(cursors).where(cursors.c.site_id == site_id).values(moved))
    return written


def put_out(connection: Connection, rows: list[dict[str, Any]]) -> Written:
    """Insert rows of the outbox; return them as `tell_written` wants them."""
    if not rows:
        return []
    # SQLite counts ids up along the rows of a statement; asked to sort them, it would be given each row by itself.
    is_sorted = connection.dialect.name != "sqlite"
    return list(connection.execute(insert(replies).returning(*TOLD, sort_by_parameter_order=is_sorted), rows))


def tell_written(written: Written) -> None:
    """Log each new row of the outbox; call it when the transaction that wrote them is committed."""
    for row in written:
        say(log, "reply written", **trail(row.site_id, row.cause), reply=row.id, code=row.code, role=row.role)


def _record(site_id: int, record: Recorded) -> dict[str, Any]:
    decision = record.decision
    return {
        "site_id": site_id,
        "seq": decision.seq,
        "received_at": decision.received_at,
        "kind": decision.kind,
        "code": decision.code,
        "rules": list(decision.rules),
        "policy_seq": decision.policy_seq,
        "reason": decision.reason,
        "version": VERSION,
        "commitment": record.commitment,
        "head": record.head,
    }


def outgoing(site_id: int, cause: str, said: Sequence[Spoken], now: datetime) -> list[dict[str, Any]]:
    """Return the outbox rows of what is said."""
    return [
        {
            "site_id": site_id,
            "cause": cause,
            "code": reply.code,
            "recipient": reply.recipient,
            "role": reply.role,
            "ref": reply.ref,
            "params": dict(reply.params),
            "words": words,
            "created_at": now,
            "next_at": now,
            "useful_until": now + USEFUL_FOR,
            "updated_at": now,
        }
        for reply, words in ((each.reply, each.words) for each in said)
    ]
