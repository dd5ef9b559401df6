"""The traditional script, by OpenCC's table."""

from functools import cache

import opencc


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def traditional(words: str) -> str:
    """Return the words in traditional characters; signs and digits stay."""
    return str(_converter().convert(words)) if any(sign > "\u3400" for sign in words) else words
