"""Names of clients, agents and others: of every kind that a text may hold."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

from .templates import words


@cache
def common_signs() -> str:
    """Return the 3,755 characters of GB 2312's first level, in its order."""
    pairs = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", "ignore") for pair in pairs)


def surname(rng: Random) -> str:
    """Return a surname; about one in six is rare."""
    kind = rng.random()
    if kind < 0.62:
        return rng.choice(words("surnames"))
    if kind < 0.84:
        return rng.choice(words("surnames_less"))
    return rng.choice(words("surnames_rare"))


def _given_sign(rng: Random) -> str:
    return rng.choice(words("given")) if rng.random() < 0.88 else rng.choice(common_signs())


def _short(rng: Random) -> str:
    return surname(rng) + _given_sign(rng)


def _long(rng: Random) -> str:
    first = _given_sign(rng)
    second = first if rng.random() < 0.07 else _given_sign(rng)
    return surname(rng) + first + second


def _compound(rng: Random) -> str:
    head = rng.choice(words("surnames_compound"))
    return head + _given_sign(rng) + (_given_sign(rng) if rng.random() < 0.4 else "")


def _double(rng: Random) -> str:
    return rng.choice(words("surnames")) + _long(rng)


def _any_surname(rng: Random) -> str:
    return rng.choice(words("surnames_compound")) if rng.random() < 0.08 else surname(rng)


def _honorific(rng: Random) -> str:
    address = rng.choice(words("address")) if rng.random() < 0.75 else rng.choice(words("address_rare"))
    head = _any_surname(rng) if rng.random() < 0.95 else _short(rng)
    return head + address


def _couple(rng: Random) -> str:
    head = _honorific(rng) if rng.random() < 0.5 else _long(rng)
    return head + rng.choice(words("couples"))


def _nickname(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.5:
        return rng.choice("小小小老老阿大") + surname(rng)
    if kind < 0.75:
        return rng.choice("阿阿小") + _given_sign(rng)
    return _given_sign(rng) + rng.choice(words("nick_ends"))


def _staff_title(rng: Random) -> str:
    return _any_surname(rng) + rng.choice(words("agent_titles"))


def _word(rng: Random) -> str:
    return rng.choice(words("names_words"))


def _minority(rng: Random) -> str:
    parts = [rng.choice(words("minority")) for _ in range(2 if rng.random() < 0.93 else 3)]
    return rng.choice("····•‧・．.").join(parts)


def _undotted(rng: Random) -> str:
    return rng.choice(words("minority")) if rng.random() < 0.6 else rng.choice(words("minority_undotted"))


def _transliterated(rng: Random) -> str:
    return rng.choice(words("transliterated")) + (
        rng.choice("··•") + rng.choice(words("transliterated")) if rng.random() < 0.7 else ""
    )


def _pinyin(rng: Random) -> str:
    given = rng.choice(words("syllables"))
    if rng.random() < 0.5:
        given += rng.choice(("", " ", "-")) + rng.choice(words("syllables")).lower()
    parts = [rng.choice(words("pinyin_surnames")), given.title()]
    if rng.random() < 0.15:
        parts.reverse()
    return " ".join(parts)


def _latin(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(words("latin_first"))
    if kind < 0.35:
        return _pinyin(rng)
    first = rng.choice(words("latin_first"))
    if kind < 0.4:
        first += "-" + rng.choice(words("latin_first"))
    elif kind < 0.46:
        first += " " + rng.choice("ABCDEFGHJKLMNPRSTW") + "."
    last = rng.choice(words("latin_last") if kind < 0.75 else words("pinyin_surnames"))
    title = rng.choice(("Mr. ", "Ms. ", "Mrs. ", "Mr ", "Ms ", "Dr. ")) if rng.random() < 0.18 else ""
    return title + (last if title and rng.random() < 0.6 else f"{first} {last}")


def _mixed(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(words("latin_first")) + surname(rng)
    if kind < 0.6:
        return surname(rng) + rng.choice(words("latin_first"))
    if kind < 0.8:
        return surname(rng) + rng.choice(("Sir", "sir", "生", "Miss", "太"))
    return rng.choice("阿小") + rng.choice(words("latin_first"))


def _neighbour(rng: Random) -> str:
    return rng.choice(words("japanese")) if rng.random() < 0.5 else rng.choice(words("korean"))


def _cyrillic(rng: Random) -> str:
    return rng.choice(words("cyrillic"))


def _hidden(rng: Random) -> str:
    head = surname(rng)
    ends = ("*", "**", "某", "某某", "XX", "xx", "X", "×", "××", "＊", "＊＊", "○", "某某某")
    return head + (rng.choice(ends) if rng.random() < 0.8 else "*" + _given_sign(rng))


def _spaced(rng: Random) -> str:
    return (" " if rng.random() < 0.7 else "　").join(_short(rng))


def _bare_surname(rng: Random) -> str:
    return _any_surname(rng)


_Maker = Callable[[Random], str]

MAKERS: Final[dict[str, _Maker]] = {
    "short": _short, "long": _long, "compound": _compound, "double": _double, "honorific": _honorific,
    "couple": _couple, "nickname": _nickname, "title": _staff_title, "word": _word, "minority": _minority,
    "undotted": _undotted, "transliterated": _transliterated, "latin": _latin, "pinyin": _pinyin, "mixed": _mixed,
    "neighbour": _neighbour, "cyrillic": _cyrillic, "hidden": _hidden, "spaced": _spaced, "surname": _bare_surname,
}  # fmt: skip

PLAIN: Final = (("short", 35), ("long", 62), ("compound", 3))
CLIENT: Final = (
    ("short", 20), ("long", 34), ("honorific", 22), ("compound", 3), ("nickname", 3), ("word", 5), ("minority", 2),
    ("undotted", 2), ("transliterated", 1), ("latin", 2), ("mixed", 1), ("neighbour", 1), ("hidden", 2),
    ("couple", 1), ("double", 1),
)  # fmt: skip
CLIENT_LABELLED: Final = (*CLIENT, ("surname", 2), ("cyrillic", 1), ("spaced", 1), ("latin", 2))
AGENT: Final = (
    ("short", 30), ("long", 44), ("nickname", 7), ("title", 2), ("compound", 3), ("word", 5), ("latin", 2),
    ("minority", 2), ("undotted", 2), ("mixed", 1),
)  # fmt: skip
ENGLISH: Final = (("latin", 70), ("pinyin", 30))


def draw(rng: Random, kinds: tuple[tuple[str, int], ...]) -> str:
    """Return a name of one of the kinds, by weight."""
    names = [kind for kind, _ in kinds]
    return MAKERS[rng.choices(names, [weight for _, weight in kinds])[0]](rng)
