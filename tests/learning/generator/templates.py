"""A small language of templates: a text with slots, choices and tags, and the data files that hold them.

- ``{name}`` fills a slot: one that the scene knows (`scene.SLOTS`), else a random line of the table of that name.
- ``{one|another|}`` takes one of the alternatives, which may hold slots, choices and tags themselves.
- ``<TAG words>`` gives the words inside (choices allowed) the tag; words outside of tags and slots are ``O``.
- ``⏎`` is a newline, ``␣`` a blank at an edge.

In the data files the table `lines` holds one template a line, with ``3* `` before it for three times the weight; the
table `words` holds words with blanks between them.
"""

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z_][a-z0-9_]*(:[A-Za-z0-9_-]*)?")
_WEIGHT: Final = re.compile(r"(\d+)\*(?: (.*))?")
DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they stand."""

    words: str


@dataclass(frozen=True, slots=True)
class Slot:
    """What the scene, or a table, puts there."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences."""

    options: tuple["Sequence", ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Words with a role."""

    tag: str
    inside: "Sequence"


Sequence = tuple[Text | Slot | Choice | Tagged, ...]


class _Source:
    """A template that is being read, sign by sign."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def expect(self, sign: str) -> None:
        if self.peek() != sign:
            raise ValueError(f"Template lacks {sign} at {self.at}: {self.text}")
        self.at += 1


def _sequence(source: _Source, stops: str) -> Sequence:
    nodes: list[Text | Slot | Choice | Tagged] = []
    words = ""
    while (sign := source.peek()) and sign not in stops:
        if sign not in "{<":
            words += source.take()
            continue
        if words:
            nodes.append(Text(words))
            words = ""
        nodes.append(_braces(source) if sign == "{" else _tagged(source))
    if words:
        nodes.append(Text(words))
    return tuple(nodes)


def _braces(source: _Source) -> Slot | Choice:
    source.expect("{")
    options = [_sequence(source, "|}")]
    while source.peek() == "|":
        source.take()
        options.append(_sequence(source, "|}"))
    source.expect("}")
    first = options[0]
    if len(options) == 1 and len(first) == 1 and isinstance(first[0], Text) and _NAME.fullmatch(first[0].words):
        return Slot(first[0].words)
    return Choice(tuple(options))


def _tagged(source: _Source) -> Tagged:
    source.expect("<")
    tag = ""
    while source.peek() not in (" ", ""):
        tag += source.take()
    source.expect(" ")
    inside = _sequence(source, ">")
    source.expect(">")
    return Tagged(tag, inside)


@cache
def parsed(template: str) -> Sequence:
    """Return the template as a tree; ValueError names one that is malformed."""
    source = _Source(template.replace("⏎", "\n").replace("␣", " "))
    tree = _sequence(source, "")
    if source.peek():
        raise ValueError(f"Template has a stray {source.peek()}: {template}")
    return tree


@dataclass(frozen=True, slots=True)
class Table:
    """Templates with weights."""

    lines: tuple[str, ...]
    sums: tuple[int, ...]

    def pick(self, rng: Random) -> str:
        """Return one of the templates, by weight."""
        return self.lines[bisect_right(self.sums, rng.randrange(self.sums[-1]))]


def _weighed(line: str) -> tuple[int, str]:
    """Return weight and template; a weight with nothing behind it is that of an empty template."""
    found = _WEIGHT.fullmatch(line)
    return (int(found[1]), found[2] or "") if found else (1, line)


def _table(block: str) -> Table:
    pairs = [_weighed(line.strip()) for line in block.splitlines() if line.strip()]
    return Table(tuple(line for _, line in pairs), tuple(accumulate(weight for weight, _ in pairs)))


@cache
def _data(kind: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for path in sorted(DATA.glob("*.toml")):
        for name, block in tomllib.loads(path.read_text(encoding="utf-8")).get(kind, {}).items():
            if name in merged:
                raise ValueError(f"{path.name} defines {name} a second time.")
            merged[name] = block
    return merged


@cache
def table(name: str) -> Table:
    """Return the templates of that name; KeyError if there are none."""
    return _table(_data("lines")[name])


def table_names() -> list[str]:
    """Return the names of all tables of templates, sorted."""
    return sorted(_data("lines"))


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of that name, `_` in them for a blank; KeyError if there are none."""
    return tuple(word.replace("_", " ") for word in _data("words")[name].split())
