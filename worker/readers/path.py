"""One text's whole path: in line, decided, answered, delivered; each step with its time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from worker.line.door import PROGRAM
from worker.line.forwards import forward_id, read_forward_id
from worker.readers.erasure import TEXT
from worker.rules.client import ERASED, mask_of
from worker.store.database import reading
from worker.store.schema import attempts, decisions, forwards, inbox, replies, reports, roster, sites


@dataclass(frozen=True, slots=True)
class Attempt:
    """One handing-over to the gateway; `outcome`: sent retry refused unknown, None while it is not known."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str | None
    delivery: str | None


@dataclass(frozen=True, slots=True)
class ReplyPath:
    """A reply or notice that the text caused, and every attempt at it."""

    id: int
    code: str
    recipient: str
    role: str
    words: str
    state: str
    delivery: str | None
    error_code: str | None
    error_words: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Reported:
    """A client that the text reported; `number` is the registration it won or met."""

    part: int
    client: str
    mask: str
    code: str
    number: int | None


@dataclass(frozen=True, slots=True)
class ForwardedPlace:
    """The same text in another site's line (L25); `seq` None: it is not there yet."""

    site: str
    site_id: int | None
    seq: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TextPath:
    """A message of a line and what came of it; `code` None: not decided yet."""

    seq: int
    received_at: datetime
    kind: str
    gateway: str
    sender: str
    name: str | None
    unit: str | None
    text: str
    sent_at: datetime | None
    meaning: str | None
    code: str | None
    rules: tuple[str, ...]
    decided_at: datetime | None
    reports: tuple[Reported, ...]
    replies: tuple[ReplyPath, ...]
    origin: ForwardedPlace | None
    """where it was received first, of a text that was forwarded to here"""
    forwards: tuple[ForwardedPlace, ...]


def text_path(engine: Engine, site_id: int, seq: int) -> TextPath | None:
    """Return the path of the message at a place, None when the line is not that long."""
    decided = (decisions.c.site_id == inbox.c.site_id) & (decisions.c.seq == inbox.c.seq)
    listed = (roster.c.site_id == inbox.c.site_id) & (roster.c.phone == inbox.c.sender)
    in_line = inbox.c.seq, inbox.c.received_at, inbox.c.kind, inbox.c.gateway, inbox.c.sender
    what_was_decided = decisions.c.kind.label("meaning"), decisions.c.code, decisions.c.rules, decisions.c.decided_at
    message = (
        select(*in_line, roster.c.name, roster.c.unit, TEXT, inbox.c.sent_at, *what_was_decided)
        .select_from(inbox.outerjoin(decisions, decided).outerjoin(roster, listed))
        .where(inbox.c.site_id == site_id, inbox.c.seq == seq)
    )
    its = select(reports).where(reports.c.site_id == site_id, reports.c.seq == seq).order_by(reports.c.part)
    with reading(engine).connect() as connection:
        row = connection.execute(message).first()
        if row is None:
            return None
        fields = row._asdict() | {"rules": tuple(row.rules or ())}
        reported = connection.execute(its).all()
        return TextPath(
            **fields,
            reports=tuple(Reported(r.part, r.client, mask_of(r.first3, r.last4), r.code, r.number) for r in reported),
            replies=_replies(connection, site_id, seq),
            origin=_origin(connection, site_id, seq),
            forwards=_forwards(connection, site_id, seq),
        )


def _origin(connection: Connection, site_id: int, seq: int) -> ForwardedPlace | None:
    """Return where a text came from, by its message id: that stays when the text is erased."""
    mine = select(inbox.c.provider_id).where(inbox.c.site_id == site_id, inbox.c.seq == seq)
    place = read_forward_id(connection.execute(mine).scalar_one())
    if place is None:
        return None
    line = select(sites.c.name, sites.c.id, inbox.c.seq, inbox.c.received_at).join(inbox, inbox.c.site_id == sites.c.id)
    row = connection.execute(line.where(sites.c.id == place[0], inbox.c.seq == place[1])).first()
    return ForwardedPlace(*row) if row is not None else None


def _forwards(connection: Connection, site_id: int, seq: int) -> tuple[ForwardedPlace, ...]:
    mine = (forwards.c.site_id == site_id) & (forwards.c.seq == seq)
    places = []
    for row in connection.execute(select(forwards).where(mine).order_by(forwards.c.part)).all():
        message = (inbox.c.gateway == PROGRAM) & (inbox.c.provider_id == forward_id(site_id, seq, row.part))
        there = connection.execute(select(inbox.c.site_id, inbox.c.seq, inbox.c.received_at).where(message)).first()
        places.append(ForwardedPlace(row.name, *(there or (None, None, None))))
    return tuple(places)


def _replies(connection: Connection, site_id: int, seq: int) -> tuple[ReplyPath, ...]:
    mine = replies.c.site_id == site_id, replies.c.cause == f"m:{seq}"
    rows = connection.execute(select(replies).where(*mine).order_by(replies.c.id)).all()
    tried = select(attempts).where(attempts.c.reply_id.in_([row.id for row in rows])).order_by(attempts.c.number)
    by_reply: dict[int, list[Attempt]] = {}
    for row in connection.execute(tried):
        by_reply.setdefault(row.reply_id, []).append(
            Attempt(row.number, row.started_at, row.ended_at, row.outcome, row.code, row.delivery)
        )
    names = [name for name in ReplyPath.__dataclass_fields__ if name != "attempts"]
    return tuple(
        ReplyPath(
            **{name: getattr(row, name) for name in names} | {"words": row.words or ERASED},
            attempts=tuple(by_reply.get(row.id, ())),
        )
        for row in rows
    )
