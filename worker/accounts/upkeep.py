"""Accounts looked after by others than their owners: roles, sites, phone, a new link, logins ended, let in no more.

Each is noted in `acts` with who did it; `by` None is the server's own command line.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update
from sqlalchemy.exc import IntegrityError

from worker.accounts.acts import note_of_user
from worker.accounts.passwords import digest, made_token
from worker.accounts.users import LINK_LIFE, ROLES, THERE, User, check_rights, folded, user_of
from worker.errors import N_, SetUpError
from worker.store.database import reading
from worker.store.schema import sessions, users

PHONE_TAKEN = N_("This phone is another user's: take it from him first.")
NO_USER = N_("There is no user “%(name)s”; `baobei user list` shows them.")
NOBODY: Mapping[str, Any] = {"password": None, "link": None, "totp": None, "totp_step": None}
"""What is kept of an account that nobody can log in to."""


def user_named(engine: Engine, name: str) -> User:
    """Return the user of that name; raises SetUpError when there is none."""
    with reading(engine).connect() as connection:
        return _found(connection, users.c.key == folded(name), name)


def user_numbered(engine: Engine, user_id: int) -> User | None:
    """Return a user who is there."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(users).where(THERE & (users.c.id == user_id))).first()
    return None if row is None else user_of(row)


def user_with_phone(engine: Engine, phone: str) -> User | None:
    """Return the user whom a phone (E.164) is bound to."""
    with reading(engine).connect() as connection:
        row = connection.execute(select(users).where(THERE & (users.c.phone == phone))).first()
    return None if row is None else user_of(row)


def set_rights(
    engine: Engine,
    user: User,
    roles: Collection[str],
    site_ids: Collection[int] | None,
    now: datetime,
    by: int | None = None,
) -> None:
    """Give a user these roles and sites (None: all) instead of his; they hold from his next click on."""
    check_rights(roles, site_ids)
    theirs = None if site_ids is None else sorted(set(site_ids))
    change = {"roles": sorted(set(roles), key=ROLES.index), "site_ids": theirs}
    _change(engine, user, change, "user_rights_set", now, by, sites_after=theirs or ())


def bind_phone(engine: Engine, user: User, phone: str | None, now: datetime, by: int | None = None) -> None:
    """Bind a user to another phone, or to none: what he signs on pages counts like a text from it (D18). SetUpError."""
    try:
        _change(engine, user, {"phone": phone}, "user_phone_set", now, by)
    except IntegrityError:
        raise SetUpError(PHONE_TAKEN) from None


def renew_link(engine: Engine, user: User, now: datetime, by: int | None = None) -> str:
    """Take a user's password, second factor and logins away; return the secret of a new one-time link."""
    token = made_token()
    linked = {"link": digest(token), "link_until": now + LINK_LIFE}
    _change(engine, user, {**NOBODY, **linked}, "user_reset", now, by, logins_end=True)
    return token


def shut_out(engine: Engine, user: User, now: datetime, by: int | None = None) -> None:
    """Let a user in no more until he gets a new link; his name, roles and phone stay as they are."""
    _change(engine, user, NOBODY, "user_shut_out", now, by, logins_end=True)


def end_logins(engine: Engine, user: User, now: datetime, by: int | None = None) -> None:
    """End every login of a user; his password stays good."""
    _change(engine, user, {}, "user_logged_out", now, by, logins_end=True)


def remove_user(engine: Engine, user: User, now: datetime, by: int | None = None) -> None:
    """Let a user in no more for good; his name and phone are free again, what he did stays recorded."""
    _change(engine, user, {**NOBODY, "removed_at": now}, "user_removed", now, by, logins_end=True)


def _found(connection: Connection, which: ColumnElement[bool], name: str) -> User:
    row = connection.execute(select(users).where(THERE & which)).first()
    if row is None:
        raise SetUpError(NO_USER, name=name)
    return user_of(row)


def _change(
    engine: Engine,
    user: User,
    change: Mapping[str, Any],
    what: str,
    now: datetime,
    by: int | None,
    logins_end: bool = False,
    sites_after: Collection[int] = (),
) -> None:
    with engine.begin() as connection:
        # Of two who look after him at once, the second meets him as the first has left him.
        row = select(users.c.id).where(THERE & (users.c.id == user.id)).with_for_update()
        if connection.execute(row).first() is None:
            raise SetUpError(NO_USER, name=user.name)
        if change:
            connection.execute(update(users).where(users.c.id == user.id).values(**change))
        if logins_end:
            connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        note_of_user(connection, by, what, user.id, now, {*(user.site_ids or ()), *sites_after})
