"""Passwords: kept as argon2 hashes only; and the secrets that we hand out ourselves."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's choice for argon2id: 19 MiB, two passes, one lane; some 20 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
SHORTEST = 10
LONGEST = 200
# Without what people mistake for each other when they type it from a screen or a slip of paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


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


def made_password() -> str:
    """Return a password of four groups, 79 bits of chance, easy to type."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def made_token() -> str:
    """Return a secret that nobody types: for cookies and links."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of such a secret; it has chance enough to need no salt (64 hex digits)."""
    return hashlib.sha256(token.encode()).hexdigest()
