"""Names of companies and shops: brands, small companies, branches, full names, and such that no word gives away."""

from collections.abc import Callable
from random import Random
from typing import Final

from .people import common_signs, surname
from .templates import words


def _brand(rng: Random) -> str:
    return rng.choice(words("brands")) if rng.random() < 0.8 else rng.choice(words("brands_rare"))


def _core(rng: Random) -> str:
    count = rng.choice((2, 2, 2, 2, 2, 3, 3, 4))
    signs = words("unit_signs")
    return "".join(rng.choice(signs) if rng.random() < 0.85 else rng.choice(common_signs()) for _ in range(count))


def _small(rng: Random) -> str:
    return _core(rng) + rng.choice(words("unit_ends"))


def _branch(rng: Random) -> str:
    head = _brand(rng) if rng.random() < 0.75 else _small(rng)
    return (
        head
        + place(rng)
        + rng.choice(words("branch_ends"))
        + (rng.choice(words("branch_groups")) if rng.random() < 0.12 else "")
    )


def _street_first(rng: Random) -> str:
    return rng.choice(words("streets")) + _brand(rng)


def place(rng: Random) -> str:
    """Return a street or quarter after which a shop is named."""
    if rng.random() < 0.7:
        return rng.choice(words("streets"))
    return rng.choice(words("unit_signs")) + rng.choice(words("unit_signs")) + rng.choice(words("street_ends"))


def _full(rng: Random) -> str:
    city = rng.choice(words("cities"))
    core = _core(rng) if rng.random() < 0.7 else _brand(rng)
    end = rng.choice(words("full_ends"))
    if rng.random() < 0.15:
        return core + rng.choice(words("full_stems")) + rng.choice((f"（{city}）", f"({city})")) + "有限公司"
    return rng.choice(("", city, city + "市")) + core + end


def _joined(rng: Random) -> str:
    return "加盟·" + _brand(rng)


def _foreign(rng: Random) -> str:
    return rng.choice(words("brands_latin"))


def _bare(rng: Random) -> str:
    """Return a name without a company's word; never one that begins with a usual surname, or it were a person's."""
    while True:
        core = _core(rng)
        if core[0] not in words("surnames") and core[0] not in words("surnames_less"):
            return core


def _family(rng: Random) -> str:
    return surname(rng) + rng.choice(("氏置业", "家房产", "记地产", "氏中介"))


_Maker = Callable[[Random], str]

MAKERS: Final[dict[str, _Maker]] = {
    "brand": _brand, "small": _small, "branch": _branch, "street": _street_first, "full": _full, "joined": _joined,
    "foreign": _foreign, "bare": _bare, "family": _family,
}  # fmt: skip

FREE: Final = (("brand", 55), ("small", 24), ("branch", 14), ("full", 2), ("street", 1), ("family", 1), ("bare", 0))
BESIDE_AGENT: Final = (*FREE[:-1], ("bare", 6))
LABELLED: Final = (("brand", 38), ("small", 26), ("branch", 14), ("full", 7), ("bare", 10), ("joined", 1), ("foreign", 1),
                   ("family", 1))  # fmt: skip
BRANDED: Final = (("brand", 70), ("small", 20), ("branch", 10))
ENGLISH: Final = (("foreign", 100),)


def draw(rng: Random, kinds: tuple[tuple[str, int], ...]) -> str:
    """Return a unit's name of one of the kinds, by weight."""
    names = [kind for kind, _ in kinds]
    return MAKERS[rng.choices(names, [weight for _, weight in kinds])[0]](rng)
