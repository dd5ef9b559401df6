"""Telephone numbers as people write them: masked, whole, or spoilt (texts.md section 1)."""

from dataclasses import dataclass
from random import Random
from typing import Final

from .templates import words

_WIDE: Final = str.maketrans("0123456789*-+", "０１２３４５６７８９＊－＋")
_NARROW: Final = {wide: narrow for narrow, wide in _WIDE.items()}
_COUNTRIES: Final = (
    ("+852", ("512", "612", "668", "912", "975"), 8),
    ("+853", ("662", "668", "635"), 8),
    ("+65", ("812", "912", "968"), 8),
    ("+1", ("415", "212", "650"), 10),
    ("+886", ("912", "933", "988"), 9),
    ("+60", ("123", "178", "196"), 9),
)
_COMMON: Final = ("****", "****", "****", "****", "xxxx", "XXXX", "＊＊＊＊", "****")


@dataclass(frozen=True, slots=True)
class Number:
    """A mobile number; `middle` is what a mask hides, `country` the code written before it or nothing."""

    first3: str
    middle: str
    last4: str
    country: str = ""

    @property
    def digits(self) -> str:
        """The number without its country code."""
        return self.first3 + self.middle + self.last4


def digits(rng: Random, count: int) -> str:
    """Return so many random digits."""
    return "".join(rng.choice("0123456789") for _ in range(count))


def draw(rng: Random, abroad: bool = False) -> Number:
    """Return a number of the site's country, or of another one."""
    if not abroad:
        return Number(rng.choice(words("prefixes")), digits(rng, 4), digits(rng, 4))
    country, heads, length = rng.choice(_COUNTRIES)
    return Number(rng.choice(heads), digits(rng, length - 7), digits(rng, 4), country)


def mask_style(rng: Random, wide: float) -> str:
    """Return a style for `masked`: usual signs, or with the share `wide` any of those that people think of."""
    if rng.random() >= wide:
        return rng.choice(_COMMON)
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(words("mask_signs")) * rng.choice((1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 8))
    if kind < 0.7:
        return rng.choice(words("mask_groups"))
    if kind < 0.9:
        return rng.choice(words("mask_words"))
    return rng.choice((" ", "-", "", "—", "——", "/"))


def masked(rng: Random, number: Number, style: str) -> str:
    """Return the number with its middle hidden in that style; a style may hold F and L for the two parts."""
    if number.country and style.strip("*xX"):
        style = "***"
    text = style if "F" in style and "L" in style else f"F{style}L"
    return _dressed(rng, number, text.replace("F", number.first3).replace("L", number.last4))


def _dressed(rng: Random, number: Number, text: str) -> str:
    if number.country:
        text = number.country + rng.choice(("", " ", " ", "-")) + text
    elif text[0].isdigit() and rng.random() < 0.02 and not any(sign > "\u3400" for sign in text):
        text = rng.choice(("+86 ", "+86", "0086 ", "86-", "(+86)", "+86-")) + text
    return text.translate(_WIDE) if rng.random() < 0.01 else text


def whole(rng: Random, number: Number) -> str:
    """Return the number with all its digits, in one of the usual groupings."""
    if number.country:
        return f"{number.country} {number.digits}"
    sign = rng.choice(("", "", "", "", "", "", " ", " ", "-", "."))
    return _dressed(rng, number, sign.join((number.first3, number.middle, number.last4)))


def spoilt(rng: Random, number: Number) -> str:
    """Return a number that cannot be right: digits missing, too many, or hidden where they should stand."""
    first3, last4 = number.first3, number.last4
    hidden = "*" * rng.choice((3, 4, 4, 4, 5))
    forms = (
        f"{first3}{hidden}{last4[:3]}",
        f"{first3}{hidden}{last4[:2]}",
        f"{first3[:2]}{hidden}{last4}",
        f"{first3[:1]}{hidden}{last4}",
        f"{first3}{number.middle[:1]}{hidden}{last4[:3]}",
        f"{first3}{hidden}{hidden}",
        f"{hidden}{last4}",
        f"{first3}{hidden}",
        f"{number.digits[:10]}",
        f"{number.digits}{last4[:1]}",
        f"{rng.choice('2456789')}{first3[1:]}{hidden}{last4}",
        f"1{rng.choice('012')}{first3[2]}{hidden}{last4}",
        f"{first3}{hidden}{last4[:3]}*",
        f"{first3}**{number.middle[2:]}{last4}",
        f"{first3}{hidden}{rng.choice(('abcd', 'xxxx', '未知'))}",
    )
    return rng.choice(forms)


def folded(words: str) -> str:
    """Return the words with full-width digits made narrow."""
    return words.translate(_NARROW)
