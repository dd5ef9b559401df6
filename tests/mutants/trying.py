"""Tries mutants: plants each in a copy of the project, and asks the fast tests whether they notice."""

import importlib
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from parsers.parse import parse
from tests.mutants.making import Mutant
from tests.mutants.quick import quick_tests

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("parsers", "worker", "webhook", "tests", "pyproject.toml", "Procfile")
LEFT_OUT = ("learning", "benchmarks", "vendor")
PATIENCE_SECONDS = 300
Ask = Callable[[str, Path], str]
"""Which test of a copy notices what stands in a file? Its name, or nothing."""
FORK = multiprocessing.get_context("fork")


@contextmanager
def copied() -> Iterator[Path]:
    """Yield a folder with a copy of the project, compiled files too; what takes long to load is loaded here."""
    parse("张三 138****5678 王五 贝壳")
    with TemporaryDirectory() as folder:
        for name in COPIED:
            source, target = PROJECT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
            else:
                shutil.copy2(source, target)
        yield Path(folder)


def noticed_by(mutant: Mutant, folder: Path, ask: Ask) -> str:
    """Plant a mutant in a copy, ask, and take it out again; return who noticed it, or nothing."""
    path = folder / mutant.file
    source, times = path.read_text("utf-8"), path.stat()
    path.write_text(mutant.planted(source), "utf-8")
    try:
        return ask(mutant.file, folder)
    finally:
        path.write_text(source, "utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def asked(file: str, folder: Path) -> str:
    """Return which of the fast tests of a copy notices what stands in a file, or nothing."""
    return asked_scenarios(file, folder) or _tests(file, folder)


def asked_scenarios(_file: str, folder: Path) -> str:
    """Play the scenarios in a process of their own that has the parser already and takes worker/ from the copy."""
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_play, args=(folder, there))
    process.start()
    there.close()
    try:
        return str(here.recv()) if here.poll(PATIENCE_SECONDS) else "the time"
    except EOFError:
        return "its end"
    finally:
        process.kill()
        process.join()


def _play(folder: Path, answer: Connection) -> None:
    os.chdir(folder)
    # Whoever asks may have the program loaded already: its tests have.
    for name in [name for name in sys.modules if name.partition(".")[0] in ("worker", "webhook", "tests")]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    # Compiled files are known by second and size, both of which a mutant may share with what it replaces.
    sys.dont_write_bytecode = True
    answer.send(importlib.import_module("tests.mutants.trial").broken_scenario())


def _tests(file: str, folder: Path) -> str:
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            quick_tests(file), cwd=folder, env=environment, capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "the time"
    return "" if done.returncode == 0 else "a test"
