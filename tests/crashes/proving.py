"""One crash and what must be true after it, in one process and in real life."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.crashes.journey import Journey
from tests.crashes.real import System
from tests.fake_twilio import FakeTwilio, fake_twilio
from tests.infrastructure.databases import Databases
from tests.invariants import forwarded, weigh
from tests.sending import StandingClock
from worker.store.database import open_engine
from worker.up.guard import Guard


def dies_in_one_process(request: pytest.FixtureRequest, folder: Path, redis_url: str, kind: str, point: str) -> None:
    """Prove it with exceptions for deaths."""
    with journey_on(request, folder, redis_url, kind) as journey:
        assert journey.travel(point), "the journey does not come by this point"
        assert_nothing_lost_or_repeated(journey.runtime.engine, journey.acknowledged, journey.fake)
        assert forwarded(journey.runtime.engine) == 1
        assert len(journey.acknowledged) == 11


def dies_in_real_life(
    request: pytest.FixtureRequest, folder: Path, redis_url: str, guard: Guard, kind: str, point: str
) -> None:
    """Prove it with `kill -9`."""
    with database_of(request, kind) as url, fake_twilio() as fake:
        engine = open_engine(url)
        system = System(folder, url, redis_url, engine, fake, guard)
        try:
            system.dies_at(point)
        finally:
            system.close()
        assert_nothing_lost_or_repeated(engine, system.acknowledged, fake)
        assert "138****5678" not in system.log()
        engine.dispose()


def assert_nothing_lost_or_repeated(engine: Engine, acknowledged: set[str], fake: FakeTwilio) -> None:
    """Fail unless every promise was kept. The fake's list is honest, so no reply may have gone out twice."""
    counts = weigh(engine, acknowledged, fake.sent)
    assert counts.broken == []
    assert (counts.lost, counts.out_of_order, counts.duplicates, counts.resent) == (0, 0, 0, 0)


@contextmanager
def journey_on(request: pytest.FixtureRequest, folder: Path, redis_url: str, kind: str) -> Iterator[Journey]:
    """Begin a journey on a fresh database."""
    with database_of(request, kind) as url, fake_twilio() as fake:
        journey = Journey(folder, url, redis_url, fake, StandingClock(datetime.now(UTC)))
        try:
            yield journey
        finally:
            journey.close()


@contextmanager
def database_of(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """Yield the URL of a fresh, migrated database of a kind."""
    databases: Databases = request.getfixturevalue(f"{kind}_databases")
    yield databases.create()
    databases.drop()
