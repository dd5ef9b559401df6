"""What a measure tells, and the sizes that it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.stack.place import Server
from worker.up.guard import Guard


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much each measure does; `QUICK` only shows that the command works."""

    burst_s: float = 6.0
    connections: tuple[int, ...] = (16, 64)
    slow: int = 64
    """connections beside them that send a byte a second"""
    texts: int = 3_000
    """undecided ones, for the decide process"""
    jobs: int = 400
    """of each peer"""
    registers: tuple[int, int] = (1_000, 1_000_000)
    replies: int = 1_500
    rates: tuple[float, ...] = (60.0, 250.0)
    steady_s: float = 30.0
    quiet: int = 20
    flood: int = 10_000
    flood_s: float = 10.0
    remembered: int = 10_000
    """texts before the memory is measured"""
    idle_s: float = 20.0
    patience_s: float = 60.0
    """after which what has not happened is told as such"""


QUICK = Sizes(1.0, (4,), 4, 200, 40, (100, 10_000), 100, (20.0,), 3.0, 4, 200, 2.0, 300, 3.0, 30.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure; `value` None means that it could not be measured, and `note` says why.

    `better`: of a ratio which hardly depends on the machine, whether more is better, or less; empty for any other.
    """

    measure: str
    database: str
    name: str
    value: float | None
    unit: str = ""
    better: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """Return by what the baseline knows it."""
        return f"{self.measure} · {self.database} · {self.name}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a measure gets: the database, where it may leave files, and whom it tells how far it is."""

    server: Server
    folder: Path
    guard: Guard
    sizes: Sizes
    tell: Callable[[str], None]
    peers: Sequence[str] = field(default=())
    """whom to compare with; empty: all"""

    def figure(self, measure: str, name: str, value: float | None, unit: str = "", **more: str) -> Figure:
        """Return a figure of this database."""
        return Figure(measure, self.server.kind, name, value, unit, **more)


def share(values: Sequence[float], part: float) -> float:
    """Return the value below which this part of the values lies; of none it is not a number."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")
