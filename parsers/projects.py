"""Which developments a report names (decisions.md, L25): behind a label, or free where the name is a known one.

A name that is known may be written with the developer before it and an ending behind it: 万科翡翠湾二期案场.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from parsers.normalise import Reading, fold_for_reading
from parsers.trie import words_pattern
from parsers.vocabulary import LABELS

_LABELS: Final = (
    "报备项目", "报备楼盘", "项目名称", "楼盘名称", "意向项目", "意向楼盘", "推荐项目", "带看项目", "到访项目",
    "看房项目", "预约项目", "项目", "楼盘", "project",
)  # fmt: skip
_ENDINGS: Final = (
    "案场", "项目部", "项目", "楼盘", "小区", "售楼处", "售楼部", "售楼中心", "营销中心", "销售中心", "接待中心",
    "展示中心", "城市展厅", "展厅", "住宅", "公寓", "商铺", "洋房", "别墅",
)  # fmt: skip
_ENDING: Final = (
    rf"(?:{'|'.join(_ENDINGS)}|第?[一二三四五六七八九十\d]{{1,3}}期|[a-z\d一二三四五六七八九十东南西北]{{1,2}}区)"
)
_ENDS: Final = re.compile(rf"{_ENDING}$")
_LABELLED: Final = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(_LABELS)})[\])]?[ \t]*[:=\]][ \t]*([^\s,;:=|]{{1,40}})")
_NEXT_LABEL: Final = re.compile(rf"(?:{words_pattern(LABELS)})[ \t]*[:=]")
_BRACKETED: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>")
_BETWEEN: Final = re.compile(r"[、/+&]|及|和|与")
_DROPPED: Final = re.compile(r"[\s.·\-_'*]+")
_BLANKS: Final = r"[ .·\-_']{0,3}"
_DEVELOPER: Final = re.compile(r"[^\W\d_]{2,6}")
"""What may stand before a known name: a brand (碧桂园), and nothing that could be a sentence."""
_SHORTEST: Final = 2
_NOTHING: Final = ("无", "暂无", "没有", "none", "n")


@dataclass(frozen=True, slots=True)
class Named:
    """A development as a text names it: where, and whether a label says that it is one."""

    start: int
    end: int
    labelled: bool


def find_projects(reading: Reading, sites: frozenset[str], first_number: int) -> tuple[str, ...]:
    """Return the developments that a text names, as written, each once; `sites` are the names that are known.

    A free name counts before the first client's number (at `first_number`), or on a line of its own.
    """
    written = (reading.clean[named.start : named.end] for named in named_projects(reading, sites, first_number))
    return tuple(dict.fromkeys(written))


def named_projects(reading: Reading, sites: frozenset[str], first_number: int) -> list[Named]:
    """Return where they stand, in the order of the text."""
    found = [part for match in _LABELLED.finditer(reading.skeleton) for part in _parts(reading, match, sites)]
    pattern, skeleton = _free_pattern(sites), reading.skeleton
    free: list[Named] = []
    for match in pattern.finditer(skeleton) if pattern is not None else ():
        line = skeleton[skeleton.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
        apart = all(other.end <= match.start() or match.end() <= other.start for other in found)
        if apart and (match.start() < first_number or project_key(line) == project_key(match[0])):
            free.append(Named(*match.span(), labelled=False))
    return sorted(found + free, key=lambda named: named.start)


def without_free_projects(reading: Reading, sites: frozenset[str], first_number: int) -> Reading:
    """Return the reading without the free names, whose words would else be taken for a person's or a unit's."""
    skeleton = reading.skeleton
    for named in named_projects(reading, sites, first_number):
        if not named.labelled:
            skeleton = skeleton[: named.start] + " " * (named.end - named.start) + skeleton[named.end :]
    return Reading(reading.clean, skeleton)


@lru_cache(maxsize=4096)
def known_project(written: str, sites: frozenset[str]) -> str | None:
    """Return which of the known names is meant: so written, with an ending behind it, or the developer before it."""
    keys = _keys(sites)
    key = project_key(_BRACKETED.sub("", fold_for_reading(written).skeleton)) or project_key(written)
    shapes = [key]
    while (shorter := _ENDS.sub("", shapes[-1])) != shapes[-1] and len(shorter) >= _SHORTEST:
        shapes.append(shorter)
    exact = next((keys[shape] for shape in shapes if shape in keys), None)
    if exact is not None:
        return exact
    ends = ((shape, known) for known in keys for shape in shapes if shape.endswith(known))
    behind = (known for shape, known in ends if _DEVELOPER.fullmatch(shape[: -len(known)]))
    return keys.get(max(behind, key=lambda known: (len(known), known), default=""))


def project_key(name: str) -> str:
    """Return a name for comparison: width, case, script, blanks and dots folded away."""
    return _DROPPED.sub("", fold_for_reading(name).skeleton)


@lru_cache(maxsize=64)
def _keys(sites: frozenset[str]) -> dict[str, str]:
    """Return the known names by what they may be written as; who is exactly so called goes before all others."""
    named = sorted(sites)
    bare = {_ENDS.sub("", project_key(name)): name for name in named}
    keys = bare | {project_key(name): name for name in named}
    return {key: name for key, name in keys.items() if len(key) >= _SHORTEST}


def _parts(reading: Reading, match: re.Match[str], sites: frozenset[str]) -> Iterable[Named]:
    """Return what a labelled value names: one development, or several with signs between them."""
    start, end = match.span(1)
    following = _NEXT_LABEL.search(reading.skeleton, start, end + 1)
    end = following.start() if following else end
    pattern = _free_pattern(sites)
    known = pattern.match(reading.skeleton, start) if pattern is not None else None
    if known is not None and known.end() > end:
        return [Named(start, known.end(), labelled=True)]
    signs = list(_BETWEEN.finditer(reading.skeleton, start, end))
    places = [start, *(place for sign in signs for place in sign.span()), end]
    parts = list(zip(places[::2], places[1::2], strict=True))
    all_known = all(known_project(reading.clean[a:b], sites) for a, b in parts)
    spans = parts if all_known or not any(sign[0].isalpha() for sign in signs) else [(start, end)]
    return [Named(a, b, labelled=True) for a, b in spans if reading.skeleton[a:b].strip(".-") not in ("", *_NOTHING)]


@lru_cache(maxsize=64)
def _free_pattern(sites: frozenset[str]) -> re.Pattern[str] | None:
    """Return the pattern of a known name that stands as a word of its own, or between 报备 and the client."""
    names = {fold_for_reading(name).skeleton for name in sites if len(project_key(name)) >= _SHORTEST}
    words = sorted(names, key=lambda name: (-len(name), name))
    if not words:
        return None
    alternatives = "|".join(_BLANKS.join(map(re.escape, filter(None, _DROPPED.split(word)))) for word in words)
    before = r"(?:(?<!\w)|(?<=报备)|(?<=备案)|(?<=项目)|(?<=楼盘))"
    return re.compile(rf"{before}(?:{alternatives})(?:{_ENDING})?(?=(?:新?客户)?(?:报备|备案)|\W|$)")
