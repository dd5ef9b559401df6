"""A code from an app beside the password (TOTP, RFC 6238): six digits, new every thirty seconds, each good once."""

import re
from datetime import datetime

import pyotp
from sqlalchemy import Engine, or_, update

from worker.accounts.acts import note
from worker.accounts.users import User
from worker.store.schema import users

ROLES = frozenset({"manager", "ops"})
"""Who may set one up: theirs are the acts that cannot be undone."""
SKEW = 1
"""Codes of the half minute before and after count: clocks differ."""


def new_secret() -> str:
    """Return a secret for an app: 32 characters of base 32, 160 bits."""
    return pyotp.random_base32()


def address_of(secret: str, user: User) -> str:
    """Return the `otpauth:` address by which a phone hands the secret to its app."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name="baobei")


def set_up(engine: Engine, user: User, secret: str, code: str, now: datetime) -> bool:
    """Ask this user for codes from now on, if the app shows the right one; tell whether it did."""
    step = _step(secret, code, now)
    if step is None:
        return False
    with engine.begin() as connection:
        changed = update(users).where(users.c.id == user.id, users.c.totp.is_(None)).values(totp=secret, totp_step=step)
        done = connection.execute(changed).rowcount == 1
        if done:
            note(connection, user.id, "second_factor_set_up", f"user {user.id}", now)
    return done


def take_away(engine: Engine, user: User, now: datetime) -> None:
    """Ask this user for no code any more."""
    with engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == user.id).values(totp=None, totp_step=None))
        note(connection, user.id, "second_factor_taken_away", f"user {user.id}", now)


def accepts(engine: Engine, user_id: int, secret: str, code: str, now: datetime) -> bool:
    """Tell whether this is a code of now that was not used yet, and use it up."""
    step = _step(secret, code, now)
    if step is None:
        return False
    unused = or_(users.c.totp_step.is_(None), users.c.totp_step < step)
    # Of two logins with one code, one changes the row.
    used = update(users).where(users.c.id == user_id, users.c.totp == secret, unused).values(totp_step=step)
    with engine.begin() as connection:
        return connection.execute(used).rowcount == 1


def _step(secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute (since 1970) that a code belongs to, None when it is of none near now."""
    digits = re.sub(r"\s", "", code)
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // 30
    if not re.fullmatch("[0-9]{6}", digits):
        return None
    near = range(present - SKEW, present + SKEW + 1)
    return next((step for step in near if pyotp.utils.strings_equal(totp.generate_otp(step), digits)), None)
