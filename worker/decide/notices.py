"""Notices that passing time makes due: written once each, in a transaction of their own (reliability.md, point 7)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, or_, select, update

from worker.crash_points import committing
from worker.decide.decider import outgoing, put_out, tell_written
from worker.decide.fold import spoken
from worker.decide.heads import publish
from worker.rules.deadlines import lead, tell_at
from worker.rules.due_notices import tell
from worker.rules.model import Deadline
from worker.rules.plans import days_of_digest
from worker.rules.policy import policy_of
from worker.rules.states import DeadlineKind
from worker.store.database import in_key_order, reading
from worker.store.schema import cursors, deadlines, opt_outs, sites
from worker.store.working_set import load_planned, load_subjects, open_state

AT_ONCE = 200


def tell_due(engine: Engine, now: datetime) -> int:
    """Write every notice that is due at `now` into the outbox and return how many messages that made.

    A site whose line has undecided messages is left for the next round: they may move its deadlines.
    """
    with reading(engine).connect() as connection:
        waiting = connection.execute(select(cursors.c.site_id)).scalars().all()
    total = 0
    for site_id in waiting:
        of_site = select(cursors).where(cursors.c.site_id == site_id)
        with reading(engine).connect() as connection:
            if not _due(connection, connection.execute(of_site).one(), now):
                continue
        with committing(engine, "notices.commit") as connection:
            cursor = connection.execute(of_site.with_for_update()).one()
            last = connection.execute(select(sites.c.last_seq).where(sites.c.id == site_id)).scalar_one()
            if cursor.decided_seq < last:
                continue
            written = _tell_all(connection, cursor, _due(connection, cursor, now), now)
        tell_written(written)
        total += len(written)
    return total


def _due(connection: Connection, cursor: Row[Any], now: datetime) -> list[Deadline]:
    policy = policy_of(cursor.state.get("policy", {}))
    of_kind: list[ColumnElement[bool]] = [
        (deadlines.c.kind == kind) & (deadlines.c.at <= now + lead(kind, policy)) for kind in DeadlineKind
    ]
    mine = and_(deadlines.c.site_id == cursor.site_id, ~deadlines.c.done, or_(*of_kind))
    columns = [deadlines.c[name] for name in Deadline.__dataclass_fields__]
    # As `deadlines.told_before` has them: the rows of one instant lie in no order.
    kind, subject = in_key_order(connection, [deadlines.c.kind, deadlines.c.subject])
    order = (deadlines.c.at, kind, func.length(deadlines.c.subject), subject)
    rows = connection.execute(select(*columns).where(mine).order_by(*order).limit(AT_ONCE))
    state = open_state(connection, cursor.site_id, cursor.state)
    found = [Deadline(*row) for row in rows]
    return [deadline for deadline in found if tell_at(deadline, state) <= now]


def _tell_all(connection: Connection, cursor: Row[Any], due: list[Deadline], now: datetime) -> list[Row[Any]]:
    state = open_state(connection, cursor.site_id, cursor.state)
    load_subjects(connection, cursor.site_id, state, {deadline.subject for deadline in due}, now)
    digests = (deadline.at for deadline in due if deadline.kind == DeadlineKind.DAILY)
    load_planned(connection, cursor.site_id, state, {day for at in digests for day in days_of_digest(state, at)})
    # Whom the gateway refuses to send to hears nothing, whether or not the line has been told of it (L8).
    refused = connection.execute(select(opt_outs.c.phone).where(opt_outs.c.site_id == cursor.site_id)).scalars()
    state.load([replace(state.sender(phone), silent=True, stopped=True) for phone in refused])
    written: list[Row[Any]] = []
    for deadline in due:
        told = tell(state, deadline, now, cursor.head)
        cause = f"d:{deadline.kind}:{deadline.subject}:{deadline.at.isoformat()}"
        rows = outgoing(cursor.site_id, cause, spoken(state, told, now), now)
        written += put_out(connection, rows)
        if any("head" in reply.params for reply in told):
            publish(connection, cursor.site_id, cursor.decided_seq, cursor.head, deadline.kind, now)
        key = (deadlines.c.kind == deadline.kind) & (deadlines.c.subject == deadline.subject)
        same = key & (deadlines.c.at == deadline.at) & (deadlines.c.site_id == cursor.site_id)
        connection.execute(update(deadlines).where(same).values(done=True))
    return written
