"""What somebody looks for in the register: typed words become a value (`conditions.py` makes it a condition)."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from parsers.marks import GONE
from parsers.mask import mask_numbers
from parsers.normalise import fold_for_reading
from parsers.phones import blank, find_phones
from worker.readers.flags import FLAGS

NO_CLAIM = "none"
"""Instead of a status: reports that won nothing."""
CLAIMS = "claims"
"""Instead of a status: reports that won their registration, however it stands."""
NEWEST, OLDEST, ENDING = "newest", "oldest", "ending"
ORDERS: Final = (NEWEST, OLDEST, ENDING)
"""By place in the line, from either end; or what runs by its end, the soonest first."""
NUMBER = re.compile(r"R?(\d{1,9})", re.IGNORECASE)
REFERENCE = re.compile(r"(?<![A-Za-z0-9])([RVD])(\d{1,9})(?![A-Za-z0-9▒])", re.IGNORECASE)
KINDS: Final = {"R": "number", "V": "form", "D": "dispute"}
"""What the letter before a number says that it is the number of."""
MOST_WORDS = 6
ROUNDS = 4
"""What is left when a number is taken out may read as one itself, as rarely as twice."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; everything that is given must fit. `last4` may be the end of a phone, or an R number.

    `form` and `dispute` are numbers (V, D) whose client is meant; `since` and `until` bound when it was reported.
    """

    number: int | None = None
    first3: str | None = None
    last4: str | None = None
    words: tuple[str, ...] = ()
    unit: str | None = None
    status: str | None = None
    flag: str | None = None
    corrected: tuple[tuple[int, int], ...] = ()
    """site and number of the registrations whose client is known under these digits by a correction (R25)"""
    form: int | None = None
    dispute: int | None = None
    referred: tuple[tuple[int, int], ...] = ()
    """site and number of the registrations that such a form or dispute is about"""
    since: datetime | None = None
    until: datetime | None = None
    soon: bool = False
    """only what ends within the next 24 hours"""
    order: str = NEWEST
    """one of ORDERS"""

    @property
    def of_claims(self) -> bool:
        """Tell whether only registrations can be what is looked for."""
        return self.status not in (None, NO_CLAIM) or self.flag is not None or self.soon

    @property
    def by_end(self) -> bool:
        """Tell whether what is found stands by its end, which only registrations have."""
        return self.order == ENDING and self.of_claims

    @property
    def typed(self) -> str:
        """Return it as one would type it; of a whole phone number its middle is gone."""
        phone = f"{self.first3}****{self.last4}" if self.first3 else self.last4
        given = {letter: getattr(self, name) for letter, name in KINDS.items()}
        numbers = [f"{letter}{number}" for letter, number in given.items() if number is not None]
        return " ".join(part for part in (*numbers, phone, *self.words) if part)


EVERYTHING: Final = Search()


def read_search(
    typed: str, unit: str | None = None, status: str | None = None, flag: str | None = None, region: str = "CN"
) -> Search:
    """Read R1024, V31, D12, 138****5678, 5678, and words of a client, agent or unit, in any order.

    A word may be the initials of a name's pinyin (zs); `flag` is one of FLAGS.

    Numbers are read as in texts of that region (ISO 3166), and of one only three and four digits are kept (L14):
    `read_search(search.typed)` is the same search.
    """
    search = _read_once(typed, region)
    for _ in range(ROUNDS):
        search, before = _read_once(search.typed, region), search
        if search == before:
            break
    unit, status = (mask_numbers(given or "", region) or None for given in (unit, status))
    return replace(search, unit=unit, status=status, flag=flag if flag in FLAGS else None)


def _read_once(typed: str, region: str) -> Search:
    found: dict[str, Any] = {}
    words: list[str] = []
    reading = fold_for_reading(mask_numbers(unicodedata.normalize("NFKC", mask_numbers(typed, region)), region))
    clean = reading.clean
    for reference in REFERENCE.finditer(clean):
        found[KINDS[reference[1].upper()]] = int(reference[2])
    skeleton = REFERENCE.sub(lambda each: GONE * len(each[0]), reading.skeleton)
    phones = [phone for phone in find_phones(skeleton, region) if len(phone.last4) == 4 and len(phone.first3) in (0, 3)]
    for phone in phones:
        found |= {"first3": phone.first3 or None, "last4": phone.last4}
    for word in REFERENCE.sub(" ", blank(clean, phones, " ")).split():
        if re.fullmatch(r"[0-9]{4}", word):
            found.setdefault("last4", word)
        elif number := NUMBER.fullmatch(word):
            found["number"] = int(number[1])
        elif not phones or re.search(r"\w", word):
            # The brackets and signs around a number are nobody's name.
            words.append(word)
    return Search(**found, words=tuple(words[:MOST_WORDS]))
