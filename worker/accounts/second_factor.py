"""A code from an app beside the password (TOTP, RFC 6238): six digits, new every thirty seconds, each good once.

What an app computes its codes from is derived from a seed of the account's and the server's own key, so that whoever
has the database, a backup or an export of it computes no code.
"""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor: its `seed` (40 hex digits) is what is kept with the account, `key` is a secret of ours."""

    seed: str
    key: str = field(repr=False)

    @property
    def secret(self) -> str:
        """What the app is given: 32 characters of base 32, 160 bits."""
        mac = hmac.digest(self.key.encode(), f"second factor:{self.seed}".encode(), "sha1")
        return base64.b32encode(mac).decode()

    def address(self, user: User) -> str:
        """Return the `otpauth:` address by which a phone hands the secret to its app."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=user.name, issuer_name="baobei")


def new_seed() -> str:
    """Return the seed of a new second factor."""
    return secrets.token_hex(20)


def set_up(engine: Engine, user: User, factor: Factor, code: str, now: datetime) -> bool:
    """Ask this user for codes from now on, if the app shows the right one; tell whether it did."""
    step = _step(factor.secret, code, now)
    if step is None:
        return False
    with engine.begin() as connection:
        changed = (
            update(users).where(users.c.id == user.id, users.c.totp.is_(None)).values(totp=factor.seed, totp_step=step)
        )
        done = connection.execute(changed).rowcount == 1
        if done:
            note(connection, user.id, "second_factor_set_up", f"user {user.id}", now)
    return done


def take_away(engine: Engine, user: User, now: datetime) -> None:
    """Ask this user for no code any more."""
    with engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == user.id).values(totp=None, totp_step=None))
        note(connection, user.id, "second_factor_taken_away", f"user {user.id}", now)


def accepts(engine: Engine, user_id: int, factor: Factor, code: str, now: datetime) -> bool:
    """Tell whether this is a code of now that was not used yet, and use it up."""
    step = _step(factor.secret, code, now)
    if step is None:
        return False
    unused = or_(users.c.totp_step.is_(None), users.c.totp_step < step)
    # Of two logins with one code, one changes the row.
    used = update(users).where(users.c.id == user_id, users.c.totp == factor.seed, unused).values(totp_step=step)
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
