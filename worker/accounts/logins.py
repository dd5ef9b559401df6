"""Logins: a password becomes a session, which ends by itself, by logging out, or by being taken away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from worker.accounts.acts import note
from worker.accounts.passwords import digest, fits, made_token
from worker.accounts.throttle import Throttle
from worker.accounts.users import THERE, User, folded, user_of
from worker.store.database import reading
from worker.store.schema import sessions, users

IDLE_FOR = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Login:
    """What became of a try: `token` for the cookie, else `wait_s` when there were too many, else a wrong password."""

    token: str | None = None
    wait_s: int = 0


def log_in(engine: Engine, key: str, name: str, password: str, address: str, now: datetime) -> Login:
    """Try a name and a password; `key` is a secret of ours, `address` the one that the request came from."""
    throttle = Throttle(engine, key, folded(name), address, now)
    if wait_s := throttle.wait_s():
        return Login(wait_s=wait_s)
    with reading(engine).connect() as connection:
        row = connection.execute(select(users).where(THERE & (users.c.key == folded(name)))).first()
    # Outside of any transaction: this takes its time on purpose.
    if not fits(password, row.password if row else None) or row is None:
        return Login()
    throttle.succeeded()
    return Login(open_session(engine, user_of(row), now))


def open_session(engine: Engine, user: User, now: datetime) -> str:
    """Return the secret of a new session; sessions that are over are cleared away on this occasion."""
    token = made_token()
    with engine.begin() as connection:
        over = (sessions.c.seen_at <= now - IDLE_FOR) | (sessions.c.opened_at <= now - LONGEST)
        connection.execute(delete(sessions).where(over))
        row = {"token": digest(token), "user_id": user.id, "opened_at": now, "seen_at": now}
        connection.execute(insert(sessions).values(row))
        note(connection, user.id, "logged_in", "", now)
    return token


def user_of_session(engine: Engine, token: str, now: datetime) -> User | None:
    """Return whose session this is while it lasts: 12 hours from the last request, a week in all."""
    mine = sessions.c.token == digest(token)
    lasts = (sessions.c.seen_at > now - IDLE_FOR) & (sessions.c.opened_at > now - LONGEST)
    query = select(users, sessions.c.seen_at).join(sessions, sessions.c.user_id == users.c.id)
    with reading(engine).connect() as connection:
        row = connection.execute(query.where(mine & lasts & THERE)).first()
    if row is None:
        return None
    if row.seen_at <= now - SEEN_EVERY:
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
