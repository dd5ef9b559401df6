"""A list of words as one regular expression that tries each character once and takes the longest word."""

import re
from collections.abc import Iterable
from typing import Final

_Node = dict[str, "_Node"]
_END: Final = ""


def words_pattern(words: Iterable[str]) -> str:
    """Return a pattern that matches the longest of the words at a place; words are literal, in skeleton spelling."""
    root: _Node = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[_END] = {}
    return _pattern(root)


def _pattern(node: _Node) -> str:
    branches = [re.escape(char) + _pattern(child) for char, child in sorted(node.items()) if char != _END]
    if not branches:
        return ""
    joined = branches[0] if len(branches) == 1 and _END not in node else f"(?:{'|'.join(branches)})"
    return joined + "?" if _END in node else joined
