"""Logins: a password becomes a session, which ends by itself, by logging out, or by being taken away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from worker.accounts.acts import note
from worker.accounts.devices import device_of, new_device
from worker.accounts.passwords import digest, fits, made_token
from worker.accounts.second_factor import Factor, accepts
from worker.accounts.throttle import Throttle
from worker.accounts.users import THERE, User, folded, user_of
from worker.storable import storable
from worker.store.database import reading
from worker.store.schema import sessions, users

IDLE_FOR = timedelta(hours=12)
LONGEST = timedelta(days=7)
LONGEST_AGENT = 200
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Login:
    """What became of a try: `token` for the cookie, else `wait_s` when there were too many, else a wrong password."""

    token: str | None = None
    wait_s: int = 0
    device: str = ""
    """The cookie by which this device is known from now on."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that stands. `key`: 12 hex digits that name it among its owner's; it opens nothing."""

    key: str
    opened_at: datetime
    seen_at: datetime
    agent: str
    present: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody logs in with, and from where: the device's cookie may be empty, a code is wanted of some."""

    name: str
    password: str
    address: str
    device: str = ""
    code: str = ""
    agent: str = ""


def log_in(engine: Engine, key: str, given: Credentials, now: datetime) -> Login:
    """Try a name and a password, with a code where one is set up; `key` is a secret of ours."""
    name = folded(given.name)
    throttle = Throttle(engine, key, name, given.address, given.device, now)
    if wait_s := throttle.wait_s():
        return Login(wait_s=wait_s)
    with reading(engine).connect() as connection:
        row = connection.execute(select(users).where(THERE & (users.c.key == name))).first()
    # Outside of any transaction: this takes its time on purpose.
    if not fits(given.password, row.password if row else None) or row is None:
        return Login()
    if row.totp is not None:
        factor = Factor(row.totp, key)
        if not (throttle.may_try_code() and accepts(engine, row.id, factor, given.code, now)):
            return Login()
    throttle.succeeded()
    device = given.device if device_of(key, name, given.device) else new_device(key, name)
    return Login(open_session(engine, user_of(row), given.agent, now), device=device)


def open_session(engine: Engine, user: User, agent: str, now: datetime) -> str:
    """Return the secret of a new session; sessions that are over are cleared away on this occasion."""
    token = made_token()
    with engine.begin() as connection:
        over = (sessions.c.seen_at <= now - IDLE_FOR) | (sessions.c.opened_at <= now - LONGEST)
        connection.execute(delete(sessions).where(over))
        row = {"token": digest(token), "user_id": user.id, "opened_at": now, "seen_at": now}
        row["agent"] = "".join(sign for sign in agent if sign.isprintable())[:LONGEST_AGENT]
        connection.execute(insert(sessions).values(row))
        note(connection, user.id, "logged_in", "", now)
    return token


def user_of_session(engine: Engine, token: str, now: datetime, use: bool = True) -> User | None:
    """Return whose session this is while it lasts: 12 hours from the last request that was a `use`, a week in all."""
    mine = sessions.c.token == digest(token)
    lasts = (sessions.c.seen_at > now - IDLE_FOR) & (sessions.c.opened_at > now - LONGEST)
    query = select(users, sessions.c.seen_at).join(sessions, sessions.c.user_id == users.c.id)
    with reading(engine).connect() as connection:
        row = connection.execute(query.where(mine & lasts & THERE)).first()
    if row is None:
        return None
    if use and row.seen_at <= now - SEEN_EVERY:
        with engine.begin() as connection:
            connection.execute(update(sessions).where(mine).values(seen_at=now))
    return user_of(row)


def log_out(engine: Engine, user: User, token: str, now: datetime) -> None:
    """End this session."""
    with engine.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.token == digest(token)))
        note(connection, user.id, "logged_out", "", now)


def log_out_everywhere(engine: Engine, user: User, now: datetime) -> None:
    """End every session of a user."""
    with engine.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        note(connection, user.id, "logged_out_everywhere", "", now)


def end_others(engine: Engine, user: User, token: str) -> None:
    """End every session of a user but this one."""
    with engine.begin() as connection:
        others = (sessions.c.user_id == user.id) & (sessions.c.token != digest(token))
        connection.execute(delete(sessions).where(others))


def sessions_of(engine: Engine, user: User, token: str, now: datetime) -> list[Session]:
    """Return a user's logins that stand, the one used last first; `token`: of the one that asks."""
    mine = (
        (sessions.c.user_id == user.id) & (sessions.c.seen_at > now - IDLE_FOR) & (sessions.c.opened_at > now - LONGEST)
    )
    query = select(sessions).where(mine).order_by(sessions.c.seen_at.desc(), sessions.c.token)
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
    return [Session(r.token[:12], r.opened_at, r.seen_at, r.agent, r.token == digest(token)) for r in rows]


def login_count(engine: Engine, user: User, now: datetime) -> int:
    """Return how many logins of a user stand."""
    mine = (sessions.c.user_id == user.id) & (sessions.c.seen_at > now - IDLE_FOR)
    query = select(func.count()).select_from(sessions).where(mine & (sessions.c.opened_at > now - LONGEST))
    with reading(engine).connect() as connection:
        return connection.execute(query).scalar_one()


def end_session(engine: Engine, user: User, key: str, now: datetime) -> bool:
    """End one of a user's own logins; tell whether there was one."""
    with engine.begin() as connection:
        mine = (sessions.c.user_id == user.id) & (func.substr(sessions.c.token, 1, 12) == storable(key))
        ended = connection.execute(delete(sessions).where(mine)).rowcount > 0
        if ended:
            note(connection, user.id, "login_ended", f"user {user.id}", now)
    return ended
