"""The words a reader knows, from `data/words.toml`: labels, function words, companies, names (skeleton spelling)."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

_DATA: Final = tomllib.loads(resources.files("parsers").joinpath("data", "words.toml").read_text("utf-8"))
_COMPANIES: Final = _DATA["companies"]
_NAMES: Final = _DATA["names"]
_PROJECTS: Final = _DATA["projects"]

LABEL_ROLES: Final = {
    "client": "LC",
    "client_phone": "LP",
    "phone": "LN",
    "agent": "LA",
    "agent_phone": "LQ",
    "unit": "LU",
    "staff": "LS",
    "other": "LO",
}
"""The tag of a label by whose part it announces; LN is a number of whoever stands before."""

BRANDS: Final = frozenset(_COMPANIES["brands"])
ENDINGS: Final = frozenset(_COMPANIES["endings"])
BRANCHES: Final = frozenset(_COMPANIES["branches"])
CITIES: Final = frozenset(_COMPANIES["cities"])
COMMON_SURNAMES: Final = frozenset(_NAMES["common"])
SURNAMES: Final = frozenset(_NAMES["common"] + _NAMES["rare"])
COMPOUND_SURNAMES: Final = frozenset(_NAMES["compound"])
ADDRESS: Final = frozenset(_NAMES["address"])
NICK: Final = frozenset(_NAMES["nick"])
FILLER: Final = frozenset(_NAMES["filler"])
DEVELOPERS: Final = frozenset(_PROJECTS["developers"])
PROJECT_ENDINGS: Final = frozenset(_PROJECTS["endings"])


def _first_class(groups: Mapping[str, Iterable[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in groups.items():
        for word in words:
            found.setdefault(word, name)
    return found


LABELS: Final = {word: LABEL_ROLES[role] for word, role in _first_class(_DATA["labels"]).items()}
"""Label word → tag."""
MENDING: Final = frozenset(_DATA["function"]["mend"])
"""What takes back something said before it (不对, 改成)."""
FUNCTION: Final = _first_class(_DATA["function"])
"""Function word → what it says."""


@dataclass(frozen=True, slots=True)
class WordTable:
    """Words by their first character, longest first, to find the longest word at a place in constant time."""

    kinds: Mapping[str, str]
    lengths: Mapping[str, tuple[int, ...]]

    def longest_at(self, text: str, start: int, stop: int) -> int:
        """Return the end of the longest word that begins at `start` and ends by `stop`; `start` when there is none."""
        for length in self.lengths.get(text[start], ()):
            if start + length <= stop and text[start : start + length] in self.kinds:
                return start + length
        return start


def word_table(kinds: Mapping[str, str]) -> WordTable:
    """Return the table of these words."""
    lengths: dict[str, set[int]] = {}
    for word in kinds:
        lengths.setdefault(word[0], set()).add(len(word))
    return WordTable(kinds, {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()})


_NAMED: Final = (
    (PROJECT_ENDINGS, "project"), (ADDRESS, "address"), (CITIES, "city"), (DEVELOPERS, "developer"),
    (BRANCHES, "branch"), (ENDINGS, "ending"), (BRANDS, "brand"),
)  # fmt: skip
"""Words with their kind; one that is of several is of the last."""
TABLE: Final = word_table(
    {word: kind for words, kind in _NAMED for word in sorted(words)}
    | {word: f"f.{name}" for word, name in FUNCTION.items()}
    | LABELS
)
"""Every word that may divide a run of letters, with its kind."""


@lru_cache(maxsize=64)
def listed_words(people: frozenset[str], units: frozenset[str]) -> WordTable:
    """Return the table of a site's own names."""
    return word_table(dict.fromkeys(sorted(units), "unit") | dict.fromkeys(sorted(people), "person"))


def surname_length(word: str) -> int:
    """Return how many characters of a word are its surname: 2 for 欧阳娜, 1 for 张三, 0 for none."""
    if word[:2] in COMPOUND_SURNAMES:
        return 2
    return 1 if word[:1] in SURNAMES else 0
