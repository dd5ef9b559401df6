"""The chain of decisions: each head covers all before it, and a salted commitment to what was received and said.

The salt goes with the text: when a text is erased, its commitment still stands in the chain and tells nothing.
"""

import hashlib
import json
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Any, Final

from worker.rules.codec import kept_fields
from worker.rules.model import Decision, Message, fields_of

GENESIS = "0" * 64
VERSION: Final = 4
"""Of the rules: one more in each release in which a line comes to another outcome, or a fact has other fields."""
READER: Final = "41964cf22ae3c4d8"
"""Digest of the words, weights and tables that texts are read by: whoever changes them raises VERSION (L27)."""


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value that hashes are taken of."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if is_dataclass(value):
        return kept_fields(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def commitment(message: Message, decision: Decision) -> str:
    """Return the salted hash (hex) of a message and of what became of it: rows, replies and facts."""
    said = {
        "message": [message.kind, message.sender, message.text, message.payload, message.sent_at, message.echo],
        "rows": [fields_of(row) for row in decision.rows],
        "replies": [fields_of(reply) for reply in decision.replies],
        "facts": [[type(fact).__name__, kept_fields(fact)] for fact in decision.facts],
    }
    return hashlib.sha256(bytes.fromhex(message.salt) + canonical(said)).hexdigest()


def next_head(head: str, decision: Decision, committed: str) -> str:
    """Return the chain's head (hex) after a decision."""
    bare = [decision.seq, decision.received_at, decision.kind, decision.code, list(decision.rules), decision.policy_seq]
    return hashlib.sha256(bytes.fromhex(head) + canonical([*bare, committed])).hexdigest()
