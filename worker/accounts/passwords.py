"""Passwords: kept as argon2 hashes only; and the secrets that we hand out ourselves."""

import hashlib
import secrets
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's choice for argon2id: 19 MiB, two passes, one lane; some 20 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
SHORTEST = 10
LONGEST = 200


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _HASHER.hash(password)


_NOBODYS = hashed(secrets.token_hex())


def fits(password: str, kept: str | None) -> bool:
    """Tell whether this is the password; takes as long when there is none to compare it with."""
    try:
        return _HASHER.verify(kept or _NOBODYS, password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_common(password: str) -> bool:
    """Tell whether a password is one of those that are tried first."""
    return unicodedata.normalize("NFKC", password).strip().casefold() in _common()


@cache
def _common() -> frozenset[str]:
    lines = files("worker.accounts").joinpath("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def made_token() -> str:
    """Return a secret that nobody types: for cookies and links."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of such a secret; it has chance enough to need no salt (64 hex digits)."""
    return hashlib.sha256(token.encode()).hexdigest()
