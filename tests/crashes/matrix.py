"""The whole matrix, on both databases: `.venv/bin/pytest tests/crashes/matrix.py` (some minutes; not in the suite)."""

from pathlib import Path

import pytest

from tests.crashes.points import POINTS
from tests.crashes.proving import dies_in_one_process, dies_in_real_life
from tests.crashes.real import WHO_DIES
from worker.up.guard import Guard

KINDS = ("sqlite", "postgresql")
REAL = [f"{step}.{side}" for step in WHO_DIES for side in ("before", "after")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_in_one_process(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, kind: str, point: str) -> None:
    """Deaths are exceptions."""
    dies_in_one_process(request, tmp_path, redis_url, kind, point)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", REAL)
def test_in_real_life(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, guard: Guard, kind: str, point: str
) -> None:
    """Deaths are `kill -9`."""
    dies_in_real_life(request, tmp_path, redis_url, guard, kind, point)
