"""What has been read so far, as far as it tells what may come next; and the features of that."""

from functools import lru_cache
from typing import Final, NamedTuple

from parsers.tags import FIELDS, LABEL_TAGS


class Context(NamedTuple):
    """What has been read so far, as far as it tells what may come next."""

    before: str = "begin"
    last: str = "begin"
    field: str = "-"
    field_gap: str = "-"
    label: str = "-"
    used: bool = False
    lines: int = 0
    owner: str = "-"
    clients: int = 0
    numbers: int = 0
    agents: int = 0
    units: int = 0
    later: bool = False


START: Final = Context()


def step(context: Context, symbol: str, gap: str) -> Context:
    """Return the context behind a symbol: a tag, or what an other word says."""
    line = gap in ("line", "paragraph")
    lines = min(context.lines + 1, 2) if line else context.lines
    if symbol in FIELDS:
        clients, numbers, agents, units, later = (
            context.clients, context.numbers, context.agents, context.units, context.later
        )  # fmt: skip
        if (symbol == "C" and clients and numbers) or (symbol == "P" and numbers >= max(clients, 1)):
            clients = numbers = 0
            agents, units, later = min(agents, 1) * 2, min(units, 1) * 2, True
        clients = min(clients + (symbol == "C"), 3)
        numbers = min(numbers + (symbol == "P"), 3)
        agents = 1 if symbol == "A" else agents
        units = 1 if symbol == "U" else units
        owner = symbol if symbol in ("C", "A") else context.owner
        return Context(context.last, symbol, symbol, "-", context.label, True, lines, owner, clients, numbers, agents,
                       units, later)  # fmt: skip
    before = context.before if symbol == context.last else context.last
    width = _wider(context.field_gap, gap)
    if symbol in LABEL_TAGS:
        owner = _OWNERS.get(symbol, context.owner)
        return context._replace(before=context.last, last=symbol, field_gap=width, label=symbol, used=False, lines=0,
                                owner=owner)  # fmt: skip
    return context._replace(before=before, last=symbol, field_gap=width, lines=lines)


_OWNERS: Final = {"LC": "C", "LP": "C", "LA": "A", "LQ": "A", "LS": "S"}
_WIDTH: Final = {
    name: width
    for width, names in enumerate(
        [("-", "glued"), ("blank", "sign", "dot", "dash", "open", "close", "slash", "bar"), ("comma", "stop"), ("colon",),
         ("line", "colon-line"), ("paragraph",)]
    )
    for name in names
}  # fmt: skip


def _wider(one: str, other: str) -> str:
    return one if _WIDTH.get(one, 1) >= _WIDTH.get(other, 1) else other


@lru_cache(maxsize=8192)
def context_features(context: Context, gap: str, coarse: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the features of a place: those for every tag, and those for fields only (pitfall 1)."""
    c = context
    every = (
        f"t:{c.last}:{gap}",
        f"t2:{c.before}:{c.last}:{gap}",
        f"tf:{c.field}:{_wider(c.field_gap, gap)}:{c.last}",
        f"tl:{c.label}:{c.used:d}:{c.lines}",
        f"to:{c.label}:{c.owner}:{c.used:d}",
        f"tc:{coarse}:{c.last}:{gap}",
        f"tk:{coarse}:{c.label}:{c.used:d}",
        f"tt:{coarse}:{c.last}:{c.field}:{gap}",
    )
    fields = (
        f"g:{c.clients}{c.numbers}{c.agents}{c.units}",
        f"gc:{c.clients}{c.numbers}:{c.field}",
        f"ga:{c.agents}{c.units}:{c.field}:{c.last}",
        f"gl:{c.later:d}:{c.clients}{c.numbers}{c.agents}{c.units}",
        f"gf:{c.field}:{coarse}:{_wider(c.field_gap, gap)}",
        f"gn:{c.clients}{c.numbers}{c.agents}{c.units}:{coarse}",
    )
    return every, fields


def end_features(context: Context) -> tuple[str, ...]:
    """Return the features of the end of a text: what is still missing of the last client."""
    c = context
    return (f"z:{c.clients}{c.numbers}", f"z:{c.clients}{c.numbers}{c.agents}{c.units}{c.later:d}", f"zl:{c.last}")
