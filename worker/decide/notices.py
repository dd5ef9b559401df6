"""Notices that passing time makes due: written once each, in a transaction of their own (reliability.md, point 7)."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Row,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
    update,
)

from worker.crash_points import around, committing
from worker.decide.decider import Written, outgoing, put_out, tell_written
from worker.decide.fold import Spoken, spoken
from worker.decide.heads import publish
from worker.rules.deadlines import lead, tell_at
from worker.rules.due_notices import tell
from worker.rules.model import Deadline
from worker.rules.plans import days_of_digest
from worker.rules.policy import Policy, policy_of
from worker.rules.states import DeadlineKind
from worker.store.database import in_key_order, reading
from worker.store.facts import SOME, in_parts
from worker.store.repeatable import repeatable
from worker.store.schema import cursors, deadlines, inbox, opt_outs, sites
from worker.store.working_set import load_own, load_planned, load_senders, load_subjects, open_state

AT_ONCE = 200

Leads = tuple[timedelta, ...]
"""How long before its instant a deadline is told, of each kind in their order."""


def _due_of(*which: ColumnElement[bool]) -> FromClause:
    """Return the rows of these deadlines that are due, of each kind `until_KIND`."""
    # A search of the index for each kind: of kinds that are joined by OR, SQLite reads all that are yet to come.
    of_kinds = (
        select(deadlines).where(
            ~deadlines.c.done, deadlines.c.kind == kind, deadlines.c.at <= bindparam(f"until_{kind}")
        )
        for kind in DeadlineKind
    )
    return union_all(*(each.where(*which) for each in of_kinds)).subquery()


_OF_POLICY: Final = and_(
    inbox.c.site_id == cursors.c.site_id,
    # In the very words of the index, which is of these alone.
    inbox.c.kind == literal_column("'policy'"),
    inbox.c.seq <= cursors.c.decided_seq,
)
_CHANGED_AT: Final = select(func.max(inbox.c.seq)).where(_OF_POLICY).scalar_subquery().label("changed_at")
_POLICIES: Final = select(cursors.c.site_id, _CHANGED_AT).where(cursors.c.decided_seq > 0)
_POLICY_OF: Final = select(cursors.c.site_id, cursors.c.state["policy"].label("policy")).where(
    cursors.c.site_id.in_(SOME)
)
_SITES_WITH_DUE: Final = select(_due_of(deadlines.c.site_id.in_(SOME)).c.site_id).distinct()
_DUE_OF_SITE: Final = _due_of(deadlines.c.site_id == bindparam("site"))


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A deadline that is due, and what it says to whom."""

    deadline: Deadline
    said: tuple[Spoken, ...]


@dataclass(slots=True)
class Notices:
    """Writes what is due; remembers how early each site is told of what, so that a round reads no site in vain."""

    engine: Engine
    _leads: dict[int, tuple[int | None, Leads]] = field(default_factory=dict)
    """by site: the place of the last change of its policy, and how long before each kind of instant it is told"""

    def tell(self, now: datetime) -> int:
        """Write every notice that is due at `now` into the outbox and return how many messages that made.

        A site whose line has undecided messages is left for the next round: they may move its deadlines. What is told
        is put into words before the lock that others wait for, and left for the next round when the line moved
        meanwhile.
        """
        with reading(self.engine).connect() as connection:
            waiting = self._may_have_due(connection, now)
        return sum(_tell_site(self.engine, site_id, now) for site_id in waiting)

    def _may_have_due(self, connection: Connection, now: datetime) -> list[int]:
        """Return the sites of which something is due, but for their quiet hours."""
        of_policies = {row.site_id: row.changed_at for row in connection.execute(_POLICIES)}
        changed = [site for site, at in of_policies.items() if site not in self._leads or self._leads[site][0] != at]
        for row in in_parts(connection, _POLICY_OF, changed):
            self._leads[row.site_id] = of_policies[row.site_id], _leads_of(policy_of(row.policy or {}))
        alike = defaultdict[Leads, list[int]](list)
        for site_id in of_policies:
            alike[self._leads[site_id][1]].append(site_id)
        return sorted(
            row.site_id
            for leads, some in alike.items()
            for row in in_parts(connection, _SITES_WITH_DUE, some, **_due_until(now, leads))
        )


def tell_due(engine: Engine, now: datetime) -> int:
    """Write every notice that is due at `now`, once (`Notices.tell`)."""
    return Notices(engine).tell(now)


def _leads_of(policy: Policy) -> Leads:
    return tuple(lead(kind, policy) for kind in DeadlineKind)


def _due_until(now: datetime, leads: Leads) -> dict[str, datetime]:
    return {f"until_{kind}": now + early for kind, early in zip(DeadlineKind, leads, strict=True)}


@repeatable
def _tell_site(engine: Engine, site_id: int, now: datetime) -> int:
    of_site = select(cursors).where(cursors.c.site_id == site_id)
    with reading(engine).connect() as connection, around("notices.tell"):
        cursor = connection.execute(of_site).one()
        due = _due(connection, cursor, now)
        told = _told(connection, cursor, due, now) if due else []
    if not told:
        return 0
    with committing(engine, "notices.commit") as connection:
        held = connection.execute(of_site.with_for_update()).one()
        last = connection.execute(select(sites.c.last_seq).where(sites.c.id == site_id)).scalar_one()
        if held.decided_seq < last:
            return 0
        if (held.decided_seq, held.erasures) != (cursor.decided_seq, cursor.erasures):
            # Under the lock, or a line that is busy for hours would never be told of anything.
            cursor = held
            told = _told(connection, held, _due(connection, held, now), now)
        written = [row for each in told for row in _write(connection, cursor, each, now)]
    tell_written(written)
    return len(written)


def _due(connection: Connection, cursor: Row[Any], now: datetime) -> list[Deadline]:
    until = _due_until(now, _leads_of(policy_of(cursor.state.get("policy", {}))))
    due = _DUE_OF_SITE.c
    columns = [due[name] for name in Deadline.__dataclass_fields__]
    # As `deadlines.told_before` has them: the rows of one instant lie in no order.
    kind, subject = in_key_order(connection, [due.kind, due.subject])
    query = select(*columns).order_by(due.at, kind, func.length(due.subject), subject).limit(AT_ONCE)
    rows = connection.execute(query, {"site": cursor.site_id, **until})
    state = open_state(connection, cursor.site_id, cursor.state)
    found = [Deadline(*row) for row in rows]
    return [deadline for deadline in found if tell_at(deadline, state) <= now]


def _told(connection: Connection, cursor: Row[Any], due: list[Deadline], now: datetime) -> list[DueNotice]:
    state = open_state(connection, cursor.site_id, cursor.state)
    leavers = {deadline.subject for deadline in due if deadline.kind == DeadlineKind.LEFT}
    load_senders(connection, cursor.site_id, state, leavers)
    load_own(connection, cursor.site_id, state, leavers, now)
    # With all that tells whose the clients of these are by now.
    load_subjects(connection, cursor.site_id, state, {deadline.subject for deadline in due}, now)
    digests = (deadline.at for deadline in due if deadline.kind == DeadlineKind.DAILY)
    load_planned(connection, cursor.site_id, state, {day for at in digests for day in days_of_digest(state, at)})
    # Whom the gateway refuses to send to hears nothing, whether or not the line has been told of it (L8).
    refused = connection.execute(select(opt_outs.c.phone).where(opt_outs.c.site_id == cursor.site_id)).scalars()
    state.load([replace(state.sender(phone), silent=True, stopped=True) for phone in refused])
    return [DueNotice(each, spoken(state, tell(state, each, now, cursor.head), now)) for each in due]


def _write(connection: Connection, cursor: Row[Any], told: DueNotice, now: datetime) -> Written:
    """Mark a deadline as told and write what that says; nothing when another sweeper has told it meanwhile."""
    deadline = told.deadline
    key = (deadlines.c.kind == deadline.kind) & (deadlines.c.subject == deadline.subject)
    same = key & (deadlines.c.at == deadline.at) & (deadlines.c.site_id == cursor.site_id)
    if connection.execute(update(deadlines).where(same, ~deadlines.c.done).values(done=True)).rowcount != 1:
        return []
    if any("head" in each.reply.params for each in told.said):
        publish(connection, cursor.site_id, cursor.decided_seq, cursor.head, deadline.kind, now)
    cause = f"d:{deadline.kind}:{deadline.subject}:{deadline.at.isoformat()}"
    return put_out(connection, outgoing(cursor.site_id, cause, told.said, now))
