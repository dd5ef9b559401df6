"""Plants a bug in a copy of the project and runs the test that is to catch it there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.planted_bugs.bugs import Bug

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("parsers", "worker", "webhook", "tests", "pyproject.toml", "Procfile")
TESTS_FAILED = 1


def plant(bug: Bug, folder: Path) -> None:
    """Copy the project into a folder and change there what the bug changes. Raises ValueError if that is not there."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    for edit in bug.edits:
        path = folder / edit.file
        text = path.read_text("utf-8")
        if text.count(edit.right) != 1:
            raise ValueError(f"{edit.file} does not hold exactly once: {edit.right}")
        path.write_text(text.replace(edit.right, edit.wrong), "utf-8")


def is_caught(bug: Bug, folder: Path) -> bool:
    """Plant a bug and tell whether its test fails."""
    plant(bug, folder)
    # Run as a module, so that the copy in the working folder comes before the installed project.
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *bug.caught_by.split()]
    # A run of its own, which shares nothing with one that it is a part of.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(words, cwd=folder, env=environ, capture_output=True, check=False)
    return done.returncode == TESTS_FAILED
