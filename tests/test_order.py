"""Order: the same texts under any schedule of jobs, repeats and aborts come to the same register, on both databases."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import Engine, func, select

from tests.folding import assert_folded, register_hash
from tests.infrastructure.databases import Databases
from tests.schedules import LI, START, Event, Job, Salts, SetUp, Text, histories, play, schedules
from worker.store.database import open_engine
from worker.store.schema import decisions, inbox, replies


@dataclass(frozen=True)
class Both:
    """An engine on each kind of database, and the salts of both."""

    sqlite: Engine
    postgresql: Engine
    salts: Salts


@pytest.fixture
def both(
    sqlite_databases: Databases, postgresql_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Both]:
    salts = Salts()
    monkeypatch.setattr("worker.line.places.secrets", salts)
    engines = [open_engine(databases.create()) for databases in (sqlite_databases, postgresql_databases)]
    yield Both(*engines, salts)
    for engine, databases in zip(engines, (sqlite_databases, postgresql_databases), strict=True):
        engine.dispose()
        databases.drop()


FEW = settings().max_examples // 5  # Each goes through two databases.


@settings(max_examples=FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(  # A change of language in the batch of the text before it.
    [Text("id-0", LI, "张三 138****5678"), SetUp("policy", {"language": "en"})], [None], [Job("decide", 1)]
)
@given(histories, schedules, schedules)
def test_any_schedule_comes_to_the_register_that_the_fold_gives(
    both: Both, history: list[Event], one: list[Job | None], other: list[Job | None]
) -> None:
    on_sqlite = play(both.sqlite, both.salts, history, one)
    on_postgresql = play(both.postgresql, both.salts, history, other)
    for engine, site_id in ((both.sqlite, on_sqlite), (both.postgresql, on_postgresql)):
        assert_in_order(engine, site_id)
        assert_folded(engine, site_id)
    assert register_hash(both.sqlite, on_sqlite) == register_hash(both.postgresql, on_postgresql)


def assert_in_order(engine: Engine, site_id: int) -> None:
    """No gap, times that never fall, one decision each, and no reply twice."""
    with engine.connect() as connection:
        line = connection.execute(select(inbox).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)).all()
        decided = select(func.count()).select_from(decisions).where(decisions.c.site_id == site_id)
        assert connection.execute(decided).scalar_one() == len(line)
        said = connection.execute(select(replies).where(replies.c.site_id == site_id)).all()
    assert [row.seq for row in line] == list(range(1, len(line) + 1))
    times = [row.received_at for row in line]
    assert times == sorted(times)
    assert times[0] == START
    keys = [(row.cause, row.code, row.recipient) for row in said]
    assert len(keys) == len(set(keys))
