"""Traditional characters as their simplified ones, by OpenCC's table frozen in data/simplified.txt (L27).

One character becomes one, so a folded text is as long as the text. `python -m tests.learning.simplified` renews the file.
"""

from importlib.resources import files
from typing import Final

_LINES: Final = files("parsers").joinpath("data", "simplified.txt").read_text("utf-8").splitlines()
SIMPLIFIED: Final = {ord(pair[0]): pair[1] for line in _LINES if not line.startswith("#") for pair in line.split(" ")}
"""For `str.translate`: each traditional character's code and its simplified one."""


def simplify(text: str) -> str:
    """Return the text in simplified characters, equally long."""
    return text.translate(SIMPLIFIED)
