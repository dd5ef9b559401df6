"""The line: every message of a site gets its place and time here, in one durable transaction (rules.md, R11).

`seq` is taken under the lock of the site's counter row, which is held to commit: gapless, equal to commit order, and
`received_at` never falls along it. Taking either outside that lock would let a later text become visible first.
"""

import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from parsers.mask import mask_numbers
from parsers.numbers import region_of
from worker.clock import Clock, utc_now
from worker.crash_points import committing
from worker.errors import SetUpError
from worker.gateways.base import Inbound
from worker.line.kept_text import ECHO_LEAST, ECHO_LOOK_BACK, REPEAT_LOOK_BACK, own_part, stated
from worker.line.second_opinion import second_opinion
from worker.log import say
from worker.rules.chain import GENESIS
from worker.rules.decide import BY_PERSON
from worker.rules.door_notes import AHEAD_LEAST, OPT_OUT, note_of_clock, note_of_first, note_of_stated
from worker.storable import storable, storable_payload
from worker.store.database import reading
from worker.store.schema import cursors, inbox, replies, sites, unrouted

log = logging.getLogger(__name__)

PROGRAM = "program"
SENDER_LONGEST = 64


class NotDurableError(Exception):
    """The message could not be made durable: its sender must be told so, that it may come again."""


class UnknownSiteError(LookupError):
    """No site has this name or id."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message at the door; `site_id` and `seq` are its place, when it has one.

    `spooled`: it is kept in a file, and gets its place when that is fed in.
    """

    outcome: Literal["accepted", "repeated", "unrouted", "spooled"]
    site_id: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A message for a site's line, before it has its place. `text` is as received; it is masked before it is kept."""

    kind: str
    gateway: str
    provider_id: str
    sender: str
    text: str = ""
    payload: Mapping[str, Any] | None = None
    sent_at: datetime | None = None
    at_once: bool = False
    """its gateway has just brought it: a time that it states can be held against the line's"""


def accept(
    engine: Engine,
    inbound: Inbound,
    clock: Clock | None = None,
    believed: datetime | None = None,
    *,
    at_once: bool = False,
) -> Receipt:
    """Put a gateway's text into the line of the site whose number it was sent to (texts of no site are kept apart).

    `at_once` as an Entry has it. `clock` replaces the database's time in rehearsals and tests, and `believed` what a
    second clock says beside it.
    Raises NotDurableError when nothing could be kept.
    """
    said = {OPT_OUT: inbound.opt_out} if inbound.opt_out else None
    entry = Entry(
        "text", inbound.gateway, inbound.provider_id, inbound.sender, inbound.text, said, inbound.sent_at, at_once
    )
    try:
        with committing(engine, "accept.commit") as connection:
            site = _lock(connection, sites.c.number == inbound.recipient)
            if site is None:
                return _keep_unrouted(connection, inbound, clock)
            return _place(connection, site, entry, clock, believed, may_repeat=True)
    except IntegrityError as error:
        # The aborted transaction gave the place back. Nothing but an id that is here already may be acknowledged.
        mine = {"gateway": inbound.gateway, "provider_id": storable(inbound.provider_id)}
        with suppress(SQLAlchemyError), reading(engine).connect() as connection:
            if any(connection.execute(select(table).filter_by(**mine)).first() for table in (inbox, unrouted)):
                return Receipt("repeated")
        raise NotDurableError("the database refused the message, which is not in it") from error
    except SQLAlchemyError as error:
        raise NotDurableError("the database did not take the message") from error


def enter(
    engine: Engine, site_id: int, entry: Entry, clock: Clock | None = None, believed: datetime | None = None
) -> Receipt:
    """Put a form's or the program's own message into a site's line; the same id twice is `repeated`.

    `clock` and `believed` as `accept` has them.
    """
    try:
        with committing(engine, "enter.commit") as connection:
            return _entered(connection, site_id, entry, clock, believed)
    except IntegrityError:
        return Receipt("repeated")


def _entered(
    connection: Connection, site_id: int, entry: Entry, clock: Clock | None, believed: datetime | None = None
) -> Receipt:
    site = _lock(connection, sites.c.id == site_id)
    if site is None:
        raise UnknownSiteError(f"there is no site {site_id}")
    return _place(connection, site, entry, clock, believed)


def enter_forwarded(engine: Engine, site_id: int, entry: Entry, clock: Clock | None = None) -> Receipt:
    """Put another line's text into this one (L25). Raises NotDurableError when it is not here afterwards."""
    try:
        with committing(engine, "forward.commit") as connection:
            return _entered(connection, site_id, entry, clock)
    except IntegrityError as error:
        with reading(engine).connect() as connection:
            mine = {"gateway": entry.gateway, "provider_id": entry.provider_id, "site_id": site_id}
            if connection.execute(select(inbox.c.seq).filter_by(**mine)).first() is not None:
                return Receipt("repeated")
        raise NotDurableError("the database refused the forwarded text, which is not in it") from error


def found_site(
    engine: Engine, name: str, number: str, gateway: str, payload: Mapping[str, Any], clock: Clock | None = None
) -> Receipt:
    """Open a line; its first message says all there is to say of the site. A taken name or number is `repeated`."""
    entry = Entry("site", PROGRAM, f"site:{name}:{number}", "", payload=payload)
    try:
        with committing(engine, "found.commit") as connection:
            connection.execute(insert(sites).values(name=name, number=number, gateway=gateway))
            site = _lock(connection, sites.c.number == number)
            assert site is not None  # noqa: S101  (it was written a line above)
            connection.execute(insert(cursors).values(site_id=site.id, decided_seq=0, head=GENESIS, state={}))
            return _place(connection, site, entry, clock)
    except IntegrityError:
        return Receipt("repeated")


def _lock(connection: Connection, which: Any) -> Row[Any] | None:
    return connection.execute(select(sites).where(which).with_for_update()).first()


def _place(
    connection: Connection,
    site: Row[Any],
    entry: Entry,
    clock: Clock | None,
    believed: datetime | None = None,
    may_repeat: bool = False,
) -> Receipt:
    seq = site.last_seq + 1
    now = time_of_line(connection, clock)
    if clock is None:
        believed = second_opinion(connection, now)
        _look_at_clock(site, entry, now, believed)
    received_at = max(now, site.last_received_at)
    sender = storable(entry.sender)[:SENDER_LONGEST]
    masked, text, echo = _as_kept(connection, site, sender, entry)
    sent_at = stated(entry.sent_at)
    noted = _note_of_first(connection, site, sender, text, sent_at or received_at) if may_repeat else {}
    noted |= note_of_clock(received_at, believed) if entry.kind in BY_PERSON else {}
    noted |= note_of_stated(received_at, sent_at) if entry.at_once else {}
    payload = {**(entry.payload or {}), **noted} if noted else entry.payload
    connection.execute(update(sites).where(sites.c.id == site.id).values(last_seq=seq, last_received_at=received_at))
    connection.execute(
        insert(inbox).values(
            site_id=site.id,
            seq=seq,
            received_at=received_at,
            kind=entry.kind,
            gateway=entry.gateway,
            provider_id=storable(entry.provider_id),
            sender=sender,
            text=text,
            body=_bytes(masked),
            payload=storable_payload(payload),
            sent_at=sent_at,
            echo=echo,
            salt=secrets.token_hex(16),
        )
    )
    return Receipt("accepted", site.id, seq)


def _look_at_clock(site: Row[Any], entry: Entry, now: datetime, believed: datetime | None) -> None:
    """Refuse a command whose time is ahead of the line and of a second opinion; nobody can take such a time back.

    What a person sent is never refused: it is told of.
    """
    if believed is None or now - max(believed, site.last_received_at) <= AHEAD_LEAST:
        return
    if entry.gateway == PROGRAM and entry.kind not in BY_PERSON:
        raise SetUpError(
            f"The line's clock says {now:%Y-%m-%d %H:%M} UTC, but it should be {believed:%Y-%m-%d %H:%M}: nothing was "
            "taken, for every later text would bear that time. Set the clock from the network (NTP), then try again."
        )
    say(log, "clock ahead", logging.ERROR, site=site.id, seconds=int((now - believed).total_seconds()))


def _keep_unrouted(connection: Connection, inbound: Inbound, clock: Clock | None) -> Receipt:
    masked = mask_numbers(inbound.text, region_of(inbound.recipient))
    connection.execute(
        insert(unrouted).values(
            received_at=time_of_line(connection, clock),
            gateway=inbound.gateway,
            provider_id=storable(inbound.provider_id),
            sender=storable(inbound.sender)[:SENDER_LONGEST],
            recipient=storable(inbound.recipient)[:SENDER_LONGEST],
            text=storable(masked),
            body=_bytes(masked),
        )
    )
    return Receipt("unrouted")


def time_of_line(connection: Connection, clock: Clock | None = None) -> datetime:
    """Return the time that a text gets which comes now: the database's, on SQLite this machine's."""
    if clock is not None:
        return clock()
    if connection.dialect.name == "postgresql":
        # Not now(): that is the start of the transaction, before the lock was waited for.
        waited: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return waited
    return utc_now()


def _note_of_first(connection: Connection, site: Row[Any], sender: str, text: str, sent: datetime) -> dict[str, Any]:
    """Return what is noted beside a text that is its sender's last one once more."""
    same = (inbox.c.site_id == site.id, inbox.c.kind == "text", inbox.c.sender == sender, inbox.c.text == text)
    recent = inbox.c.seq > site.last_seq - REPEAT_LOOK_BACK
    query = select(inbox.c.seq, inbox.c.received_at, inbox.c.sent_at, inbox.c.payload).where(*same, recent)
    rows = connection.execute(query.order_by(inbox.c.seq))
    return note_of_first(sent, ((row.seq, row.sent_at or row.received_at, row.payload) for row in rows))


def _as_kept(connection: Connection, site: Row[Any], sender: str, entry: Entry) -> tuple[str, str, bool]:
    """Return a text masked, then without our last replies to this phone, and whether it is nothing but an echo."""
    region = region_of(site.number)
    masked = mask_numbers(entry.text, region)
    text, echo = storable(masked), False
    if entry.kind == "text" and len(text) >= ECHO_LEAST:
        mine = replies.c.site_id == site.id, replies.c.recipient == sender
        last = select(replies.c.words).where(*mine).order_by(replies.c.id.desc()).limit(ECHO_LOOK_BACK)
        text, echo = own_part(text, connection.execute(last).scalars(), region)
    # Whoever answered a number of one of our sites would answer himself.
    ours = connection.execute(select(sites.c.id).where(sites.c.number == sender)).first() is not None
    return masked, text, echo or ours


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
