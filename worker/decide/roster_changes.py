"""What a list of people would change on a roster: by the same fold, on what is only read, line by line (R26)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Engine

from worker.decide.set_up import SiteRow
from worker.rules.model import Listed, Message, Site, Unit
from worker.rules.setup import decide_setup
from worker.rules.state import State
from worker.rules.turn import Turn
from worker.store.database import reading
from worker.store.facts import load

Kind = Literal["new", "changed", "ends", "same"]
FIELDS = ("name", "unit", "from_day", "to_day", "aliases")
"""What of a line people see."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of the roster before and after; `before` None: the phone was never on it."""

    kind: Kind
    before: Listed | None
    after: Listed

    @property
    def fields(self) -> tuple[str, ...]:
        """Return which of FIELDS are others than before."""
        return tuple(name for name in FIELDS if getattr(self.before, name, None) != getattr(self.after, name))


@dataclass(frozen=True, slots=True)
class RosterChanges:
    """What becomes of every line of a list, in its order, and of units.

    `units`: those that the site did not have; `named`: (before, after) of those that get further names by it.
    """

    lines: tuple[LineChange, ...]
    units: tuple[Unit, ...]
    named: tuple[tuple[Unit, Unit], ...] = ()

    def of(self, kind: Kind) -> list[LineChange]:
        """Return the lines of a kind."""
        return [change for change in self.lines if change.kind == kind]


def roster_changes(engine: Engine, site: SiteRow, people: Sequence[Mapping[str, Any]], now: datetime) -> RosterChanges:
    """Return what putting these people on the roster would change at `now`; nothing is written."""
    state = State(Site.from_json(site.state))
    with reading(engine).connect() as connection:
        state.load(load(connection, site.id, Unit))
        state.load(load(connection, site.id, Listed))
    known, units, today = dict(state.roster), dict(state.units), state.day(now)
    decide_setup(Turn(state, Message(0, now, "roster", "", payload={"people": people})))
    lines = [_change(known.get(person["phone"]), state.roster[person["phone"]], today) for person in people]
    named = ((units[key], unit) for key, unit in state.units.items() if unit != units.get(key, unit))
    return RosterChanges(
        tuple(lines), tuple(unit for key, unit in state.units.items() if key not in units), tuple(named)
    )


def _change(before: Listed | None, after: Listed, today: date) -> LineChange:
    if before is None:
        return LineChange("new", None, after)
    over, was_over = after.over(today), before.over(today)
    if over and not was_over:
        return LineChange("ends", before, after)
    if was_over and not over:
        return LineChange("new", before, after)
    changed = LineChange("changed", before, after)
    return changed if changed.fields else LineChange("same", before, after)
