"""The filters of the register: each leads to the reports of one kind, and says how many those are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask_babel import LazyString

from webhook.language import _l
from webhook.register_links import Links
from webhook.register_views import MARKS, STATUS_WORDS
from worker.readers.register import STATUSES
from worker.readers.register_counts import SOON, Count
from worker.readers.search import CLAIMS, NO_CLAIM

MOST_SHOWN = 999


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter; `count` is "" where nobody has counted, and `none` where there is nothing behind it."""

    words: LazyString
    link: str
    current: bool
    count: str
    none: bool
    apart: bool = False
    """it begins a kind of its own within its row"""


def chips_of(links: Links, counts: Mapping[str, Count]) -> list[list[Filter]]:
    """Return the filters in their groups: registrations by status; what to look at, and all texts."""
    search = links.search
    chosen = (search.status, search.flag, search.soon)

    def chip(key: str, words: LazyString, status: str | None, flag: str | None = None, soon: bool = False) -> Filter:
        count = counts.get(key)
        said = count_words(count) if count is not None else ""
        current = chosen == (status, flag, soon)
        return Filter(words, links.view(status, flag, soon), current, said, none=count == Count(0))

    return [
        [
            chip(CLAIMS, _l("Registrations"), CLAIMS),
            *(chip(status, STATUS_WORDS[status].words, status) for status in STATUSES),
        ],
        [
            chip(SOON, _l("Ends within 24 h"), CLAIMS, soon=True),
            *(chip(flag, words, CLAIMS, flag) for flag, words in MARKS.items()),
            replace(chip(NO_CLAIM, _l("Won nothing"), NO_CLAIM), apart=True),
            chip("", _l("All"), None),
        ],
    ]


def count_words(count: Count) -> str:
    """Return how many there are, as a filter says it: 12, 12+ where there are at least so many, 999+."""
    if count.number > MOST_SHOWN:
        return f"{MOST_SHOWN}+"
    if count.more:
        return f"{count.number}+" if count.number else ""
    return str(count.number)
