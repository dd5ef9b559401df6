"""The code that confirms an act: six digits, which nobody can guess and recomputing from the line gives again (L5, L6).

Words carry a gap in its place wherever they are kept; it is filled in when the reply is handed over.
"""

import hashlib

CODE_GAP = "######"


def key_of(salt: str) -> str:
    """Return what the code of an act is made of (hex): one way from the salt of the message that asks for it."""
    return hashlib.sha256(f"code:{salt}".encode()).hexdigest()


def code_of(key: str) -> str:
    """Return the six digits of a key."""
    return f"{int(key[:16], 16) % 1_000_000:06d}"


def with_code(words: str, salt: str) -> str:
    """Return words with the code of the message that they answer in their gap."""
    before, gap, behind = words.rpartition(CODE_GAP)
    return before + code_of(key_of(salt)) + behind if gap else words
