"""Accounts of the staff pages: who there is, in which roles, for which site; how a first password comes about."""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from worker.accounts.acts import note, note_of_user
from worker.accounts.passwords import LONGEST, SHORTEST, digest, hashed, is_common, made_token
from worker.errors import N_, SetUpError
from worker.store.database import reading
from worker.store.schema import sessions, users
from worker.whole_numbers import check_no_number

ROLES = ("ops", "manager", "consultant", "service")
FIRST_USER = "admin"
FIRST_ROLES = ("ops", "manager")
LINK_LIFE = timedelta(days=3)
LONGEST_NAME = 60
THERE = users.c.removed_at.is_(None)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in. `site_ids` None: he sees all sites. `phone`: E.164, what he signs with (D18)."""

    id: int
    name: str
    roles: tuple[str, ...]
    site_ids: tuple[int, ...] | None = None
    phone: str | None = None
    has_password: bool = True
    second_factor: bool = False
    """Whether a code from an app is asked for beside the password."""
    link_until: datetime | None = None
    """Until when a one-time link waits for him to choose a password; None: none does."""

    def may(self, roles: Collection[str]) -> bool:
        """Tell whether one of these roles is his."""
        return not set(self.roles).isdisjoint(roles)

    def sees(self, site_id: int) -> bool:
        """Tell whether a site is his to look at."""
        return self.site_ids is None or site_id in self.site_ids

    @property
    def everywhere(self) -> bool:
        """Whether every site is his, those that are founded later too."""
        return self.site_ids is None


def user_of(row: Row[Any]) -> User:
    """Return a row of `users` as a value."""
    return User(
        row.id,
        row.name,
        tuple(row.roles),
        None if row.site_ids is None else tuple(row.site_ids),
        row.phone,
        row.password is not None,
        row.totp is not None,
        row.link_until if row.link is not None else None,
    )


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def add_user(
    engine: Engine,
    name: str,
    roles: Iterable[str],
    site_ids: Iterable[int] | None,
    phone: str | None,
    now: datetime,
    by: int | None = None,
) -> tuple[User, str]:
    """Add an account; return it with the secret of the link by which its owner chooses a password. SetUpError.

    `site_ids` None: all sites; `by`: the user who does it, None for the server's own command line.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise SetUpError(N_("A user's name has 1 to %(most)s characters."), most=LONGEST_NAME)
    if not name.isprintable():
        raise SetUpError(N_("A user's name has letters, digits and signs only."))
    check_no_number(name)
    theirs = None if site_ids is None else sorted(set(site_ids))
    check_rights(rights := sorted(set(roles)), theirs)
    token = made_token()
    linked = {"link": digest(token), "link_until": now + LINK_LIFE}
    user = _insert(engine, _row(name, rights, now) | {"site_ids": theirs, "phone": phone} | linked, now, by)
    if user is None:
        said = N_("There is a user called “%(name)s” already, or the phone is another user's.")
        raise SetUpError(said, name=name)
    return user, token


def check_rights(roles: Collection[str], site_ids: Collection[int] | None) -> None:
    """Raise SetUpError for an account that nobody could do anything with."""
    if not roles:
        raise SetUpError(N_("A user has at least one role; to keep him out, end his access instead."))
    if site_ids is not None and not site_ids:
        raise SetUpError(N_("A user has at least one site: choose it."))


def add_first_user(engine: Engine, now: datetime) -> str | None:
    """Return the secret of a link for the first account of all, for ops and manager of all sites.

    It is made when there is none; while nobody but it was ever there and its link ran out unused, it gets another link.
    None otherwise: a link is shown once.
    """
    token = made_token()
    linked = {"link": digest(token), "link_until": now + LINK_LIFE}
    with reading(engine).connect() as connection:
        known = connection.execute(select(users.c.key).limit(2)).scalars().all()
    if not known:
        return token if _insert(engine, _row(FIRST_USER, FIRST_ROLES, now) | linked, now) else None
    if known != [folded(FIRST_USER)]:
        return None
    unused = THERE & (users.c.key == folded(FIRST_USER)) & users.c.password.is_(None) & (users.c.link_until <= now)
    with engine.begin() as connection:
        return token if connection.execute(update(users).where(unused).values(linked)).rowcount else None


def all_users(engine: Engine) -> list[User]:
    """Return every user who is there, by name."""
    with reading(engine).connect() as connection:
        return [user_of(row) for row in connection.execute(select(users).where(THERE).order_by(users.c.key))]


def user_of_link(engine: Engine, token: str, now: datetime) -> User | None:
    """Return whose one-time link this is, None when it was used, or is too old."""
    valid = THERE & (users.c.link == digest(token)) & (users.c.link_until > now)
    with reading(engine).connect() as connection:
        row = connection.execute(select(users).where(valid)).first()
    return None if row is None else user_of(row)


def fault_of(password: str, name: str) -> str | None:
    """Return what is wrong with a password that the user of this name chose (short, long, common), None if nothing."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "short" if len(password) < SHORTEST else "long"
    # A name repeated, or with a year behind it, is what is tried first as well.
    rest = folded(password).replace(folded(name), "")
    return (
        "common"
        if is_common(password) or len(set(password)) < 4 or (len(rest) < 5 and len(rest) < len(password))
        else None
    )


def accept_invitation(engine: Engine, token: str, password: str, now: datetime) -> User | None:
    """Give the holder of a one-time link the password he chose; None when it was used meanwhile, or is too old."""
    kept, valid = hashed(password), THERE & (users.c.link == digest(token)) & (users.c.link_until > now)
    # One statement looks and takes: of two who come with one link, one finds it.
    taken = update(users).where(valid).values(password=kept, link=None).returning(users)
    with engine.begin() as connection:
        row = connection.execute(taken).first()
        if row is None:
            return None
        connection.execute(delete(sessions).where(sessions.c.user_id == row.id))
        note(connection, row.id, "password_chosen", f"user {row.id}", now)
        return user_of(row)


def choose_password(engine: Engine, user: User, password: str, now: datetime) -> None:
    """Give a user the password he chose, use his link up, and end all his logins."""
    kept = hashed(password)
    with engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == user.id).values(password=kept, link=None))
        connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        note(connection, user.id, "password_chosen", f"user {user.id}", now)


def _row(name: str, roles: Iterable[str], now: datetime) -> dict[str, Any]:
    return {"name": name, "key": folded(name), "roles": sorted(set(roles), key=ROLES.index), "created_at": now}


def _insert(engine: Engine, row: dict[str, Any], now: datetime, by: int | None = None) -> User | None:
    try:
        with engine.begin() as connection:
            added = user_of(connection.execute(insert(users).values(row).returning(users)).one())
            note_of_user(connection, by, "user_added", added.id, now, added.site_ids or ())
            return added
    except IntegrityError:
        return None
