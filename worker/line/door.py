"""The line: every message of a site gets its place and time here, in one durable transaction (rules.md, R11).

`seq` is taken under the lock of the site's counter row, which is held to commit: gapless, equal to commit order, and
`received_at` never falls along it. Taking either outside that lock would let a later text become visible first.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from parsers.mask import mask_numbers
from parsers.numbers import region_of
from worker.clock import Clock, utc_now
from worker.crash_points import committing
from worker.errors import SetUpError
from worker.gateways.base import Inbound
from worker.group_commit import together_or_apart
from worker.line.canaries import Arrived, come_back
from worker.line.kept_text import stated
from worker.line.look_ups import LockedLine, lock, new_ones, sites_of
from worker.line.numbers import former_sites_of, go_by
from worker.line.places import SENDER_LONGEST, Unplaced, keep_apart, place
from worker.line.second_opinion import second_opinion
from worker.log import say
from worker.rules.chain import GENESIS
from worker.rules.decide import BY_PERSON
from worker.rules.door_notes import AHEAD_LEAST, OPT_OUT
from worker.rules.setup import SITE_SET
from worker.storable import storable
from worker.store.database import reading
from worker.store.failures import hits_all
from worker.store.repeatable import repeatable
from worker.store.schema import cursors, inbox, sites, unrouted

log = logging.getLogger(__name__)

PROGRAM = "program"


class NotDurableError(Exception):
    """The message could not be made durable: its sender must be told so, that it may come again."""


class UnknownSiteError(LookupError):
    """No site has this name or id."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message at the door; `site_id` and `seq` are its place, when it has one.

    `spooled`: it is kept in a file, and gets its place when that is fed in. `canary`: a text of ours to ourselves has
    come back (`worker.line.canaries`); it gets none.
    """

    outcome: Literal["accepted", "repeated", "unrouted", "spooled", "canary"]
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


@dataclass(frozen=True, slots=True)
class ReadyText:
    """A gateway's text that is ready for the line of the site to whose number it was sent."""

    recipient: str
    draft: Unplaced


def ready_text(inbound: Inbound, *, at_once: bool = False) -> ReadyText:
    """Make ready all of a text that needs no database; `at_once`: its gateway has just brought it.

    A time that the gateway states of it can then be held against the line's.
    """
    payload = {OPT_OUT: inbound.opt_out} if inbound.opt_out else None
    text = Entry("text", inbound.gateway, inbound.provider_id, inbound.sender, inbound.text, payload, inbound.sent_at)
    draft = _draft_of(text, inbound.recipient)
    return ReadyText(
        storable(inbound.recipient), replace(draft, repeats_within=inbound.repeats_within, at_once=at_once)
    )


def accept(
    engine: Engine,
    inbound: Inbound,
    clock: Clock | None = None,
    believed: datetime | None = None,
    *,
    at_once: bool = False,
) -> Receipt:
    """Put a gateway's text into the line of the site whose number it was sent to (texts of no site are kept apart).

    `at_once` as an arrival has it. `clock` replaces the database's time in rehearsals and tests, and `believed` what a
    second clock says beside it.
    Raises NotDurableError when nothing could be kept.
    """
    (outcome,) = accept_all(engine, [ready_text(inbound, at_once=at_once)], clock, believed)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def accept_all(
    engine: Engine, arrivals: Sequence[ReadyText], clock: Clock | None = None, believed: datetime | None = None
) -> list[Receipt | Exception]:
    """Put texts into their lines, in one transaction and this order; return of each what `accept` returns or raises.

    Where one of them may be why it fails, each is put in by itself, so that none harms another.
    """

    @repeatable
    def put_in(some: Sequence[ReadyText]) -> list[Receipt]:
        with committing(engine, "accept.commit") as connection:
            came = [Arrived(each.recipient, *each.draft.key, each.draft.text) for each in some]
            is_canary = come_back(connection, came, partial(time_of_line, connection, clock))
            others = [each for each, one in zip(some, is_canary, strict=True) if not one]
            rest = iter(_accepted(connection, others, clock, believed) if others else ())
            return [Receipt("canary") if one else next(rest) for one in is_canary]

    outcomes = zip(arrivals, together_or_apart(put_in, arrivals, hits_all), strict=True)
    return [_refused(engine, each, came) if isinstance(came, Exception) else came for each, came in outcomes]


def _refused(engine: Engine, arrival: ReadyText, error: Exception) -> Receipt | Exception:
    """Return what became of a text whose transaction failed; nothing but an id that is here may be acknowledged."""
    if not isinstance(error, SQLAlchemyError):
        return error
    if isinstance(error, IntegrityError):
        # The aborted transaction gave the place back.
        mine = {"gateway": arrival.draft.gateway, "provider_id": arrival.draft.provider_id}
        with suppress(SQLAlchemyError), reading(engine).connect() as connection:
            if any(connection.execute(select(table).filter_by(**mine)).first() for table in (inbox, unrouted)):
                return Receipt("repeated")
    refused = NotDurableError("the database did not take the message")
    refused.__cause__ = error
    return refused


def _accepted(
    connection: Connection, arrivals: Sequence[ReadyText], clock: Clock | None, believed: datetime | None
) -> list[Receipt]:
    site_ids = sites_of(connection, {number for each in arrivals for number in (each.recipient, each.draft.sender)})
    if strange := {each.recipient for each in arrivals} - site_ids.keys():
        site_ids |= former_sites_of(connection, strange)
    lines = lock(connection, {site_ids[each.recipient] for each in arrivals if each.recipient in site_ids})
    now, believed = _two_clocks(connection, clock, believed)
    receipts = [Receipt("repeated")] * len(arrivals)
    routed = {index: each.draft.key for index, each in enumerate(arrivals) if each.recipient in site_ids}
    if new := new_ones(connection, inbox, routed):
        drafts = [(lines[site_ids[arrivals[index].recipient]], arrivals[index].draft) for index in new]
        for index, (line, _), seq in zip(new, drafts, _place(connection, drafts, site_ids, now, believed), strict=True):
            receipts[index] = Receipt("accepted", line.site_id, seq)
    strays = {index: each.draft.key for index, each in enumerate(arrivals) if each.recipient not in site_ids}
    if new := new_ones(connection, unrouted, strays):
        keep_apart(connection, [(arrivals[index].recipient, arrivals[index].draft) for index in new], now)
        for index in new:
            receipts[index] = Receipt("unrouted")
    return receipts


@repeatable
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
    line = lock(connection, [site_id]).get(site_id)
    if line is None:
        raise UnknownSiteError(f"there is no site {site_id}")
    now, believed = _two_clocks(connection, clock, believed)
    ours = sites_of(connection, [entry.sender])
    (seq,) = _place(connection, [(line, _draft_of(entry, line.number))], ours, now, believed)
    if entry.kind == SITE_SET:
        go_by(connection, line, entry.payload or {})
    return Receipt("accepted", site_id, seq)


@repeatable
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


@repeatable
def found_site(
    engine: Engine, name: str, number: str, gateway: str, payload: Mapping[str, Any], clock: Clock | None = None
) -> Receipt:
    """Open a line; its first message says all there is to say of the site. A taken name or number is `repeated`."""
    try:
        with committing(engine, "found.commit") as connection:
            row = insert(sites).values(name=name, number=number, gateway=gateway).returning(sites.c.id)
            site_id = connection.execute(row).scalar_one()
            connection.execute(insert(cursors).values(site_id=site_id, decided_seq=0, head=GENESIS, state={}))
            # Its id alone is its own for good: another site may have had this name and number before.
            return _entered(connection, site_id, Entry("site", PROGRAM, f"site:{site_id}", "", payload=payload), clock)
    except IntegrityError:
        return Receipt("repeated")


def _two_clocks(
    connection: Connection, clock: Clock | None, believed: datetime | None
) -> tuple[datetime, datetime | None]:
    """Return the time of lines that are locked, and what a second clock says."""
    now = time_of_line(connection, clock)
    return now, second_opinion(connection, now) if clock is None else believed


def _place(
    connection: Connection,
    drafts: Sequence[tuple[LockedLine, Unplaced]],
    ours: Collection[str],
    now: datetime,
    believed: datetime | None,
) -> list[int]:
    # Of each line the first alone: those behind it are not ahead of it.
    for line, draft in {line.site_id: (line, draft) for line, draft in reversed(drafts)}.values():
        _look_at_clock(line, draft, now, believed)
    return place(connection, drafts, ours, now, believed)


def _look_at_clock(line: LockedLine, draft: Unplaced, now: datetime, believed: datetime | None) -> None:
    """Refuse a command whose time is ahead of the line and of a second opinion; nobody can take such a time back.

    What a person sent is never refused: it is told of.
    """
    if believed is None or now - max(believed, line.last_received_at) <= AHEAD_LEAST:
        return
    if draft.gateway == PROGRAM and draft.kind not in BY_PERSON:
        raise SetUpError(
            f"The line's clock says {now:%Y-%m-%d %H:%M} UTC, but it should be {believed:%Y-%m-%d %H:%M}: nothing was "
            "taken, for every later text would bear that time. Set the clock from the network (NTP), then try again."
        )
    say(log, "clock ahead", logging.ERROR, site=line.site_id, seconds=int((now - believed).total_seconds()))


def _draft_of(entry: Entry, number: str) -> Unplaced:
    """Make a message ready for the line of the site that has this number."""
    region = region_of(number)
    masked = mask_numbers(entry.text, region)
    return Unplaced(
        kind=entry.kind,
        gateway=entry.gateway,
        provider_id=storable(entry.provider_id),
        sender=storable(entry.sender)[:SENDER_LONGEST],
        text=storable(masked),
        body=masked.encode("utf-8", "surrogatepass"),
        region=region,
        payload=entry.payload,
        sent_at=stated(entry.sent_at),
    )


def time_of_line(connection: Connection, clock: Clock | None = None) -> datetime:
    """Return the time that a text gets which comes now: the database's, on SQLite this machine's."""
    if clock is not None:
        return clock()
    if connection.dialect.name == "postgresql":
        # Not now(): that is the start of the transaction, before the lock was waited for.
        waited: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return waited
    return utc_now()
