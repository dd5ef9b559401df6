"""How a phone comes in: it registers with its gateway's token, and signs in with its own from then on.

A registration is let in by a person (`approvals`); until then it gets nothing, and its texts wait on it. Whoever has
learnt the gateway's token can add to those that wait, up to `MOST_WAITING`, and to nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Engine, Row, func, insert, select, update

from worker.accounts.passwords import digest, made_token
from worker.gateways.base import Ping
from worker.gateways.phone_server import PhoneWord
from worker.phones.addresses import used_from
from worker.phones.cards import kept_cards, kept_name
from worker.phones.gateways import is_token, require_gateway
from worker.store.database import reading
from worker.store.schema import phone_sims, phones
from worker.store.states import PhoneState

MOST_WAITING: Final = 5
WAITS_FOR: Final = timedelta(days=30)
"""What nobody has let in by then, and has not been heard of either, makes room."""
MINUTE: Final = timedelta(minutes=1)
SEEN_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class KnownPhone:
    """A phone that has signed in. `sims`: SIM → id of the site whose number it has; none until it is approved.

    `clock_ahead`: by how much its clock is ahead of ours, as it last showed.
    """

    id: str
    gateway: str
    state: PhoneState
    sims: Mapping[int, int]
    clock_ahead: timedelta = timedelta()


class WrongTokenError(Exception):
    """The token is none of this gateway's, or of no phone of it that may still sign in."""


class TooManyWaitError(Exception):
    """As many phones wait for their approval as may wait."""


def register(
    engine: Engine, gateway: str, token: str, word: PhoneWord, app: str, now: datetime, address: str = ""
) -> tuple[str, str]:
    """Take a registration; return the phone's id and the token by which it signs in, told only here.

    `address`: from which it came, for whoever has to tell whether it is his. Raises WrongTokenError, TooManyWaitError.
    """
    phone, secret = token_hex(5), made_token()
    waiting = (phones.c.gateway == gateway) & (phones.c.state == PhoneState.WAITING)
    forgotten = {"state": PhoneState.ENDED, "ended_at": now}
    row: dict[str, Any] = {
        "id": phone,
        "gateway": gateway,
        "name": kept_name(word.name),
        "address": address,
        "state": PhoneState.WAITING,
        "token": digest(secret),
    }
    row |= {"sims": kept_cards(word.sims), "app": app, "registered_at": now, "seen_at": now}
    with reading(engine).connect() as connection:
        # Before anything is locked: whoever has no token keeps nobody waiting.
        if not is_token(connection, gateway, token):
            raise WrongTokenError
    with engine.begin() as connection:
        # Of two that ask at once the second counts the first.
        require_gateway(connection, gateway)
        if not is_token(connection, gateway, token):
            raise WrongTokenError
        connection.execute(update(phones).where(waiting, phones.c.seen_at <= now - WAITS_FOR).values(forgotten))
        if connection.execute(select(func.count()).select_from(phones).where(waiting)).scalar_one() >= MOST_WAITING:
            raise TooManyWaitError
        connection.execute(insert(phones).values(row))
    return phone, secret


def signed_in(
    engine: Engine,
    gateway: str,
    token: str,
    app: str,
    address: str,
    now: datetime,
    ended_after: datetime | None = None,
) -> KnownPhone:
    """Return whose token this is, and note that it lives, and from which address. Raises WrongTokenError.

    `ended_after`: one that ended after that is known as well. An app that hears of that error asks on, in vain, until
    it is started anew: then it registers anew, by itself.
    """
    there = phones.c.state != PhoneState.ENDED
    there = there if ended_after is None else there | (phones.c.ended_at > ended_after)
    mine = (phones.c.token == digest(token)) & (phones.c.gateway == gateway) & there
    served = phones.outerjoin(phone_sims, phone_sims.c.phone == phones.c.id)
    query = select(phones, phone_sims.c.sim, phone_sims.c.site_id).select_from(served).where(mine)
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        raise WrongTokenError
    phone = rows[0]
    _write(
        engine,
        phone.id,
        _alive(phone, {"app": app} if app else {}, now) | used_from(phone.seen_from, address, now),
    )
    sims = {row.sim: row.site_id for row in rows if row.sim is not None}
    return KnownPhone(phone.id, gateway, PhoneState(phone.state), sims, timedelta(seconds=phone.clock_ahead))


def note_alive(engine: Engine, ping: Ping, now: datetime) -> None:
    """Note that a phone has been heard of, and what it says of itself; not oftener than every `SEEN_EVERY` for that."""
    said: dict[str, Any] = {"app": ping.app} if ping.app else {}
    said |= {} if ping.sims is None else {"sims": kept_cards(ping.sims)}
    said |= {} if ping.clock is None else {"clock_ahead": in_minutes(ping.clock - now)}
    with reading(engine).connect() as connection:
        phone = connection.execute(select(phones).where(phones.c.id == ping.phone)).first()
    if phone is not None and (change := _alive(phone, said, now)):
        _write(engine, phone.id, change if ping.clock is None else change | {"clock_at": now})


def _alive(phone: Row[Any], said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what changes in the row of a phone that has just said this."""
    known = all(getattr(phone, name) == value for name, value in said.items())
    return {} if known and abs(now - phone.seen_at) < SEEN_EVERY else {**said, "seen_at": now}


def _write(engine: Engine, phone: str, change: Mapping[str, Any]) -> None:
    if change:
        with engine.begin() as connection:
            connection.execute(update(phones).where(phones.c.id == phone).values(change))


def in_minutes(ahead: timedelta) -> int:
    """Return by how many seconds a clock is ahead, in whole minutes: it takes a while from it to ours."""
    return round(ahead / MINUTE) * 60
