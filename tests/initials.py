"""Freezes the first letter of each character's pinyin for `worker.store.search_words`: `python -m tests.initials`.

The readings are pypinyin's; of a character that has several, the usual one, and as a surname its own (SURNAMES there).
"""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from pypinyin import lazy_pinyin

from parsers.simplified import simplify

FROZEN: Final = Path(__file__).parents[1] / "worker" / "store" / "initials.txt"
_IN_A_LINE: Final = 60


def of_pypinyin() -> dict[str, str]:
    """Return by letter the characters whose pinyin begins with it; traditional ones are looked up as simplified."""
    alone = [chr(code) for code in range(0x4E00, 0xA000)]
    letters: dict[str, str] = {}
    for each in alone:
        read = lazy_pinyin(each, errors="ignore")
        if read and simplify(each) == each:
            letters[read[0][0]] = letters.get(read[0][0], "") + each
    return letters


def frozen_form(letters: dict[str, str], release: str) -> str:
    """Return the file that holds a table."""
    lines = [
        f"{letter} {letters[letter][at : at + _IN_A_LINE]}"
        for letter in sorted(letters)
        for at in range(0, len(letters[letter]), _IN_A_LINE)
    ]
    return "\n".join([f"# pypinyin {release}, first letters of single characters (MIT License)", *lines, ""])


if __name__ == "__main__":
    FROZEN.write_text(frozen_form(of_pypinyin(), version("pypinyin")), "utf-8")
    print(FROZEN)
