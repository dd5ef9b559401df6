"""Freezes OpenCC's table of single characters for `parsers.simplified`. Run it: python -m tests.learning.simplified.

Characters whose conversion hangs on a phrase (乾隆, 魏徵) have the conversion they have alone.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

from opencc import OpenCC

FROZEN: Final = Path(__file__).parents[2] / "parsers" / "data" / "simplified.txt"
_IN_A_LINE: Final = 32


def of_opencc() -> dict[str, str]:
    """Return what the installed OpenCC makes of each character alone that it changes (t2s)."""
    alone = [chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000 and code != 0x85]
    converted = OpenCC("t2s").convert("\n".join(alone)).split("\n")
    return {old: new for old, new in zip(alone, converted, strict=True) if len(new) == 1 and new != old}


def digest_of(body: str) -> str:
    """Return the digest that stands in the file's head: of all that stands below it."""
    return hashlib.sha256(body.encode()).hexdigest()


def frozen_form(table: dict[str, str], release: str) -> str:
    """Return the file that holds a table."""
    pairs = [old + new for old, new in sorted(table.items())]
    lines = [" ".join(pairs[at : at + _IN_A_LINE]) for at in range(0, len(pairs), _IN_A_LINE)]
    body = "\n".join(lines) + "\n"
    return f"# OpenCC {release}, t2s, single characters (Apache License 2.0); sha256 {digest_of(body)}\n{body}"


if __name__ == "__main__":
    FROZEN.write_text(frozen_form(of_opencc(), version("opencc")), "utf-8")
    print(FROZEN)
