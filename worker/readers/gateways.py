"""How each gateway stands: what it brought and took last, what waits for it, and what is wrong with its phones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, Row, Select, and_, func, select

from worker.gateways.phone_versions import FIRST_GOOD, faults_of
from worker.gateways.table import TITLES
from worker.line.canaries import is_lost, newest_of
from worker.outbox.ledger import PRESENT
from worker.outbox.stops import stops
from worker.phones.approvals import Phone, phones_at
from worker.store.database import reading
from worker.store.schema import UNSENT, attempts, gateways, inbox, replies, sites
from worker.store.states import TO_SEND, PhoneState, ReplyState

ELSEWHERE_FOR: Final = timedelta(hours=1)
SILENT_AFTER: Final = timedelta(minutes=5)
"""Its app gives a sign of life every minute; networks and restarts take some."""
HELD_AFTER: Final = timedelta(minutes=5)
LOOKED_BACK: Final = timedelta(days=1)
LOOKED_THROUGH: Final = 200
"""So many places of a line are looked through for its last text."""


@dataclass(frozen=True, slots=True)
class PhoneStanding:
    """A phone that waits or is approved, and what is wrong with it.

    `site_id`: the first site whose number it has, else whose texts its gateway carries; who looks after that is told.
    `held`: replies that it has fetched and not sent for minutes, the first since `held_since`. `faults`: of its version
    of the app, as `worker.gateways.phone_versions` names them.
    `elsewhere`: its token was used from two networks in turn within the last hour.
    """

    phone: Phone
    site_id: int | None = None
    silent: bool = False
    held: int = 0
    held_since: datetime | None = None
    faults: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def waits(self) -> bool:
        """Whether a person has to approve it."""
        return self.phone.state == PhoneState.WAITING

    @property
    def troubles(self) -> tuple[str, ...]:
        """Return what is wrong, worst first: waiting, idle, silent, sim_changed, holds, elsewhere, app_too_old."""
        if self.waits:
            return ("waiting",)
        if not self.phone.sites:
            return ("idle",)
        found = {
            "silent": self.silent,
            "sim_changed": bool(self.phone.changed),
            "holds": self.held > 0,
            "elsewhere": self.elsewhere,
            "app_too_old": bool(self.faults),
        }
        return tuple(code for code, there in found.items() if there)


@dataclass(frozen=True, slots=True)
class CanaryStanding:
    """The newest text to ourselves of a site; `lost`: it is not back in time."""

    site_id: int
    asked_at: datetime
    back_at: datetime | None
    lost: bool


@dataclass(frozen=True, slots=True)
class GatewayStanding:
    """A gateway as it stands, for some sites. Times are of the last day; None: nothing in it.

    `kind`: of one that was added, as `worker.gateways.table` has them; else its name.
    `sites`: id, name and number of those whose texts it carries. `stopped`: since when and why it, or one of its
    numbers, does not send, as `worker.outbox.stops.stops` has them.
    """

    name: str
    kind: str
    sites: tuple[tuple[int, str, str], ...]
    last_in: datetime | None
    last_out: datetime | None
    waiting: int
    waiting_since: datetime | None
    stopped: tuple[Row[tuple[str, str, datetime, str, str]], ...]
    phones: tuple[PhoneStanding, ...]
    canaries: tuple[CanaryStanding, ...]

    @property
    def title(self) -> str:
        """What people call its kind, in English, for pages to translate."""
        return TITLES.get(self.kind, self.kind)


def gateway_standings(
    engine: Engine, names: Collection[str], site_ids: Collection[int], now: datetime
) -> list[GatewayStanding]:
    """Return how these gateways stand as to these sites, by name; those of no such site without texts and replies."""
    stopped = stops(engine)
    with reading(engine).connect() as connection:
        carried = select(sites.c.gateway, sites.c.id, sites.c.name, sites.c.number).where(sites.c.id.in_(site_ids))
        rows = connection.execute(carried.order_by(sites.c.id)).all()
        kinds = dict(map(tuple, connection.execute(select(gateways.c.name, gateways.c.kind))))
        phones = phone_standings(connection, now)
        canaries = [
            (row.gateway, CanaryStanding(row.site_id, row.asked_at, row.back_at, is_lost(row, now)))
            for row in newest_of(connection)
            if row.site_id in site_ids
        ]
        return [
            _standing(
                connection,
                (name, kinds.get(name, name)),
                tuple((row.id, row.name, row.number) for row in rows if row.gateway == name),
                now,
                stopped=tuple(stop for stop in stopped if stop.gateway == name),
                phones=tuple(each for each in phones if each.phone.gateway == name),
                canaries=tuple(canary for gateway, canary in canaries if gateway == name),
            )
            for name in sorted(names)
        ]


def phone_standings(connection: Connection, now: datetime) -> list[PhoneStanding]:
    """Return each phone that waits or is approved: those that wait first, then the newest first."""
    there = [phone for phone in phones_at(connection) if phone.state != PhoneState.ENDED]
    if not there:
        return []
    held = {row.phone: row for row in connection.execute(_held(now))}
    rows = connection.execute(select(sites.c.id, sites.c.name, sites.c.gateway).order_by(sites.c.id.desc())).all()
    named, carried = {row.name: row.id for row in rows}, {row.gateway: row.id for row in rows}
    found: list[PhoneStanding] = []
    for phone in there:
        holds = held.get(phone.id)
        found.append(
            PhoneStanding(
                phone,
                next((named[site] for site in phone.sites.values()), carried.get(phone.gateway)),
                silent=bool(phone.sites) and now - phone.seen_at > SILENT_AFTER,
                held=holds.held if holds else 0,
                held_since=holds.since if holds else None,
                faults=tuple(fault.code for fault in faults_of(phone.app)),
                elsewhere=phone.elsewhere_at is not None and now - phone.elsewhere_at < ELSEWHERE_FOR,
            )
        )
    return found


def first_good_app() -> str:
    """Return the first version of the phones' app without a known fault."""
    return FIRST_GOOD


def _held(now: datetime) -> Select[tuple[str, int, datetime]]:
    """Return the query for what phones have fetched long ago and said nothing of."""
    old = and_(UNSENT, replies.c.state == ReplyState.SENDING, attempts.c.started_at < now - HELD_AFTER)
    since = func.min(attempts.c.started_at, type_=attempts.c.started_at.type).label("since")
    query = select(attempts.c.phone, func.count().label("held"), since).select_from(replies.join(attempts, PRESENT))
    return query.where(old, attempts.c.phone.is_not(None)).group_by(attempts.c.phone)


def _standing(
    connection: Connection,
    named: tuple[str, str],
    carried: tuple[tuple[int, str, str], ...],
    now: datetime,
    *,
    stopped: tuple[Row[tuple[str, str, datetime, str, str]], ...],
    phones: tuple[PhoneStanding, ...],
    canaries: tuple[CanaryStanding, ...],
) -> GatewayStanding:
    site_ids = [site_id for site_id, _, _ in carried]
    mine = replies.c.site_id.in_(site_ids)
    waiting = and_(UNSENT, replies.c.state.in_(TO_SEND), mine)
    counted = select(func.count(), func.min(replies.c.created_at, type_=replies.c.created_at.type)).where(waiting)
    newest = select(replies.c.sent_at).where(mine, replies.c.sent_at > now - LOOKED_BACK)
    count, since = connection.execute(counted).one()
    return GatewayStanding(
        *named,
        carried,
        _last_in(connection, site_ids, now),
        connection.execute(newest.order_by(replies.c.sent_at.desc()).limit(1)).scalar(),
        count,
        since,
        stopped,
        phones,
        canaries,
    )


def _last_in(connection: Connection, site_ids: Sequence[int], now: datetime) -> datetime | None:
    """Return when the last text came into one of these lines."""
    found: list[datetime] = []
    for site_id in site_ids:
        last = select(sites.c.last_seq - LOOKED_THROUGH).where(sites.c.id == site_id).scalar_subquery()
        query = select(inbox.c.received_at).where(inbox.c.site_id == site_id, inbox.c.seq > last)
        newest = query.where(inbox.c.kind == "text").order_by(inbox.c.seq.desc()).limit(1)
        found += [at for at in connection.execute(newest).scalars() if at > now - LOOKED_BACK]
    return max(found, default=None)
