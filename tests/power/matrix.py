"""Every cut, torn in other ways, on both databases: `.venv/bin/pytest tests/power/matrix.py` (some minutes)."""

from pathlib import Path

import pytest

from tests.infrastructure.databases import Databases
from tests.power.proving import cuts_of, on_postgres, on_sqlite, prove
from worker.up.guard import Guard

pytestmark = pytest.mark.timeout(0)


@pytest.mark.parametrize("seed", range(1, 4))
def test_on_sqlite(tmp_path: Path, redis_url: str, sqlite_databases: Databases, seed: int) -> None:
    """Nothing is lost or repeated."""
    with on_sqlite(tmp_path, sqlite_databases) as machine:
        prove(machine, cuts_of(machine, redis_url, seed=seed), tmp_path, redis_url)


def test_on_postgresql(tmp_path: Path, redis_url: str, guard: Guard) -> None:
    """Nothing is lost or repeated."""
    with on_postgres(tmp_path, guard) as machine:
        prove(machine, cuts_of(machine, redis_url), tmp_path, redis_url)
