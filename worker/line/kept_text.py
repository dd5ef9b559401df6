"""What the line keeps of a text, and whether that is an echo of ours: for the stage in memory as well."""

from datetime import UTC, datetime
from typing import Final

from parsers.mask import mask_numbers

ECHO_LEAST = 12
ECHO_LOOK_BACK = 5
"""So many of the newest replies to a phone can come back as an echo."""


FIRST_STATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_STATED: Final = datetime(2200, 1, 1, tzinfo=UTC)


def stated(sent_at: datetime | None) -> datetime | None:
    """Return a gateway's word on when a text was sent, None where no text can have been: in the year 1, or 9999."""
    return sent_at if sent_at is not None and FIRST_STATED <= sent_at < LAST_STATED else None


def carries(text: str, words: str, region: str) -> bool:
    """Tell whether `text`, as the line keeps it, carries the whole of a reply's words."""
    return len(words) >= ECHO_LEAST and mask_numbers(words, region) in text
