"""Which phones are a gateway's: each registration waits for a person, who says which SIM has which site's number.

A phone that is approved for a site takes it from the one that had it, unless a person says that both are to serve it; a
phone that is left without any is ended, and its keys with it. So an app that registers anew, or a phone in place of a
broken one, ends what was there before, and a second phone for other sites ends nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, exists, insert, select, update

from worker.accounts.acts import note
from worker.errors import SetUpError
from worker.gateways.base import SimCard
from worker.outbox.recall import recall
from worker.phones.cards import same_card
from worker.phones.gateways import carry_in, require_gateway
from worker.store.database import reading
from worker.store.schema import phone_sims, phones, sites, users
from worker.store.states import PhoneState

MOST_SIMS: Final = 9
HEARD_LATE: Final = timedelta(hours=1)
"""An app may give signs of life for a while and hear no texts any more."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as it stands. `sims` and `name` are the app's word, numbers masked by it.

    `sites`: SIM → name of the site whose number it has; of an approved phone only. `changed`: the SIMs of `sites` that
    are not those any more that it had when it was approved. `approved_by` is None for the server's own command line;
    `address` is that from which it registered, `elsewhere_at` when its token was last used from two networks in turn.
    """

    id: str
    gateway: str
    name: str
    state: PhoneState
    sims: tuple[SimCard, ...]
    sites: Mapping[int, str]
    changed: tuple[int, ...]
    app: str
    registered_at: datetime
    seen_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    ended_at: datetime | None
    address: str = ""
    elsewhere_at: datetime | None = None


def phones_of(engine: Engine, gateway: str | None = None) -> list[Phone]:
    """Return the phones of a gateway, or of all: those that wait first, then the newest first."""
    with reading(engine).connect() as connection:
        return phones_at(connection, gateway)


def phones_at(connection: Connection, gateway: str | None = None) -> list[Phone]:
    """Return what `phones_of` does, to whoever reads anyway."""
    query = select(phones, users.c.name.label("by")).outerjoin(users, users.c.id == phones.c.approved_by)
    served = select(phone_sims.c.phone, phone_sims.c.sim, sites.c.name).join(sites, sites.c.id == phone_sims.c.site_id)
    if gateway is not None:
        query = query.where(phones.c.gateway == gateway)
    rows = connection.execute(query.order_by(phones.c.registered_at.desc(), phones.c.id)).all()
    of: dict[str, dict[int, str]] = {}
    for row in connection.execute(served.order_by(phone_sims.c.sim)):
        of.setdefault(row.phone, {})[row.sim] = row.name
    found = [_phone_of(row, of.get(row.id, {})) for row in rows]
    return sorted(found, key=lambda phone: phone.state != PhoneState.WAITING)


def approve(
    engine: Engine,
    gateway: str,
    phone: str,
    sims: Mapping[int, int],
    user_id: int | None,
    now: datetime,
    *,
    carries: bool = False,
    beside: bool = False,
) -> list[str]:
    """Take a phone for a gateway's, with these sites (SIM, from 1 → site id); return the phones that this ended.

    Of one that is approved already it changes the SIMs. Raises SetUpError when it is no phone of this gateway or has
    ended, or when a site is another gateway's; `carries`: its gateway then carries that site from now on as well.
    `beside`: whoever has these sites keeps them as well; else this phone takes their place.
    """
    if not sims or len(set(sims.values())) < len(sims) or not all(1 <= sim <= MOST_SIMS for sim in sims):
        raise SetUpError(f"Say which SIM, 1 to {MOST_SIMS}, has which site's number: one at least, each site once.")
    with engine.begin() as connection:
        # Of two approvals at once the second sees what the first has done.
        require_gateway(connection, gateway)
        row = _locked(connection, phone)
        if row.gateway != gateway or row.state == PhoneState.ENDED:
            raise SetUpError(f"Phone {phone} has ended, or is none of {gateway}: let it register anew.")
        if carries:
            elsewhere = select(sites.c.id).where(sites.c.id.in_(sims.values()), sites.c.gateway != gateway)
            carry_in(connection, gateway, connection.execute(elsewhere).scalars().all(), user_id, now)
        _require_carried(connection, gateway, sims)
        mine = phone_sims.c.phone == phone
        mine = mine if beside else mine | phone_sims.c.site_id.in_(sims.values())
        before = set(connection.execute(delete(phone_sims).where(mine).returning(phone_sims.c.phone)).scalars())
        rows = [{"phone": phone, "sim": sim, "site_id": site_id} for sim, site_id in sorted(sims.items())]
        connection.execute(insert(phone_sims), rows)
        change = {
            "state": PhoneState.APPROVED,
            "approved_sims": row.sims,
            "served": sorted(sims.values()),
            "ours_from": _ours_from(connection, row, sims.values()),
        }
        if row.approved_at is None:
            change |= {"approved_at": now, "approved_by": user_id}
        connection.execute(update(phones).where(phones.c.id == phone).values(change))
        given = " ".join(f"sim {sim} site {site_id}" for sim, site_id in sorted(sims.items()))
        note(connection, user_id, "phone_approved", f"phone {phone} {given}", now)
        left = phones.c.id.in_(before - {phone}) & ~exists().where(phone_sims.c.phone == phones.c.id)
        ended = list(connection.execute(select(phones.c.id).where(left).order_by(phones.c.id)).scalars())
        for other in ended:
            _end(connection, other, user_id, now)
        recall(connection, now)
    return ended


def end(engine: Engine, phone: str, user_id: int | None, now: datetime) -> None:
    """Let a phone's keys be good for nothing any more; what it had to send waits for another. Raises SetUpError."""
    with engine.begin() as connection:
        if _locked(connection, phone).state == PhoneState.ENDED:
            raise SetUpError(f"Phone {phone} has ended already.")
        connection.execute(delete(phone_sims).where(phone_sims.c.phone == phone))
        _end(connection, phone, user_id, now)
        recall(connection, now)


def _ours_from(connection: Connection, phone: Row[Any], site_ids: Collection[int]) -> datetime:
    """Return from when on what came to a phone is these sites'.

    That is since it registered, or since a while before the phone was last heard of that had a site's number before: it
    may have been dead by then, or been this one, whose app was installed anew.
    """
    former = select(phones.c.served, phones.c.seen_at).where(phones.c.id != phone.id, phones.c.served.is_not(None))
    heard: dict[int, datetime] = {}
    for row in connection.execute(former.order_by(phones.c.seen_at)):
        heard |= dict.fromkeys(row.served, row.seen_at - HEARD_LATE)
    since: datetime = phone.ours_from or phone.registered_at
    return min([since, *(heard[site_id] for site_id in site_ids if site_id in heard)])


def _end(connection: Connection, phone: str, user_id: int | None, now: datetime) -> None:
    ended = update(phones).where(phones.c.id == phone).values(state=PhoneState.ENDED, ended_at=now)
    connection.execute(ended)
    note(connection, user_id, "phone_ended", f"phone {phone}", now)


def _locked(connection: Connection, phone: str) -> Row[Any]:
    row = connection.execute(select(phones).where(phones.c.id == phone).with_for_update()).first()
    if row is None:
        raise SetUpError(f"There is no phone {phone}; `baobei gateway phones` shows them.")
    return row


def _require_carried(connection: Connection, gateway: str, sims: Mapping[int, int]) -> None:
    wanted = select(sites.c.id, sites.c.name, sites.c.gateway).where(sites.c.id.in_(sims.values()))
    found = connection.execute(wanted.order_by(sites.c.id)).all()
    if len(found) < len(sims):
        raise SetUpError("One of these sites is not there; `baobei site list` shows them.")
    for row in found:
        if row.gateway != gateway:
            raise SetUpError(
                f"The texts of site {row.name} go through {row.gateway}: `baobei gateway carry {gateway} --site "
                f"{row.name}` lets {gateway} carry them."
            )


def _phone_of(row: Row[Any], served: Mapping[int, str]) -> Phone:
    now, then = ({card["sim_number"]: card for card in cards or ()} for cards in (row.sims, row.approved_sims))
    return Phone(
        id=row.id,
        gateway=row.gateway,
        name=row.name,
        state=PhoneState(row.state),
        sims=tuple(SimCard(**card) for card in row.sims),
        sites=served,
        changed=tuple(sim for sim in served if sim in then and not same_card(then[sim], now.get(sim))),
        app=row.app,
        registered_at=row.registered_at,
        seen_at=row.seen_at,
        approved_at=row.approved_at,
        approved_by=row.by,
        ended_at=row.ended_at,
        address=row.address,
        elsewhere_at=row.elsewhere_at,
    )
