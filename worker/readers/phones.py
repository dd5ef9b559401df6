"""What the phones of a played gateway show: who is at a site, what was said on each phone, and what became of it.

Everything here reads in a transaction that takes no write lock. Texts are as the line keeps them: masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, and_, func, or_, select

from worker.clock import utc_now
from worker.readers.erasure import TEXT, WORDS
from worker.rules.act_code import with_code
from worker.rules.codes import Code
from worker.rules.model import ROLES, Site
from worker.store.causes import salt_of_cause
from worker.store.database import reading
from worker.store.schema import cursors, decisions, inbox, replies, reports, roster, sites

MOST_PEOPLE = 24
MOST_STRANGERS = 8
MOST_TEXTS = 400
MOST_ENTRIES = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Who holds a phone: an agent of the roster (`unit` is his unit's name), staff of the site, or a stranger."""

    phone: str
    role: str
    name: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class PhoneSite:
    """A site of a played gateway; `people` in the order in which their phones are shown, `hidden` are left out."""

    id: int
    name: str
    number: str
    zone: ZoneInfo
    people: tuple[Person, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on one phone. `mine`: the phone sent it; then `seq` is its place and `done` says it is decided.

    Of the others `done` says that the gateway reports it delivered.
    """

    key: str
    phone: str
    mine: bool
    words: str
    at: datetime
    seq: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class LinePlace:
    """One place of the line; `code` is None until it is decided, `number` the registration it won or met."""

    seq: int
    received_at: datetime
    kind: str
    sender: str
    code: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What was said lately, in order of time, and what became of it, the newest first; `waiting`: not decided yet."""

    bubbles: tuple[Bubble, ...]
    entries: tuple[LinePlace, ...]
    decided: int
    waiting: int


def played_sites(engine: Engine, gateway: str) -> list[PhoneSite]:
    """Return the sites of a gateway by id, without their people."""
    joined = sites.outerjoin(cursors, cursors.c.site_id == sites.c.id)
    wanted = select(sites.c.id, sites.c.name, sites.c.number, cursors.c.state).select_from(joined)
    with reading(engine).connect() as connection:
        rows = connection.execute(wanted.where(sites.c.gateway == gateway).order_by(sites.c.id)).all()
    return [PhoneSite(row.id, row.name, row.number, ZoneInfo(Site.from_json(row.state or {}).timezone)) for row in rows]


def people_of(engine: Engine, site: PhoneSite) -> PhoneSite:
    """Return the site with its people: the staff, who is on the roster today, and strangers who texted lately."""
    today = utc_now().astimezone(site.zone).date()
    begun = or_(roster.c.from_day.is_(None), roster.c.from_day <= today)
    not_over = or_(roster.c.to_day.is_(None), roster.c.to_day >= today)
    listed = select(roster.c.phone, roster.c.name, roster.c.unit).where(roster.c.site_id == site.id, begun, not_over)
    texts = select(inbox.c.seq, inbox.c.sender).where(inbox.c.site_id == site.id, inbox.c.kind == "text")
    last = texts.order_by(inbox.c.seq.desc()).limit(MOST_TEXTS).subquery()
    senders = select(last.c.sender).group_by(last.c.sender).order_by(func.min(last.c.seq))
    with reading(engine).connect() as connection:
        state = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site.id)).scalar_one_or_none()
        rows = connection.execute(listed.order_by(roster.c.phone)).all()
        texted = connection.execute(senders).scalars().all()
    known_site = Site.from_json(state or {})
    roles, names = known_site.staff, known_site.names
    staff = [
        Person(phone, role, names.get(phone, "")) for wanted in ROLES for phone, role in roles.items() if role == wanted
    ]
    agents = [Person(row.phone, "agent", row.name, row.unit) for row in rows]
    known = {p.phone for p in (*staff, *agents)}
    strangers = [Person(phone, "other") for phone in texted if phone not in known]
    shown = agents[:MOST_PEOPLE]
    # The phone that reports and the phone that is told stand first, side by side.
    managers = [p for p in staff if p.role == "manager"]
    others = [p for p in staff if p.role != "manager"]
    people = (*shown[:1], *managers, *shown[1:], *others, *strangers[-MOST_STRANGERS:])
    return PhoneSite(site.id, site.name, site.number, site.zone, people, max(0, len(agents) - MOST_PEOPLE))


def news_of(engine: Engine, site_id: int) -> News:
    """Return the newest 400 texts and 400 replies, and the newest 60 places."""
    joined = sites.outerjoin(cursors, cursors.c.site_id == sites.c.id)
    reached = select(sites.c.last_seq, func.coalesce(cursors.c.decided_seq, 0)).select_from(joined)
    texts = select(inbox.c.seq, inbox.c.sender, TEXT, inbox.c.received_at)
    texts = texts.where(inbox.c.site_id == site_id, inbox.c.kind == "text")
    # Only what was handed over has arrived on a phone.
    arrived = replies.c.site_id == site_id, replies.c.sent_at.is_not(None)
    salt = salt_of_cause().label("salt")
    columns = replies.c.id, replies.c.recipient, replies.c.code, WORDS, replies.c.sent_at, replies.c.delivery, salt
    told = select(*columns).where(*arrived)
    with reading(engine).connect() as connection:
        last, decided = connection.execute(reached.where(sites.c.id == site_id)).first() or (0, 0)
        bubbles = [
            Bubble(f"t{row.seq}", row.sender, True, row.text, row.received_at, row.seq, row.seq <= decided)
            for row in connection.execute(texts.order_by(inbox.c.seq.desc()).limit(MOST_TEXTS))
        ]
        for row in connection.execute(told.order_by(replies.c.id.desc()).limit(MOST_TEXTS)):
            # With the code of its act: on a phone it is seen, as on no other page (L6).
            words = with_code(row.words, row.salt) if row.code == Code.CONFIRM_CODE and row.salt else row.words
            done = row.delivery == "delivered"
            bubbles.append(Bubble(f"r{row.id}", row.recipient, False, words, row.sent_at, done=done))
        entries = tuple(_entries(connection, site_id))
    in_order = sorted(bubbles, key=lambda bubble: (bubble.at, bubble.mine is False, bubble.key))
    return News(tuple(in_order), entries, decided, max(0, last - decided))


def _entries(connection: Connection, site_id: int) -> Iterable[LinePlace]:
    decided = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    won = (
        select(func.min(reports.c.number))
        .where(reports.c.site_id == inbox.c.site_id, reports.c.seq == inbox.c.seq)
        .scalar_subquery()
    )
    wanted = (
        select(inbox.c.seq, inbox.c.received_at, inbox.c.kind, inbox.c.sender, decisions.c.code, won.label("number"))
        .select_from(inbox.outerjoin(decisions, decided))
        .where(inbox.c.site_id == site_id)
        .order_by(inbox.c.seq.desc())
        .limit(MOST_ENTRIES)
    )
    return (LinePlace(*row) for row in connection.execute(wanted))
