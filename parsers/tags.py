"""The tags that a stretch of a text can have in a reading."""

from typing import Final

TAGS: Final = ("C", "A", "U", "P", "Q", "O", "T", "LC", "LP", "LN", "LA", "LQ", "LU", "LS", "LO")
"""Client, agent, unit, client's number, other number, other word, moment, and labels (`vocabulary.LABEL_ROLES`)."""
INDEX: Final = {tag: i for i, tag in enumerate(TAGS)}
FIELDS: Final = frozenset("CAUPQ")
LABEL_TAGS: Final = tuple(tag for tag in TAGS if tag[0] == "L")
