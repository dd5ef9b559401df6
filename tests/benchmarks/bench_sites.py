"""What many sites cost while nothing happens: `python -m tests.benchmarks.bench_sites 100`.

CPU of founding them, and of a round of the sweeper, which comes every two seconds: the least of several.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import click

from tests.infrastructure.serving import runtime_of
from worker.decide.set_up import open_site
from worker.processes.sweeper import EVERY_S, Sweeper
from worker.runtime import Runtime
from worker.store.revisions import migrate

ROUNDS = 12


@click.command()
@click.argument("count", default=100)
def main(count: int) -> None:
    """Found COUNT sites on SQLite and print what they cost."""
    with TemporaryDirectory() as folder:
        var = Path(folder)
        migrate(f"sqlite:///{var}/baobei.sqlite")
        # Nobody listens there: the bell is not what is measured.
        runtime = runtime_of(var, "", f"unix://{var}/none.sock")
        founding = 0.0
        for number in range(count):
            founding += _cpu_of(partial(_found, runtime, number))
            click.echo(f"\r{number + 1} of {count} sites", nl=False, err=True)
        now = [0.0]
        sweeper = Sweeper(runtime, Event(), lambda: now[0])
        rounds = []
        for _ in range(ROUNDS):
            rounds.append(_cpu_of(sweeper.sweep))
            now[0] += EVERY_S
        runtime.close()
    # Alarms are looked for in every fifth round.
    click.echo(
        f"\r{count} sites: {founding:.1f} s of CPU to found them; a round of the sweeper {min(rounds) * 1_000:.1f} ms,"
    )
    click.echo(f"with a look for alarms {min(rounds[5::5]) * 1_000:.1f} ms")


def _found(runtime: Runtime, number: int) -> None:
    manager = {"manager": [f"+86138001{number:05d}"]}
    open_site(runtime.engine, f"湾{number}", f"+86138000{number:05d}", manager, "sandbox")


def _cpu_of(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


if __name__ == "__main__":
    main()
