"""What a stretch of letters looks like: a person, a company, a label, a word; the evidence that weights judge."""

import re
from functools import lru_cache
from typing import Final

from parsers.vocabulary import (
    ADDRESS,
    BRANCHES,
    BRANDS,
    CITIES,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    DEVELOPERS,
    ENDINGS,
    FILLER,
    NICK,
    PROJECT_ENDINGS,
    SURNAMES,
    TABLE,
    surname_length,
)

_LATIN: Final = re.compile(r"[a-zà-ɏ\u0400-\u04ff][a-zà-ɏ\u0400-\u04ff.'’]*(?:[ \-]{1,2}[a-zà-ɏ.'’]+)*")
_HAS_LATIN: Final = re.compile(r"[a-z]")
_HAS_DIGIT: Final = re.compile(r"[0-9]")
_HIDDEN: Final = re.compile(r"[*某]")
_APART: Final = re.compile(r"(?<=[\u3400-\u9fff]) {1,4}(?=[\u3400-\u9fff])")
_LONGEST_BRAND: Final = max(map(len, BRANDS))
_TITLES: Final = frozenset(["mr", "mrs", "ms", "miss", "dr", "mr.", "mrs.", "ms.", "dr."])


@lru_cache(maxsize=4096)
def person_shape(word: str) -> str:
    """Return the class of a word as a person's name, as fine as weights should tell apart."""
    word = _APART.sub("", word)
    if "·" in word:
        return "dot" if len(word) > 3 else "dot-short"
    if _HIDDEN.search(word):
        return "hidden" if word[0] in SURNAMES or word[:2] in COMPOUND_SURNAMES else "hidden-odd"
    if _LATIN.fullmatch(word):
        words = re.split(r"[ \-.]+", word.strip("."))
        return ("titled" if words[0] in _TITLES else "latin") + str(min(len(words), 4))
    if _HAS_DIGIT.search(word):
        return "digits"
    if _HAS_LATIN.search(word):
        return "mixed" if len(word) < 10 else "mixed-long"
    return _han_shape(word)


def _han_shape(word: str) -> str:
    surname = surname_length(word)
    rest = word[surname:]
    if surname:
        kind = "compound" if surname == 2 else "common" if word[0] in COMMON_SURNAMES else "rare"
        if not rest:
            return f"{kind}-bare"
        if rest in ADDRESS:
            return f"{'addressed' if len(rest) > 1 else 'addressed-short'}-{'rare' if kind == 'rare' else 'sure'}"
        if any(word[-length:] in ADDRESS and surname <= len(word) - length <= 4 for length in (2, 3, 4)):
            return "addressed-full"
        if word[0] in NICK and len(word) == 2:
            return "nick"
        return f"{kind}{min(len(rest), 4)}"
    if word[0] in NICK and len(word) < 4 and len(word) > 1:
        return "nick" if word[1] in SURNAMES or len(word) == 2 else "nick-long"
    if word in ADDRESS:
        return "address-alone"
    if len(word) < 4 and any(word.endswith(a) for a in ("哥", "姐", "总", "叔", "姨")):
        return "called"
    return f"none{min(len(word), 7)}"


@lru_cache(maxsize=4096)
def company_shape(word: str) -> str:
    """Return the class of a word as a company's or shop's name."""
    if word in BRANDS:
        return "brand"
    for length in range(min(len(word) - 1, _LONGEST_BRAND), 1, -1):
        if word[:length] in BRANDS:
            return "brand-" + _behind(word[length:])
    for city in CITIES:
        if word.startswith(city) and len(word) > len(city):
            inner = company_shape(word[len(city) :])
            return inner if inner == "-" else f"city-{inner.partition('-')[0]}"
    ending = _ending(word, ENDINGS, 2)
    if ending:
        return "ending" if _person_like(word[: -len(ending)]) is False else "ending-named"
    if _ending(word, BRANCHES, 3):
        return "shop"
    if any(word[i : i + 2] in BRANDS for i in range(1, len(word) - 1)):
        return "brand-inside"
    if any(word.startswith(d) and len(word) > len(d) for d in DEVELOPERS):
        return "project"
    ends = len(word) > 2 and (word[-1] in PROJECT_ENDINGS or word[-2:] in PROJECT_ENDINGS)
    return "project" if ends else "-"


def _behind(rest: str) -> str:
    if rest in ENDINGS or (len(rest) > 2 and _ending(rest, ENDINGS, 0) == rest):
        return "ending"
    if _ending(rest, BRANCHES, 0):
        return "branch"
    if _ending(rest, ENDINGS, 0):
        return "long-ending"
    return "person" if _person_like(rest) else "more"


def _ending(word: str, endings: frozenset[str], before: int) -> str:
    for length in range(min(6, len(word) - before), 0, -1):
        if word[-length:] in endings:
            return word[-length:]
    return ""


def _person_like(word: str) -> bool:
    return bool(word) and person_shape(word) not in _NO_PERSON


_NO_PERSON: Final = frozenset(
    [*(f"none{n}" for n in range(1, 8)), "address-alone", "digits", "mixed-long", "rare4", "common4", "compound4",
     "rare3", "common3", "common-bare", "rare-bare"]
)  # fmt: skip


@lru_cache(maxsize=4096)
def word_features(word: str) -> tuple[str, ...]:
    """Return the features of a word by itself, in skeleton spelling."""
    person, company, kind = person_shape(word), company_shape(word), TABLE.kinds.get(word, "-")
    inside = _inside(word)
    size = len(word)
    return (
        f"p:{person}",
        f"c:{company}",
        f"pc:{person}:{company}",
        f"k:{kind}",
        f"n:{min(size, 9)}",
        f"i:{inside}",
        f"f:{sum(c in FILLER for c in word)}:{min(size, 3)}",
    )


@lru_cache(maxsize=4096)
def label_features(word: str) -> tuple[str, ...]:
    """Return the features of a word as a label: itself if known, else its characters."""
    kind = TABLE.kinds.get(word, "-")
    pairs = {word[i : i + 2] for i in range(len(word) - 1)} | set(word)
    return (f"lk:{kind}", f"le:{word[-2:]}", f"lb:{word[:2]}", f"ll:{min(len(word), 8)}", f"li:{_inside(word)}",
            *sorted(f"l2:{pair}" for pair in pairs))  # fmt: skip


@lru_cache(maxsize=4096)
def _inside(word: str) -> str:
    """Return the kind of the first known word inside of a longer one that is none of a name's own parts."""
    for start in range(len(word)):
        stop = TABLE.longest_at(word, start, len(word))
        if stop - start > 1 and stop - start < len(word):
            return TABLE.kinds[word[start:stop]]
    return "-"


def coarse_shape(word: str) -> str:
    """Return the few classes that stand beside the context: person, addressed, company, latin, label, word, other."""
    kind = TABLE.kinds.get(word, "")
    if kind.startswith(("L", "f.")):
        return "known"
    company = company_shape(word)
    if company != "-" and company not in ("project", "brand-person", "brand-inside"):
        return "company"
    person = person_shape(word)
    if person.startswith(("addressed", "nick", "called")):
        return "addressed"
    if person.startswith(("common", "rare", "compound")) and person[-1] in "12":
        return "person"
    if person.startswith(("latin", "titled", "mixed", "dot", "hidden")):
        return "foreign"
    return "bare" if person.endswith("bare") else "other"
