"""A journey with cuts on each kind of database, and what must be true after them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.engine import make_url

from tests.crashes.journey import Journey
from tests.fake_twilio import fake_twilio
from tests.infrastructure.databases import Databases
from tests.infrastructure.postgres import start_postgres
from tests.infrastructure.thrift import PRAGMAS
from tests.power.cuts import Cut, Machine, Outages, assert_clean, look, survive
from tests.power.on_postgres import SEGMENT_MIB, STRICT, PostgresMachine, checkpointed
from tests.power.on_sqlite import SqliteMachine
from tests.sending import StandingClock
from worker.store import database
from worker.store.revisions import migrate
from worker.up.guard import Guard

Steps = Callable[[Journey], Iterable[Callable[[], object]]]
CHECKPOINTS = "wal_autocheckpoint=64"
"""Sixteen times as often as SQLite does by itself, so that a short journey has some, too."""


@contextmanager
def on_sqlite(folder: Path, databases: Databases, **instead: str) -> Iterator[SqliteMachine]:
    """Yield a machine with SQLite as the program sets it, but for what is given `instead` of a PRAGMA's value."""
    kept = {name: instead.get(name, value) for name, _, value in (pragma.partition("=") for pragma in PRAGMAS)}
    pragmas = *(f"{name}={value}" for name, value in kept.items()), CHECKPOINTS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "PRAGMAS", pragmas)
        machine = SqliteMachine.new(folder / "before", Path(str(make_url(databases.create()).database)))
        try:
            yield machine
        finally:
            machine.close()
            databases.drop()


@contextmanager
def on_postgres(folder: Path, guard: Guard) -> Iterator[PostgresMachine]:
    """Yield a machine with a PostgreSQL of its own."""
    server = start_postgres(guard, STRICT, SEGMENT_MIB)
    migrate(server.url)
    (folder / "before").mkdir()
    machine = PostgresMachine(server, "postgres", folder / "before", checkpointed(server))
    try:
        yield machine
    finally:
        machine.close()


def cuts_of(machine: Machine, redis_url: str, steps: Steps = Journey.steps, seed: int = 0) -> list[Cut]:
    """Make a journey on a machine, which is of no use afterwards, and return its cuts."""
    with fake_twilio() as fake:
        journey = Journey(machine.var, machine.url, redis_url, fake, StandingClock(datetime.now(UTC)))
        outages = Outages(machine, journey, Random(seed))
        outages.travel(steps(journey))
    return outages.cuts


def prove(machine: Machine, cuts: Iterable[Cut], folder: Path, redis_url: str, audit_every: int = 1) -> None:
    """Fail unless the program keeps every promise after each of these cuts.

    `audit_every`: how many cuts there are for one audit of what came of them, which takes as long as all else.
    """
    with fake_twilio() as fake:
        for number, (cut, after) in enumerate(_started(machine, cuts, folder)):
            with naming(cut):
                engine = survive(cut, after, redis_url, fake)
                if number % audit_every == 0:
                    assert_clean(engine)
                engine.dispose()


def prove_at_once(machine: Machine, cuts: Iterable[Cut], folder: Path) -> None:
    """Fail unless all that others rely on is there after each of these cuts."""
    for cut, after in _started(machine, cuts, folder):
        with naming(cut):
            look(cut, after)


def _started(machine: Machine, cuts: Iterable[Cut], folder: Path) -> Iterator[tuple[Cut, Machine]]:
    for number, cut in enumerate(cuts):
        after = machine.start_on(cut.image, folder / f"after{number}")
        try:
            yield cut, after
        finally:
            after.close()


@contextmanager
def naming(cut: Cut) -> Iterator[None]:
    """Say in a failure which cut it came of."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"after a cut at {cut.where}: {error}") from error
