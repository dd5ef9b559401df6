"""Programs that are forked from one process which has imported them: each as if it had been started by itself."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.infrastructure.waiting import eventually, gone
from worker.cli.up import IMPORTED
from worker.up.forks import UNSEEN, ForkServer, flags_of
from worker.up.guard import Guard
from worker.up.process import Process

TELLS = """
import gc, json, os, psutil, random, signal, sys, threading, time
print(json.dumps({
    "argv": sys.argv[1:],
    "title": " ".join(psutil.Process().cmdline()).strip(),
    "environ": dict(os.environ),
    "zone": time.tzname[0],
    "folder": os.getcwd(),
    "read": sys.stdin.read(),
    "session": os.getsid(0),
    "parent": os.getppid(),
    "signals": [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)],
    "collecting": gc.isenabled(),
    "random": random.random(),
    "threads": threading.active_count(),
    "files": [n for n in range(256) if os.path.exists(f"/proc/self/fd/{n}")],
    "imported": sorted(sys.modules),
}))
"""
SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
ENDS = "import sys; sys.exit(int(sys.argv[1]))"
RAISES = "raise RuntimeError('no paper left')"

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not bear a fork without an exec")


class Forks:
    """A fork server, with a folder of programs that it can run."""

    def __init__(self, folder: Path, guard: Guard, *modules: str) -> None:
        self._guard = guard
        self.environ = os.environ | {"PYTHONPATH": f"{os.getcwd()}:{folder}", "PYTHONUNBUFFERED": "1"}
        self.server = ForkServer(["-P"], modules, self.environ)
        self.start()

    def start(self) -> None:
        """Start the server, also once more."""
        self.process = self.server.start()
        self._guard.watch(self.process.pid)

    def run(self, *words: str, **environ: str) -> Process:
        """Run one of the programs."""
        process = self.server.spawn([sys.executable, "-P", "-m", *words], self.environ | environ)
        self._guard.watch(process.pid)
        return process

    def close(self) -> None:
        """End the server."""
        self.server.close()
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, program in {"tells": TELLS, "sleeps": SLEEPS, "ends": ENDS, "raises": RAISES}.items():
        (tmp_path / f"{name}.py").write_text(program)
    return tmp_path


@pytest.fixture
def forks(folder: Path, guard: Guard) -> Iterator[Forks]:
    with closing(Forks(folder, guard, "no_such_module", "raises")) as forks:
        yield forks


def said(process: Process) -> bytes:
    assert process.stdout
    with process.stdout as stdout:
        return stdout.read()


def told(process: Process) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(process))
    assert process.wait() == 0
    return found


def end(process: Process) -> None:
    process.kill()
    process.wait()
    said(process)


def test_a_program_finds_itself_as_if_it_had_been_executed(forks: Forks) -> None:
    process = forks.run("tells", "a b", "c", ONLY_HERE="1", TZ="Asia/Shanghai")
    found = told(process)
    assert found["argv"] == ["a b", "c"]
    assert found["title"] == f"{sys.executable} -P -m tells a b c"
    assert found["environ"] == forks.environ | {"ONLY_HERE": "1", "TZ": "Asia/Shanghai"}
    assert (found["zone"], found["folder"], found["read"]) == ("CST", os.getcwd(), "")
    assert (found["session"], found["parent"]) == (process.pid, forks.process.pid)
    assert found["signals"] == [signal.SIG_DFL, signal.SIG_DFL]
    assert found["collecting"]


def test_what_is_imported_beforehand_holds_no_thread_and_no_file(folder: Path, guard: Guard) -> None:
    with closing(Forks(folder, guard, *IMPORTED)) as forks:
        found = told(forks.run("tells"))
    assert set(IMPORTED) <= set(found["imported"])
    assert found["threads"] == 1
    # Input, output and errors: no connection, lock or pipe is anybody else's too.
    assert found["files"] == [0, 1, 2]


def test_two_programs_draw_different_numbers_and_know_nothing_of_each_other(forks: Forks) -> None:
    first, second = told(forks.run("tells", ONLY_HERE="1")), told(forks.run("tells"))
    assert first["random"] != second["random"]
    assert "ONLY_HERE" not in second["environ"]


@pytest.mark.parametrize("code", [0, 2, 7])
def test_the_exit_code_is_told(forks: Forks, code: int) -> None:
    process = forks.run("ends", str(code))
    assert said(process) == b""
    assert (process.wait(), process.returncode) == (code, code)


def test_an_error_is_told_as_ever(forks: Forks) -> None:
    process = forks.run("raises")
    assert said(process).splitlines()[-1] == b"RuntimeError: no paper left"
    assert process.wait() == 1


@pytest.mark.parametrize(("how", "number"), [("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)])
def test_one_that_is_ended_has_the_signal_for_a_code(forks: Forks, how: str, number: signal.Signals) -> None:
    process = forks.run("sleeps")
    assert process.poll() is None
    getattr(process, how)()
    assert process.wait() == -number
    said(process)


def test_a_server_that_is_killed_harms_nobody_and_another_takes_its_place(forks: Forks) -> None:
    first = forks.run("sleeps")
    before = forks.process
    end(before)
    assert first.poll() is None
    with pytest.raises(OSError, match="the process that forks it is away"):
        forks.run("sleeps")
    forks.start()
    second = forks.run("sleeps")
    assert psutil.Process(second.pid).ppid() == forks.process.pid != before.pid
    # Nobody could tell how it ends; that it has ended is seen all the same.
    first.kill()
    assert first.wait() == UNSEEN
    said(first)
    end(second)


def test_a_server_ends_when_nobody_can_ask_it_any_more_and_its_programs_go_on(forks: Forks) -> None:
    process = forks.run("sleeps")
    forks.server.close()
    assert forks.process.wait() == 0
    assert process.poll() is None
    end(process)
    assert gone(process.pid)


def test_what_cannot_be_forked_is_executed(forks: Forks) -> None:
    process = forks.server.spawn([sys.executable, "-c", "import os; print(os.getppid())"], forks.environ)
    assert int(said(process)) == os.getpid()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["-m", "webhook"], []),
        (["-P", "-m", "worker", "work", "send"], ["-P"]),
        (["-O", "-m", "webhook"], None),
        (["web.py", "-m"], None),
        (["-m"], None),
        ([], None),
    ],
)
def test_only_a_module_run_by_this_python_can_be_forked(words: list[str], flags: list[str] | None) -> None:
    assert flags_of([sys.executable, *words]) == flags
    assert flags_of(["another-python", *words]) is None


def test_one_that_ends_tells_so_while_the_server_waits_for_nothing_else(forks: Forks) -> None:
    process = forks.run("ends", "3")
    assert eventually(process.poll, "the exit code") == 3
    said(process)
