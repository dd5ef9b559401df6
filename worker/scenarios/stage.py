"""The whole line in memory, on a virtual clock: the twin of inbox, decider, deadlines and outbox."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from parsers.mask import mask_numbers
from parsers.numbers import region_of
from worker.decide.fold import Spoken, recorded, spoken
from worker.line.kept_text import ECHO_LOOK_BACK, REPEAT_LOOK_BACK, own_part, stated
from worker.rules.act_code import code_of, key_of, with_code
from worker.rules.attribution import Answer, attribute
from worker.rules.chain import GENESIS
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.deadlines import tell_at, told_before
from worker.rules.decide import Reads
from worker.rules.door_notes import note_of_clock, note_of_first
from worker.rules.due_notices import tell
from worker.rules.forwards import ORIGIN
from worker.rules.model import Forward, Message, ReportRow
from worker.rules.state import State
from worker.rules.status import status_of
from worker.storable import storable


@dataclass(frozen=True, slots=True)
class SentText:
    """A message that went out."""

    at: datetime
    site: str
    phone: str
    code: str
    ref: str
    words: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StandingReport:
    """A row of the 登记表 as it stands; where the report won nothing: no `ref`, and the answer's code as status."""

    ref: str
    status: str
    client: Client
    unit: str
    agent: str
    until: datetime | None
    visited: datetime | None


class Stage(Protocol):
    """Where a scenario is played."""

    outbox: list[SentText]

    def set_up(self, site: str, kind: str, payload: dict[str, Any], at: datetime) -> None:
        """Put a set-up message into a site's line."""

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
        """Put a text or form entry into a site's line; a provider id seen before is a repeated delivery.

        `believed`: what a second clock says, where it is behind the line's.
        """

    def advance(self, to: datetime) -> None:
        """Let the clock run up to a moment, its own second included."""

    def owner(self, site: str, client: Client, at: datetime) -> Answer:
        """Return whose a client is at a moment, which may be past."""

    def register(self, site: str, at: datetime) -> Iterable[StandingReport]:
        """Return the rows of a site's register as they stand now."""


@dataclass(slots=True)
class _Site:
    state: State = field(default_factory=State)
    head: str = GENESIS
    messages: list[Message] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    rows: list[ReportRow] = field(default_factory=list)


class MemoryStage:
    """A stage that keeps everything in memory."""

    def __init__(self, reads: Reads | None = None) -> None:
        """Begin with no site; `reads` gives texts their meaning in place of the parser."""
        self._reads = reads
        self.outbox: list[SentText] = []
        self._sites: dict[str, _Site] = {}

    def set_up(self, site: str, kind: str, payload: dict[str, Any], at: datetime) -> None:
        """Put a set-up message into a site's line."""
        self._take(site, Message(0, at, kind, "", payload=payload))

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
        """Put a text or form entry into a site's line; a provider id seen before is a repeated delivery.

        `believed`: what a second clock says, where it is behind the line's.
        """
        its = self._sites[site]
        if provider_id is not None and provider_id in its.seen:
            return
        its.seen |= {provider_id} if provider_id else set()
        region = region_of(its.state.site.number)
        kept = storable(mask_numbers(text, region))
        said = [sent.words for sent in self.outbox if (sent.site, sent.phone) == (site, sender)][-ECHO_LOOK_BACK:]
        kept, echo = (kept, False) if form else own_part(kept, reversed(said), region)
        echo = echo or sender in {known.state.site.number for known in self._sites.values()}
        said_at = stated(sent_at)
        payload = note_of_clock(at, believed)
        if not form:
            # What is its sender's last text once more has that noted beside it, as at the door.
            same = (m for m in its.messages[-REPEAT_LOOK_BACK:] if (m.kind, m.sender, m.text) == ("text", sender, kept))
            payload |= note_of_first(said_at or at, ((m.seq, m.sent_at or m.received_at, m.payload) for m in same))
        self._take(site, Message(0, at, "form" if form else "text", sender, kept, payload, said_at, echo))

    def _take(self, name: str, message: Message) -> None:
        its = self._sites.setdefault(name, _Site())
        seq = len(its.messages) + 1
        salt = hashlib.sha256(f"{name}:{seq}".encode()).hexdigest()[:32]
        message = replace(message, seq=seq, salt=salt)
        its.messages.append(message)
        record = recorded(its.state, its.head, message, self._reads)
        its.head = record.head
        its.rows += record.decision.rows
        at = message.received_at
        self._say(name, record.spoken, at, salt)
        # A text that is for other sites goes into their lines; a site that is not on the stage has none.
        names = {known.state.site.number: other for other, known in self._sites.items()}
        payload = {ORIGIN: {"site": name, "site_id": list(self._sites).index(name) + 1, "seq": seq}}
        for fact in record.decision.facts:
            if isinstance(fact, Forward) and fact.number in names:
                forwarded = Message(0, at, "text", message.sender, message.text, payload, sent_at=at)
                self._take(names[fact.number], forwarded)

    def _say(self, name: str, said: Sequence[Spoken], at: datetime, salt: str = "") -> None:
        for reply, kept in ((each.reply, each.words) for each in said):
            # As it is handed over: with its code (L6).
            asks = reply.code == Code.CONFIRM_CODE
            words = with_code(kept, salt) if asks else kept
            params = dict(reply.params) | ({"code": code_of(key_of(salt))} if asks else {})
            self.outbox.append(SentText(at, name, reply.recipient, reply.code, reply.ref, words, params))

    def advance(self, to: datetime) -> None:
        """Tell what is due up to a moment, in the order of its times."""
        while waiting := [
            (at, name, deadline)
            for name, its in self._sites.items()
            for deadline in its.state.deadlines.values()
            if not deadline.done and (at := tell_at(deadline, its.state)) <= to
        ]:
            at, name, deadline = min(waiting, key=lambda due: (due[0], told_before(due[2])))
            its = self._sites[name]
            its.state.load([replace(deadline, done=True)])
            self._say(name, spoken(its.state, tell(its.state, deadline, at, its.head), at), at)

    def owner(self, site: str, client: Client, at: datetime) -> Answer:
        """Return whose a client is at a moment: the line up to it is folded anew when it is past."""
        its = self._sites[site]
        if its.messages and at >= its.messages[-1].received_at:
            return attribute(its.state, client, at)
        state = State()
        for message in its.messages:
            if message.received_at <= at:
                recorded(state, GENESIS, message, self._reads)
        return attribute(state, client, at)

    def register(self, site: str, at: datetime) -> Iterator[StandingReport]:
        """Yield the rows of a site's register as they stand now, in line order."""
        state = self._sites[site].state
        for row in self._sites[site].rows:
            claim, phone7 = state.claims.get(row.number or 0), (row.first3, row.last4)
            # The number that he is known by now, where it was corrected (R25).
            if claim is not None and any(alias.phone7 == phone7 for alias in state.aliases_of(claim.number)):
                phone7 = claim.phone7
            if claim is None or claim.place != (row.seq, row.part):
                yield StandingReport("", row.code, Client(row.client, *phone7), row.unit, row.agent, None, None)
                continue
            # What a text was first read as stands with its row; the register shows what it became (R2b).
            said = claim if any(reading.how != "checked" for reading in claim.readings) else row
            client, ends = Client(said.client, *phone7), (claim.ends_at, claim.visited_at)
            yield StandingReport(claim.ref, status_of(claim, at), client, row.unit, said.agent, *ends)
