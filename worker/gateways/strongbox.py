"""A secret of somebody else's that we keep: nobody reads it in a table or a backup without our own key.

HMAC-SHA256 in counter mode under a key that is new each time, then authenticated; the standard library has no cipher.
"""

import base64
import hmac
import secrets
from typing import Final

NONCE: Final = 16
TAG: Final = 16


def seal(secret: str, words: str) -> str:
    """Return words as they may be kept, another text each time."""
    nonce, plain = secrets.token_bytes(NONCE), words.encode()
    hidden = _crossed(secret, nonce, plain)
    return base64.b64encode(nonce + _tag(secret, nonce, hidden) + hidden).decode("ascii")


def unseal(secret: str, sealed: str) -> str:
    """Return what was sealed under this secret. Raises ValueError where it was another one, or nothing was."""
    raw = base64.b64decode(sealed, validate=True)
    nonce, tag, hidden = raw[:NONCE], raw[NONCE : NONCE + TAG], raw[NONCE + TAG :]
    if not hmac.compare_digest(tag, _tag(secret, nonce, hidden)):
        raise ValueError("this was sealed under another secret")
    return _crossed(secret, nonce, hidden).decode()


def _crossed(secret: str, nonce: bytes, words: bytes) -> bytes:
    blocks = range(len(words) // 32 + 1)
    stream = b"".join(_hashed(secret, b"stream", nonce, block.to_bytes(4, "big")) for block in blocks)
    return bytes(one ^ other for one, other in zip(words, stream, strict=False))


def _tag(secret: str, nonce: bytes, hidden: bytes) -> bytes:
    return _hashed(secret, b"tag", nonce, hidden)[:TAG]


def _hashed(secret: str, *parts: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"sealed " + b" ".join(parts), "sha256")
