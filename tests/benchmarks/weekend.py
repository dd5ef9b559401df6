"""An opening weekend, simulated: `python -m tests.benchmarks.weekend --machines 4`.

A thousand sites open their doors in the same hour; texts climb to a thousand a second, stay there for minutes and ebb
away. Each text costs the CPU time that `bench_stack` measured (its four stages below), and a database server of its
own pays for its statements. Every tenth of a second the machines share out their CPU as the kernel does by the
processes' priorities: texts that come in and callbacks first, deciding next, sending last. A site's line is decided by
one process at a time. What is printed for each minute is what an agent feels: how long his answer took.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

import click

TICK_S = 0.1
HOUR_S = 3_600
OPENING_S, CLIMB_S, HIGH_S, EBB_S = 600, 300, 600, 900
QUIET_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU time of one text with its reply, in ms: on a machine of the product by stage, and on the database's."""

    web: float
    callbacks: float
    decide: float
    send: float
    database: float


@dataclass(slots=True)
class Stage:
    """Texts that wait for a stage, as (when they came, how many), the longest waiting first."""

    ms: float
    waiting: deque[tuple[float, float]] = field(default_factory=deque)

    @property
    def texts(self) -> float:
        """How many wait."""
        return sum(count for _, count in self.waiting)

    def work(self, budget_ms: float, most: float = float("inf")) -> tuple[list[tuple[float, float]], float]:
        """Take as many as the budget and `most` allow; return them, and what is left of the budget in ms."""
        room = min(budget_ms / self.ms, most)
        done: list[tuple[float, float]] = []
        while self.waiting and room > 1e-9:
            came, count = self.waiting.popleft()
            taken = min(count, room)
            room -= taken
            budget_ms -= taken * self.ms
            done.append((came, taken))
            if count > taken:
                self.waiting.appendleft((came, count - taken))
        return done, budget_ms


def rate_at(second: float, highest: float) -> float:
    """Return the texts a second that come in at a moment of the hour."""
    quiet, since = highest * QUIET_SHARE, second - OPENING_S
    if since < 0:
        return quiet
    if since < CLIMB_S:
        return quiet + (highest - quiet) * since / CLIMB_S
    if since < CLIMB_S + HIGH_S:
        return highest
    return max(quiet, highest - (highest - quiet) * (since - CLIMB_S - HIGH_S) / EBB_S)


def at_share(waits: Sequence[tuple[float, float]], share: float) -> float:
    """Return the wait that this share of the texts does not exceed; `waits` are (seconds, texts)."""
    ordered = sorted(waits)
    sums = list(accumulate(count for _, count in ordered))
    return next((wait for (wait, _), total in zip(ordered, sums, strict=True) if total >= share * sums[-1]), 0.0)


def poisson(random: Random, mean: float) -> int:
    """Return how many come where `mean` are expected: beyond a few dozen the normal distribution will do."""
    return max(0, round(random.gauss(mean, mean**0.5)))


@dataclass(slots=True)
class Weekend:
    """The machines and what waits at them."""

    costs: Costs
    machine_ms: float
    """CPU time of all machines of the product in a tick"""
    database_ms: float
    """CPU time of the database's machine in a tick"""
    web: Stage = field(init=False)
    decide: Stage = field(init=False)
    send: Stage = field(init=False)

    def __post_init__(self) -> None:
        """Open the stages; a callback costs the web, and comes when its reply has gone out."""
        self.web, self.decide = Stage(self.costs.web), Stage(self.costs.decide)
        self.send = Stage(self.costs.send + self.costs.callbacks)

    def tick(self, now: float, came: int) -> tuple[list[tuple[float, float]], float]:
        """Go on by one tick; return the answered texts as (seconds waited, texts), and the share of CPU left over."""
        self.web.waiting.append((now, came))
        # The database sees to a text's statements in three parts, of which the door's is a third.
        most = 3 * self.database_ms / self.costs.database
        accepted, left = self.web.work(self.machine_ms, most)
        most -= sum(count for _, count in accepted)
        self.decide.waiting.extend(accepted)
        decided, left = self.decide.work(left, most)
        most -= sum(count for _, count in decided)
        self.send.waiting.extend(decided)
        sent, left = self.send.work(left, most)
        return [(now + TICK_S - when, count) for when, count in sent], left / self.machine_ms


def simulate(weekend: Weekend, highest: float, seed: int, tell: Callable[[str], None]) -> tuple[float, float]:
    """Play the hour and tell every other minute; return the worst p99 of a minute (s) and the most that waited."""
    random = Random(seed)
    worst, deepest = 0.0, 0.0
    came, left, waits = 0, 0.0, list[tuple[float, float]]()
    per_minute = round(60 / TICK_S)
    for tick in range(1, round(HOUR_S / TICK_S) + 1):
        now = tick * TICK_S
        arrived = poisson(random, rate_at(now, highest) * TICK_S)
        answered, spare = weekend.tick(now, arrived)
        came, left = came + arrived, left + spare
        waits += answered
        if tick % per_minute:
            continue
        backlog = weekend.web.texts + weekend.decide.texts + weekend.send.texts
        half, most = at_share(waits, 0.5), at_share(waits, 0.99)
        worst, deepest = max(worst, most), max(deepest, backlog)
        if round(now / 60) % 2 == 0:
            tell(
                f"{now / 60:6.0f} {came / 60:9.0f} {backlog:9.0f} {half:9.1f} {most:9.1f} {1 - left / per_minute:8.0%}"
            )
        came, left, waits = 0, 0.0, []
    return worst, deepest


@click.command(help=__doc__)
@click.option("--machines", default=4, show_default=True, help="of the product, with two cores each")
@click.option("--cores", default=2.0, show_default=True, help="of each machine of the product")
@click.option("--database-cores", default=8.0, show_default=True, help="of the database's machine")
@click.option("--texts", default=1_000.0, show_default=True, help="a second, while it is highest")
@click.option("--web", default=1.2, show_default=True, help="ms of CPU to take a text in")
@click.option("--callbacks", default=1.9, show_default=True, help="ms of CPU for the two callbacks of a reply")
@click.option("--decide", default=2.2, show_default=True, help="ms of CPU to decide a text")
@click.option("--send", default=1.0, show_default=True, help="ms of CPU to send a reply")
@click.option("--database", default=1.8, show_default=True, help="ms of the database's CPU for a text with all of that")
@click.option("--busy", default=0.85, show_default=True, help="share of the cores that is ours to use")
@click.option("--seed", default=1, show_default=True)
def main(
    machines: int, cores: float, database_cores: float, texts: float, web: float, callbacks: float, decide: float,
    send: float, database: float, busy: float, seed: int,
) -> None:  # fmt: skip
    """Print the hour, minute by minute, and what came out."""
    costs = Costs(web, callbacks, decide, send, database)
    tick_ms = 1_000 * TICK_S * busy
    click.echo(f"{'minute':>6} {'texts/s':>9} {'waiting':>9} {'p50 s':>9} {'p99 s':>9} {'busy':>8}")
    weekend = Weekend(costs, machines * cores * tick_ms, database_cores * tick_ms)
    worst, deepest = simulate(weekend, texts, seed, click.echo)
    click.echo(f"\nLongest p99 of a minute: {worst:.1f} s; at most {deepest:.0f} texts waited.")


if __name__ == "__main__":
    main()
