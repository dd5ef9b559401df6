"""Rosters for learning: what a site knows is evidence in some texts and absent in others."""

from collections.abc import Sequence
from random import Random

from parsers.edges import NOTHING_KNOWN, Known
from parsers.normalise import fold_for_reading
from tests.learning.samples import Sample


def skeleton(word: str) -> str:
    """Return a word as readers compare it."""
    return fold_for_reading(word).skeleton


def agents_of(sample: Sample) -> set[str]:
    """Return the agents whom a row names."""
    return {skeleton(r["agent"]) for r in sample.expected.get("reports", ()) if r["agent"]}


def units_of(sample: Sample) -> set[str]:
    """Return the units that a row names."""
    return {skeleton(r["distributor"]) for r in sample.expected.get("reports", ()) if r["distributor"]}


def sender_of(sample: Sample) -> str:
    """Return who sends a text: whom the row says, else its first agent."""
    return skeleton(sample.sender) or next(iter(sorted(agents_of(sample))), "")


def knowns_for(samples: Sequence[Sample], random: Random, share: float = 0.5) -> list[Known]:
    """Return for each text what its site knows: nothing, or its own agents and units among many others."""
    people = sorted({a for s in samples for a in agents_of(s)})
    units = sorted({u for s in samples for u in units_of(s)})
    return [_known(s, people, units, random) if random.random() < share else NOTHING_KNOWN for s in samples]


def _known(sample: Sample, people: list[str], units: list[str], random: Random) -> Known:
    listed = agents_of(sample) if random.random() < 0.85 else set()
    own_units = units_of(sample) if random.random() < 0.85 else set()
    others = set(random.sample(people, min(len(people), 40)))
    some_units = set(random.sample(units, min(len(units), 15)))
    sender = sender_of(sample) if random.random() < 0.7 else ""
    return Known(frozenset((listed | others | {sender}) - {""}), frozenset(own_units | some_units), sender)


def full_rosters(samples: Sequence[Sample], random: Random) -> list[Known]:
    """Return for each text a roster with everybody and every unit that it names, and its sender, among many others."""
    people, units = map(sorted, whole_roster(samples))
    out = []
    for sample in samples:
        others = random.sample(people, min(len(people), 150))
        some = random.sample(units, min(len(units), 40))
        named = agents_of(sample) | {sender_of(sample)}
        found = frozenset((named | set(others)) - {""})
        out.append(Known(found, frozenset(units_of(sample) | set(some)), sender_of(sample)))
    return out


def whole_roster(samples: Sequence[Sample]) -> tuple[frozenset[str], frozenset[str]]:
    """Return everybody whom a set of texts names as agent or sender, and every unit."""
    people = {a for s in samples for a in agents_of(s)} | {skeleton(s.sender) for s in samples if s.sender}
    return frozenset(people), frozenset(u for s in samples for u in units_of(s))
