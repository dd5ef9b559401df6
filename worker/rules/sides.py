"""Which side a word of a command names: a unit on the site's list, or the site itself (现场, D3)."""

from worker.rules.identity import fold
from worker.rules.model import WALK_IN
from worker.rules.state import State

ITSELF = ("现场", "案场", "现场客", "site", "walkin")


def side_written(state: State, words: str) -> str | None:
    """Return the unit that words begin with, "walkin" for the site itself; None for one that the site does not know."""
    for written in (words, words.partition(" ")[0]):
        if fold(written) in ITSELF:
            return WALK_IN
        unit = state.unit_named(written) if written else None
        if unit is not None:
            return unit.name
    return None
