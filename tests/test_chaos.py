"""A short run of `python -m tests.chaos`: real processes, killed and stopped under load, lose and repeat nothing."""

import pytest

from tests.chaos.run import run


@pytest.mark.timeout(300)
def test_a_short_run_breaks_no_promise() -> None:
    said: list[str] = []
    result = run("sqlite", 4, 5.0, said.append)
    assert result.broken == []
    assert result.texts > 0
    assert said
