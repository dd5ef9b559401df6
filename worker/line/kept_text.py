"""What the line keeps of a text, and whether that is an echo of ours: for the stage in memory as well."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from parsers.mask import mask_numbers
from worker.rules.act_code import CODE_GAP

ECHO_LEAST = 12
ECHO_LOOK_BACK = 5
"""So many of the newest replies to a phone can come back as an echo."""
REPEAT_LOOK_BACK: Final = 100
"""So many places of the line are looked back for the same text: more than come in while a gateway doubles one."""
_QUOTE_MARKS: Final = re.compile(
    r"[\s>＞|｜»›“”\"'‘’「」『』:：…]*|\s*(?:回复|引用|re)\s?[:：]?[\s“”\"「」]*", re.IGNORECASE
)


FIRST_STATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_STATED: Final = datetime(2200, 1, 1, tzinfo=UTC)


def stated(sent_at: datetime | None) -> datetime | None:
    """Return a gateway's word on when a text was sent, None where no text can have been: in the year 1, or 9999."""
    return sent_at if sent_at is not None and FIRST_STATED <= sent_at < LAST_STATED else None


def own_part(text: str, said: Iterable[str], region: str) -> tuple[str, bool]:
    """Return of a text, as the line keeps it, what its sender wrote himself, and whether it is an echo of ours.

    `said` are our last replies to him. Where one is quoted in lines of its own, above or below his words, these lines
    are taken away and he is answered; among other words, or alone, it makes the whole text an echo.
    """
    own = text
    for words in said:
        # Masked they are as long as before, and no part of a shorter text: mostly that is all there is to see.
        if not ECHO_LEAST <= len(words) <= len(own):
            continue
        # Each line may have a mark of quotation, and the code of an act is not kept with its words (L6).
        pattern = r"\n[ \t>＞|｜]*".join(map(re.escape, mask_numbers(words, region).split("\n")))
        found = re.search(pattern.replace(re.escape(CODE_GAP), "[0-9]{6}"), own)
        if found is not None:
            start, end = own.rfind("\n", 0, found.start()) + 1, own.find("\n", found.end())
            end = len(own) if end < 0 else end
            beside = own[start : found.start()] + own[found.end() : end]
            if not _QUOTE_MARKS.fullmatch(beside):
                return text, True
            own = own[:start] + own[end + 1 :]
    return (text, True) if not own.strip() and text.strip() else (own, False)
