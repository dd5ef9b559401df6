"""The supervisor with real processes: shown, started again, and none left behind however it ends."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.infrastructure.waiting import eventually, gone
from worker.up.console import Console, ConsoleClosedError
from worker.up.guard import end_sessions
from worker.up.supervisor import backoff, deaths_in_a_row

T = TypeVar("T")

# Each notes its process number in a file of the folder that it is started in, and goes on until it is ended.
SLEEPER = (
    "import os, time; open('{name}.' + str(os.getpid()), 'w'); print('here is {name}', flush=True); time.sleep(600)"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
# A job of RQ's worker runs in a process group of its own, which a signal to the worker's group does not reach.
WITH_OFFSPRING = "import os; os.fork() or os.setpgrp(); " + SLEEPER
CRASHING = (
    "import os, time\nopen('crasher.' + str(os.getpid()), 'w')\n"
    "if os.fork() == 0:\n    os.setpgrp()\n    open('orphan.' + str(os.getpid()), 'w')\n    time.sleep(600)\n"
    "while not any(name.startswith('orphan.') for name in os.listdir('.')):\n    time.sleep(.01)\n"
    "while not os.path.exists('crash-now'):\n    time.sleep(.01)\nos._exit(7)"
)
LAST_WORDS = (
    "import os, signal, sys, time\n"
    "def end(*_):\n    print('{name} ends', flush=True)\n    sys.exit()\n"
    "signal.signal(signal.SIGTERM, end)\nprint('here is {name}', flush=True)\ntime.sleep(600)"
)


class Supervised:
    """A supervisor on a folder of Python programs; one Procfile entry for each."""

    def __init__(
        self, folder: Path, programs: dict[str, str], foundation: str = "", patience: str = "8", way: str = "{}.py"
    ) -> None:
        """Write the programs and the Procfile, and start; `way`: how Python is given a program."""
        self.folder = folder
        for name, program in programs.items():
            (folder / f"{name}.py").write_text(program.replace("{name}", name))
        (folder / "Procfile").write_text("".join(f"{name}: python {way.format(name)}\n" for name in programs))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.infrastructure.supervised", str(folder), foundation],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.getcwd(), "PATIENCE": patience, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pids(self, name: str, count: int = 1) -> set[int]:
        """Return the numbers of the processes that this program has had, once there are so many."""
        noted = eventually(lambda: len(found := self._noted(name)) >= count and found, f"{count} of {name}")
        return noted or set()

    def _noted(self, name: str) -> set[int]:
        return {int(path.suffix[1:]) for path in self.folder.glob(f"{name}.*") if path.suffix != ".py"}

    def line(self, containing: str) -> str:
        """Return the next line that contains this."""
        assert self.process.stdout
        for line in self.process.stdout:
            if containing in line:
                return line
        raise AssertionError(f"the output ended without {containing!r}")

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and what was printed from then on."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


Start = Callable[..., Supervised]


@pytest.fixture(params=["{}.py", "-m {}"], ids=["executed", "forked"])
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Yield a function that starts a supervisor; whatever a failing test leaves of it is ended."""
    started: list[Supervised] = []

    def start_one(programs: dict[str, str], foundation: str = "", patience: str = "8") -> Supervised:
        started.append(Supervised(tmp_path, programs, foundation, patience, request.param))
        return started[-1]

    yield start_one
    for one in started:
        end_sessions([one.process.pid])
        one.process.wait()
        if one.process.stdout:
            one.process.stdout.close()


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (5000, 30)])
def test_the_wait_doubles_up_to_half_a_minute(deaths: int, seconds: int) -> None:
    assert backoff(deaths) == seconds


@pytest.mark.parametrize(("before", "ran", "deaths"), [(0, 0.1, 1), (3, 59.9, 4), (3, 60.0, 1), (0, 3600.0, 1)])
def test_a_healthy_minute_makes_up_for_earlier_deaths(before: int, ran: float, deaths: int) -> None:
    assert deaths_in_a_row(before, ran) == deaths


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_the_exit_code_is_0(start: Start, number: signal.Signals) -> None:
    running = start({"web": SLEEPER, "send": WITH_OFFSPRING})
    pids = running.pids("web") | running.pids("send", 2)
    code, _ = running.end(number)
    assert code == 0
    assert gone(*pids)


def test_each_line_carries_the_name_of_who_said_it(start: Start) -> None:
    running = start({"web": SLEEPER, "send": "import sys; sys.stderr.write('café 房\\nno end'); sys.exit(2)"})
    code = running.process.wait(60)
    assert running.process.stdout
    lines = running.process.stdout.read().splitlines()
    assert "send    | café 房" in lines
    assert "send    | no end" in lines
    assert code == 2


def test_one_that_dies_is_started_again_and_a_sentence_says_so(start: Start) -> None:
    running = start({"web": SLEEPER, "send": SLEEPER})
    [first], [web] = running.pids("send"), running.pids("web")
    os.kill(first, signal.SIGKILL)
    assert "send was killed by SIGKILL; starting it again in 1 s." in running.line("starting it again")
    pids = running.pids("send", 2)
    assert not gone(*(pids - {first}))
    assert not gone(web)
    running.end(signal.SIGTERM)
    assert gone(*pids)


def test_a_foundation_is_started_again_at_once_the_first_time(start: Start) -> None:
    running = start({"redis": SLEEPER}, foundation="redis")
    killed: set[int] = set()
    for count, moment in (1, "at once"), (2, "in 2 s"):
        noted = running.pids("redis", count) - killed
        killed |= noted
        os.kill(noted.pop(), signal.SIGKILL)
        assert f"redis was killed by SIGKILL; starting it again {moment}." in running.line("starting it again")


def test_one_that_keeps_dying_waits_longer_each_time(start: Start) -> None:
    running = start({"send": "raise SystemExit(7)"})
    assert "send ended with code 7; starting it again in 1 s." in running.line("again")
    assert "send ended with code 7; starting it again in 2 s." in running.line("again")


def test_what_a_dead_process_leaves_is_ended_before_it_is_started_again(start: Start) -> None:
    running = start({"send": CRASHING})
    orphan = running.pids("orphan")
    (running.folder / "crash-now").touch()
    running.pids("crasher", 2)
    assert gone(*orphan)


def test_one_that_refuses_its_set_up_stops_everything(start: Start) -> None:
    after_web = "import glob, time\nwhile not glob.glob('web.[0-9]*'): time.sleep(.01)\n"
    running = start({"web": SLEEPER, "send": after_web + "print('SECRET_KEY is wrong.'); raise SystemExit(2)"})
    assert "SECRET_KEY is wrong." in running.line("SECRET_KEY")
    assert "send refuses to run as it is set up" in running.line("refuses")
    assert running.process.wait(60) == 2
    assert gone(*running.pids("web"))


def test_one_that_will_not_end_is_killed(start: Start) -> None:
    running = start({"web": STUBBORN}, patience="0.2")
    pids = running.pids("web")
    code, output = running.end(signal.SIGTERM)
    assert (code, gone(*pids)) == (0, True)
    assert "web did not end by itself and is killed." in output


def test_a_second_signal_does_not_wait(start: Start) -> None:
    running = start({"web": STUBBORN, "send": LAST_WORDS}, patience="100000")
    pids = running.pids("web")
    running.line("here is send")
    running.process.send_signal(signal.SIGINT)
    running.line("send ends")
    code, _ = running.end(signal.SIGINT)
    assert (code, gone(*pids)) == (0, True)


def test_a_foundation_ends_after_those_who_need_it(start: Start) -> None:
    running = start({"redis": LAST_WORDS, "web": LAST_WORDS, "send": LAST_WORDS}, foundation="redis")
    for _ in range(3):
        running.line("here is")
    _, output = running.end(signal.SIGTERM)
    ends = [line.split()[0] for line in output.splitlines() if "ends" in line]
    assert sorted(ends[:2]) == ["send", "web"]
    assert ends[2:] == ["redis"]


def test_nothing_survives_a_supervisor_that_is_killed(start: Start) -> None:
    running = start({"web": SLEEPER, "send": WITH_OFFSPRING})
    pids = running.pids("web") | running.pids("send", 2)
    running.end(signal.SIGKILL)
    eventually(lambda: gone(*pids), "the end of all that the killed supervisor had started")


def test_a_closed_output_stops_everything(start: Start) -> None:
    running = start({"web": "import time\nwhile True:\n    print('line', flush=True)\n    time.sleep(.01)"})
    running.line("line")
    assert running.process.stdout
    running.process.stdout.close()
    assert running.process.wait(60) == 0


def test_a_folder_has_one_supervisor_at_a_time(start: Start) -> None:
    first = start({"web": SLEEPER})
    first.pids("web")
    second = start({"web": SLEEPER})
    assert second.process.wait(60) != 0
    assert f"Another `baobei up` (process {first.process.pid}) is running on" in second.line("Another")


def test_a_folder_is_free_again_as_soon_as_a_killed_supervisor_is_cleared_away(start: Start) -> None:
    first = start({"web": STUBBORN})
    left = first.pids("web")
    first.end(signal.SIGKILL)
    second = start({"send": SLEEPER})
    second.pids("send")
    assert gone(*left)


@pytest.mark.parametrize(
    ("terminal", "environ", "line"),
    [
        (False, {}, "web     | hello\n"),
        (True, {}, "\x1b[33mweb     |\x1b[0m hello\n"),
        (True, {"NO_COLOR": "1"}, "web     | hello\n"),
    ],
)
def test_colour_is_for_terminals(terminal: bool, environ: dict[str, str], line: str) -> None:
    out = io.StringIO()
    out.isatty = lambda: terminal  # type: ignore[method-assign]
    Console(out, environ).line("web", "hello")
    assert out.getvalue() == line


def test_a_narrow_encoding_still_shows_the_rest() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    Console(out, {}).say("报备 R1")
    out.seek(0)
    assert out.buffer.read() == b"baobei  | ?? R1\n"


def test_a_closed_console_says_so() -> None:
    out = io.StringIO()
    console = Console(out, {})
    out.close()
    with pytest.raises(ConsoleClosedError):
        console.say("hello")
