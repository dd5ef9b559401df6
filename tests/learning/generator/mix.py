"""Which texts there are, in what shares, and what stands around a report."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from . import blocks, numbers, several
from .scene import SEPARATORS, Scene, Style
from .script import traditional
from .templates import table, table_names

_JOINTS_BEFORE: Final = ("，", "，", "，", " ", "\n", "。", "！", ",", "~", "", "\n\n", "；", "…", "! ")
_JOINTS_BEHIND: Final = ("，", "，", "，", " ", " ", "\n", "。", ",", "；", "", "！", "\n\n", "  ", "...", "～")

NO_REPORT: Final = {"error": "not_a_report"}


def _style(rng: Random, wide: float) -> Style:
    """Draw a writer; the smaller `wide`, the nearer to the standard line."""
    separator = " "
    if rng.random() < wide * 1.4:
        separator = rng.choices([sign for sign, _ in SEPARATORS], [weight for _, weight in SEPARATORS])[0]
    mask = numbers.mask_style(rng, wide)
    if set(mask) & set(separator.strip()):
        mask = "****"
    return Style(
        separator=separator,
        glued=rng.random() < wide * 0.6,
        mask=mask,
        abroad=rng.random() < 0.015 * (wide > 0),
        wide=wide,
    )


def _free(scene: Scene, name: str) -> None:
    """Write a line of the table, with a keyword before it in every third."""
    template = table(name).pick(scene.rng)
    if scene.rng.random() < 0.36 and "<K" not in template and "keyword" not in template:
        scene.write_from("keyword")
        scene.write_from("keyword_end")
    scene.write(template)


def _around(scene: Scene, core: Callable[[Scene], None], before: float, behind: float) -> None:
    """Write the core with chatter before and behind it."""
    rng = scene.rng
    if rng.random() < before:
        scene.write_from("before")
        scene.put(rng.choice(_JOINTS_BEFORE))
    core(scene)
    for chance in (behind, behind * 0.25):
        if rng.random() < chance:
            joint = rng.choice(_JOINTS_BEHIND)
            scene.put(joint if joint or not _ends_in_number(scene) else "，")
            scene.write_from("after")


def _ends_in_number(scene: Scene) -> bool:
    return bool(scene.parts) and scene.parts[-1][1] in ("P", "Q", "T", "V")


def _plain(scene: Scene) -> None:
    scene.style = _style(scene.rng, 0.0)
    scene.write_from("plain")


def _short(scene: Scene) -> None:
    _around(scene, lambda it: _free(it, "short"), 0.05, 0.05)


def _chatty(scene: Scene) -> None:
    core = "plain" if scene.rng.random() < 0.5 else "short"
    _around(scene, lambda it: _free(it, core), 0.6, 0.75)


def _lines(name: str, before: float = 0.12, behind: float = 0.15) -> Callable[[Scene], None]:
    return lambda scene: _around(scene, lambda it: it.write_from(name), before, behind)


def _block(wide: float) -> Callable[[Scene], None]:
    chance = 0.1 if wide else 0.03
    return lambda scene: _around(scene, lambda it: blocks.write_block(it, wide), chance, chance)


REPORTS: Final[tuple[tuple[str, float, Callable[[Scene], None]], ...]] = (
    ("plain", 20, _plain),
    ("short", 22, _short),
    ("chatty", 12, _chatty),
    ("dictated", 3, _lines("dictated")),
    ("clerk", 2, _lines("clerk")),
    ("correction", 1.5, _lines("correction", 0.05, 0.1)),
    ("forwarded", 3, _lines("forwarded", 0.0, 0.1)),
    ("english", 2, _lines("english", 0.0, 0.0)),
    ("english block", 1, blocks.write_english),
    ("plain block", 8, _block(0.0)),
    ("block", 16, _block(0.75)),
    ("joined block", 4, lambda scene: _around(scene, lambda it: blocks.write_joined(it, 0.4), 0.08, 0.1)),
    ("several", 5, lambda scene: _around(scene, several.write_list, 0.08, 0.12)),
    ("several, own agents", 2, lambda scene: _around(scene, several.write_own, 0.05, 0.08)),
    ("several blocks", 3, several.write_blocks),
    ("couple", 1.5, lambda scene: _around(scene, several.write_couple, 0.08, 0.12)),
    ("columns", 1, several.write_columns),
)


def _bad(scene: Scene) -> None:
    scene.style.number = "bad"
    _faulty_number(scene)


def _whole(scene: Scene) -> None:
    scene.style.number = "whole"
    _faulty_number(scene)


def _mixed(scene: Scene) -> None:
    scene.style.number = "mixed"
    several.write_list(scene)


def _faulty_number(scene: Scene) -> None:
    kind = scene.rng.random()
    if kind < 0.25:
        scene.write_from("plain")
    elif kind < 0.6:
        _around(scene, lambda it: _free(it, "short"), 0.1, 0.15)
    else:
        blocks.write_block(scene, scene.rng.choice((0.0, 0.7)))


def _without(part: str, table_name: str) -> Callable[[Scene], None]:
    def write(scene: Scene) -> None:
        kind = scene.rng.random()
        if kind < 0.5:
            _around(scene, lambda it: it.write_from(table_name), 0.05, 0.08)
        elif kind < 0.92:
            blocks.write_block(scene, scene.rng.choice((0.0, 0.7)), without=part)
        else:
            blocks.write_english(scene, without=part)

    return write


FAULTY: Final[tuple[tuple[str, float, Callable[[Scene], None]], ...]] = (
    ("missing name", 22, _without("c", "missing_name")),
    ("missing phone", 22, _without("p", "missing_phone")),
    ("missing agent", 80, _without("au", "missing_agent")),
    ("bad phone", 17, _bad),
    ("whole number", 14, _whole),
    ("whole among masked", 3, _mixed),
)


def _no_report_families() -> list[str]:
    return [name for name in table_names() if name.startswith("none_")]


def _weight(family: str) -> int:
    """Return the share of a family: its width, and more for those that come nearest to a report."""
    return len(table(family).lines) * (3 if family.startswith("none_near") else 1)


def draw(rng: Random) -> tuple[str, Scene, dict[str, Any]]:
    """Return a text's family, its scene as written, and what is expected of it."""
    kind = rng.random()
    if kind < 0.2:
        return _no_report(rng)
    name, scene = _report(rng, FAULTY if kind < 0.30 else REPORTS)
    if rng.random() < 0.035:
        _turn_traditional(scene)
    return name, scene, scene.expected()


def _report(rng: Random, families: tuple[tuple[str, float, Callable[[Scene], None]], ...]) -> tuple[str, Scene]:
    name, _, write = rng.choices(families, [weight for _, weight, _ in families])[0]
    scene = Scene(rng, _style(rng, rng.choice((0.1, 0.3, 0.6))))
    write(scene)
    _stray(scene)
    return name, scene


def _no_report(rng: Random) -> tuple[str, Scene, dict[str, Any]]:
    families = _no_report_families()
    name = rng.choices(families, [_weight(family) for family in families])[0]
    scene = Scene(rng, _style(rng, rng.choice((0.0, 0.2))))
    _around(scene, lambda it: it.write_from(name), 0.12, 0.04)
    if rng.random() < 0.035:
        _turn_traditional(scene)
    return name.replace("none_", "no report: "), scene, dict(NO_REPORT)


def _stray(scene: Scene) -> None:
    """Sometimes put signs at the ends that nobody meant."""
    rng = scene.rng
    if rng.random() < 0.04:
        scene.parts.insert(0, (rng.choice((" ", "\n", "  ", "，", ".", "、", "- ")), ""))
    if rng.random() < 0.07:
        scene.put(rng.choice((" ", "\n", "  ", "，", "。", ".", "！", "；", "~", "/", "、", "\n\n", "?")))


def _turn_traditional(scene: Scene) -> None:
    """Rewrite all that stands in the scene in traditional characters."""
    scene.parts = [(traditional(words), tag) for words, tag in scene.parts]
    scene.agent, scene.unit = traditional(scene.agent), traditional(scene.unit)
    for client in scene.clients:
        client.name, client.agent, client.unit = map(traditional, (client.name, client.agent, client.unit))
