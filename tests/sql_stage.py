"""A stage on the real line: the same scenarios through `accept`, `decide_site` and `tell_due` on a database."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from worker.decide.decider import decide_site, message_of
from worker.decide.notices import tell_due
from worker.gateways.base import Inbound
from worker.line.door import Entry, accept, enter, found_site
from worker.line.forwards import carry
from worker.outbox.ledger import outgoing_of, with_site
from worker.readers.register import register_rows
from worker.rules.attribution import Answer, attribute
from worker.rules.client import Client
from worker.rules.deadlines import tell_at
from worker.rules.decide import decide
from worker.rules.model import Deadline
from worker.rules.state import State
from worker.scenarios.stage import SentText, StandingReport
from worker.store.schema import cursors, deadlines, inbox, replies, sites
from worker.store.working_set import open_state


class SqlStage:
    """Everything lies in the database; the clock is the scenario's."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.outbox: list[SentText] = []
        self._ids: dict[str, int] = {}
        self._numbers: dict[str, str] = {}
        self._read = 0
        self._opened: dict[str, datetime] | None = {}
        self._due: datetime | None = None
        self._stale = True

    def set_up(self, site: str, kind: str, payload: dict[str, Any], at: datetime) -> None:
        if kind == "site":
            receipt = found_site(self.engine, site, payload["number"], "sandbox", payload, lambda: at)
            assert receipt.site_id is not None
            self._ids[site], self._numbers[site] = receipt.site_id, payload["number"]
        else:
            entry = Entry(kind, "program", secrets.token_hex(8), "", payload=payload)
            enter(self.engine, self._ids[site], entry, lambda: at)
        if self._opened is None or self._opened.get(site, at) != at:
            self._open()
            self._decide(site, at)
        else:
            self._opened[site] = at

    def _open(self) -> None:
        """Decide what stands in lines before anything has happened: the set-ups of each site, all at once."""
        opened, self._opened = self._opened or {}, None
        for site, at in opened.items():
            self._decide(site, at)

    def receive(
        self,
        site: str,
        sender: str,
        text: str,
        at: datetime,
        sent_at: datetime | None,
        provider_id: str | None,
        form: bool,
        believed: datetime | None = None,
    ) -> None:
        self._open()
        message_id = provider_id or secrets.token_hex(8)
        if form:
            entry = Entry("form", "program", message_id, sender, text)
            enter(self.engine, self._ids[site], entry, lambda: at, believed)
        else:
            inbound = Inbound("sandbox", message_id, sender, self._numbers[site], text, sent_at)
            accept(self.engine, inbound, lambda: at, believed)
        self._decide(site, at)

    def _decide(self, site: str, at: datetime) -> None:
        self._stale = True
        while decide_site(self.engine, self._ids[site], clock=lambda: at).more:
            pass
        self._collect()
        names = {site_id: name for name, site_id in self._ids.items()}
        for other in carry(self.engine, self._ids[site], lambda: at):
            self._decide(names[other], at)

    def _collect(self) -> None:
        names = {number: name for name, number in self._ids.items()}
        with self.engine.connect() as connection:
            rows = connection.execute(with_site().where(replies.c.id > self._read).order_by(replies.c.id)).all()
        for row in rows:
            self._read = row.id
            sent, name = outgoing_of(row), names[row.site_id]
            self.outbox.append(
                SentText(row.created_at, name, row.recipient, row.code, row.ref, sent.words, dict(sent.params))
            )

    def advance(self, to: datetime) -> None:
        self._open()
        while (due := self._next_due()) is not None and due <= to:
            tell_due(self.engine, due)
            self._stale = True
            self._collect()

    def _next_due(self) -> datetime | None:
        if self._stale:
            self._due, self._stale = min(self._told_at(), default=None), False
        return self._due

    def _told_at(self) -> Iterator[datetime]:
        columns = [deadlines.c[name] for name in Deadline.__dataclass_fields__]
        with self.engine.connect() as connection:
            waiting = connection.execute(select(deadlines.c.site_id, *columns).where(~deadlines.c.done)).all()
            for site_id in {row.site_id for row in waiting}:
                of_site = select(cursors.c.state).where(cursors.c.site_id == site_id)
                state = open_state(connection, site_id, connection.execute(of_site).scalar_one())
                yield from (tell_at(Deadline(*row[1:]), state) for row in waiting if row.site_id == site_id)

    def owner(self, site: str, client: Client, at: datetime) -> Answer:
        """Fold the line of the database anew up to the moment: the working sets of batches have no part in it."""
        self._open()
        with self.engine.connect() as connection:
            until = (inbox.c.site_id == self._ids[site]) & (inbox.c.received_at <= at)
            rows = connection.execute(select(inbox).where(until).order_by(inbox.c.seq)).all()
            assert connection.execute(select(sites.c.id).where(sites.c.name == site)).scalar_one() == self._ids[site]
        state = State()
        for row in rows:
            decide(state, message_of(row))
        return attribute(state, client, at)

    def register(self, site: str, at: datetime) -> Iterator[StandingReport]:
        """Read it as pages and files do."""
        self._open()
        for row in register_rows(self.engine, at, site):
            won = row.number and row.ends_at is not None
            client = Client(row.client, row.phone[:3], row.phone[-4:])
            times = row.ends_at, row.visited_at
            yield StandingReport(row.number if won else "", row.status, client, row.unit, row.agent, *times)
