"""The planted bugs of `python -m tests.planted_bugs`: they can be planted in the code as it is, and two are, here."""

from pathlib import Path

import pytest

from tests.planted_bugs.bugs import BUGS, Bug
from tests.planted_bugs.planting import PROJECT, is_caught

CHEAP = [bug for bug in BUGS if "gap" in bug.name or "salt" in bug.name]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_code_is_as_the_bug_expects_and_its_test_is_there(bug: Bug) -> None:
    for edit in bug.edits:
        assert (PROJECT / edit.file).read_text("utf-8").count(edit.right) == 1
        assert edit.right != edit.wrong
    file, *names = bug.caught_by.split("::")
    test = (PROJECT / file).read_text("utf-8")
    assert all(f"class {name}:" in test or f"def {name}(" in test for name in names)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", CHEAP, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug, tmp_path: Path) -> None:
    assert is_caught(bug, tmp_path)
