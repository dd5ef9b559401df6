"""The steps of a site's retention: each finds the rows that are due, some at a time, and says what to make of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, select, tuple_

from worker.retention.changes import Change, change
from worker.retention.wants import Wanted
from worker.rules.client import ERASED, Phone7
from worker.rules.erasure import (
    Affairs,
    left_of_claim,
    left_of_contact,
    left_of_form,
    left_of_kin,
    left_of_report,
    older,
)
from worker.rules.policy import Policy
from worker.store.schema import aliases, claims, follow_ups, inbox, kin, replies, reports, roster, senders, visits
from worker.store.states import SETTLED

CLIENTS_AT_ONCE: Final = 40
ROWS_AT_ONCE: Final = 200
"""States of a reply that nothing is still to be done about."""
PERSONS: Final = ("text", "form", "import")
"""Kinds of messages that speak of clients; what sets a site up stays as long as the site."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all steps know: the site, its policy, the time, the last place that may be erased, what is wanted."""

    site_id: int
    policy: Policy
    now: datetime
    upto: int
    staff: Collection[str]
    wanted: Wanted

    def before(self, days: int) -> datetime:
        """Return the instant up to which things are older than a period of so many days."""
        return self.now - timedelta(days=days)


class Step(ABC):
    """Finds what is due, a batch at a time."""

    def __init__(self, task: Task) -> None:
        """Begin at the beginning."""
        self._task = task
        self.over = False

    def look(self) -> None:  # noqa: B027, most find theirs at once
        """Look for what `batch` will return next, as far as that takes long: before others have to wait."""

    @abstractmethod
    def batch(self, connection: Connection) -> list[Change]:
        """Return the next changes; `over` is then true when these were the last."""


class EraseClients(Step):
    """Whole clients: claims, follow-ups, forms, aliases and relatives together; reports have a step of their own."""

    _found: Sequence[str] = ()
    _after = ""

    def look(self) -> None:
        """Look for the next clients: the last look goes through all of them."""
        task = self._task
        self._found = task.wanted.clients.next_due(task.policy, task.now, self._after, CLIENTS_AT_ONCE)
        self.over = len(self._found) < CLIENTS_AT_ONCE
        self._after = self._found[-1] if self._found else self._after

    def batch(self, connection: Connection) -> list[Change]:
        """Return what becomes of the clients that were found; whoever was referred to meanwhile stays."""
        task = self._task
        due = task.wanted.clients.still_due(task.policy, task.now, self._found)
        numbers, phones7 = due.numbers, due.phones7
        claimed = _read(connection, task, claims, claims.c.number.in_(numbers))
        contacts = _read(connection, task, follow_ups, follow_ups.c.number.in_(numbers), follow_ups.c.words != "")
        forms = _read(connection, task, visits, visits.c.client != ERASED, _on(visits, phones7))
        related = _read(connection, task, kin, kin.c.client != ERASED, _on(kin, phones7))
        known_as = _read(connection, task, aliases, aliases.c.number.in_(numbers))
        return [
            *(change(claims, row, left_of_claim(row._asdict())) for row in claimed),
            *(change(follow_ups, row, left_of_contact(row._asdict())) for row in contacts),
            *(change(visits, row, left_of_form(row._asdict())) for row in forms),
            *(change(kin, row, left_of_kin(row._asdict())) for row in related),
            *(change(aliases, row, None) for row in known_as),
        ]


def _on(table: Table, phones7: list[Phone7]) -> ColumnElement[bool]:
    return tuple_(table.c.first3, table.c.last4).in_(phones7)


def _read(connection: Connection, task: Task, table: Table, *which: ColumnElement[bool]) -> list[Row[Any]]:
    return list(connection.execute(select(table).where(table.c.site_id == task.site_id, *which)))


class EraseReports(Step):
    """Rows of the register of clients who may go, or of whom nothing else is known."""

    _after: tuple[int, int] = (0, -1)

    def batch(self, connection: Connection) -> list[Change]:
        """Return what becomes of the next rows."""
        task = self._task
        periods = (task.policy.keep_unvisited_days, task.policy.keep_visited_days)
        old = reports.c.received_at <= task.before(min(filter(None, periods)))
        due = (tuple_(reports.c.seq, reports.c.part) > self._after) & (reports.c.seq <= task.upto) & old
        query = select(reports).where(reports.c.site_id == task.site_id, reports.c.client != ERASED, due)
        rows = connection.execute(query.order_by(reports.c.seq, reports.c.part).limit(ROWS_AT_ONCE)).all()
        self.over = len(rows) < ROWS_AT_ONCE
        if rows:
            self._after = (rows[-1].seq, rows[-1].part)
        affairs = task.wanted.clients.affairs({(row.first3, row.last4) for row in rows})
        may_go = [row for row in rows if self._may_go(row, affairs.get((row.first3, row.last4)))]
        return [change(reports, row, left_of_report(row._asdict())) for row in may_go]

    def _may_go(self, row: Row[Any], found: Affairs | None) -> bool:
        task = self._task
        if found is not None:
            return found.may_go(task.policy, task.now)
        return older(row.received_at, task.policy.keep_unvisited_days, task.now)


DAYS_OF_SENDERS = (
    "unknown_on",
    "foreign_on",
    "objected_on",
    "unlisted_on",
    "full_on",
    "shown_on",
    "opted_on",
    "told_hour",
)
"""What of a phone's state says when it last counted for something."""


class EraseSenders(Step):
    """What is remembered of phones that are nobody's: no staff, not on the roster, no client of theirs left."""

    def batch(self, connection: Connection) -> list[Change]:
        """Return them all; who asked for silence is remembered for ever."""
        self.over = True
        task = self._task
        listed = select(roster.c.phone).where(roster.c.site_id == task.site_id)
        with_clients = select(claims.c.sender).where(claims.c.site_id == task.site_id, claims.c.client != ERASED)
        agents = select(claims.c.agent_phone).where(claims.c.site_id == task.site_id, claims.c.client != ERASED)
        known = [~senders.c.phone.in_(some) for some in (listed, with_clients, agents)]
        rows = _read(connection, task, senders, *known)
        kept = {*task.staff, *task.wanted.phones}
        last = task.before(task.policy.keep_texts_days)
        forgotten = []
        for row in rows:
            state = row.state
            times = [datetime.fromisoformat(at) for at in state.get("refusals", ())]
            day = max(state.get(name) or "" for name in DAYS_OF_SENDERS)
            recent = any(at > last for at in times) or day >= f"{last:%Y-%m-%d}"
            if row.phone not in kept and not (recent or state.get("silent") or state.get("act")):
                forgotten.append(change(senders, row, None))
        return forgotten


class EraseTexts(Step):
    """Texts, with what they were salted with; their commitments stay in the chain, their ids in the line."""

    _after = 0

    def batch(self, connection: Connection) -> list[Change]:
        """Return what becomes of the next texts."""
        task = self._task
        old = inbox.c.received_at <= task.before(task.policy.keep_texts_days)
        due = (inbox.c.seq > self._after) & (inbox.c.seq <= task.upto) & old
        mine = (inbox.c.site_id == task.site_id) & inbox.c.kind.in_(PERSONS) & (inbox.c.salt != "")
        query = select(inbox).where(mine, due)
        rows = connection.execute(query.order_by(inbox.c.seq).limit(ROWS_AT_ONCE)).all()
        self.over = len(rows) < ROWS_AT_ONCE
        self._after = rows[-1].seq if rows else self._after
        gone = {"text": "", "body": b"", "payload": None, "salt": ""}
        return [change(inbox, row, gone) for row in rows if row.seq not in task.wanted.places]


class EraseReplies(Step):
    """What was answered and told: words and what they were made of; to whom, when and how it went stay."""

    _after = 0

    def batch(self, connection: Connection) -> list[Change]:
        """Return what becomes of the next replies."""
        task = self._task
        old = replies.c.created_at <= task.before(task.policy.keep_texts_days)
        mine = (replies.c.site_id == task.site_id) & (replies.c.words != "") & replies.c.state.in_(SETTLED)
        query = select(replies).where(mine, old, replies.c.id > self._after)
        rows = connection.execute(query.order_by(replies.c.id).limit(ROWS_AT_ONCE)).all()
        self.over = len(rows) < ROWS_AT_ONCE
        self._after = rows[-1].id if rows else self._after
        return [change(replies, row, {"words": "", "params": {}}) for row in rows if self._may_go(row)]

    def _may_go(self, row: Row[Any]) -> bool:
        wanted = self._task.wanted
        how, _, cause = row.cause.partition(":")
        if how == "m":
            seq = int(cause)
            return seq <= self._task.upto and seq not in wanted.places
        return cause.split(":")[1] not in wanted.refs


def steps_of(task: Task) -> dict[str, Step]:
    """Return the steps that the policy asks for, by what they erase; clients before the texts that tell of them."""
    steps: dict[str, Step] = {}
    if task.policy.keep_unvisited_days or task.policy.keep_visited_days:
        steps |= {"clients": EraseClients(task), "reports": EraseReports(task)}
    if task.policy.keep_texts_days:
        steps |= {"senders": EraseSenders(task), "texts": EraseTexts(task), "replies": EraseReplies(task)}
    return steps
