"""The table of tests/ASVS.md names tests that exist."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
NAMED = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")


def test_every_test_that_the_table_names_exists() -> None:
    rows = [line for line in (FOLDER / "ASVS.md").read_text(encoding="utf-8").splitlines() if line.startswith("| V")]
    assert len(rows) > 20
    assert [row for row in rows if not NAMED.search(row)] == []
    named = NAMED.findall("\n".join(rows))
    assert [(module, test) for module, test in named if not exists(module, test)] == []


def exists(module: str, test: str) -> bool:
    path = FOLDER / module
    return path.is_file() and f"def {test}" in path.read_text(encoding="utf-8")
