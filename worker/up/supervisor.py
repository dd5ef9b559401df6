"""Runs processes together: shows their lines, starts again what dies, and takes all of them along when it ends."""

import contextlib
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

import psutil

from worker.patience import pause_s
from worker.up.console import Console, ConsoleClosedError
from worker.up.guard import Guard, session_members
from worker.up.process import Process

LONGEST_BACKOFF = 30.0
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 8.0
TICK_SECONDS = 0.2
WRONG_USAGE = 2
NEVER = float("inf")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SupervisorError(RuntimeError):
    """A process cannot even be started; the sentence says which and why."""


def backoff(failures: int) -> float:
    """Return the seconds to wait after this many deaths in a row (1 or more): 1, 2, 4 … 30."""
    return pause_s(failures, 1.0, LONGEST_BACKOFF)


def deaths_in_a_row(before: int, ran_seconds: float) -> int:
    """Return the count after another death; one who had run for a healthy minute starts afresh."""
    return 1 if ran_seconds >= HEALTHY_SECONDS else before + 1


@dataclass(frozen=True)
class Program:
    """What to keep running. The others need a `foundation` until they have ended, so it ends after them."""

    name: str
    start: Callable[[], Process]
    foundation: bool = False


@dataclass
class Child:
    """A program's present process, or its last one and the moment at which it gets another."""

    program: Program
    process: Process
    started: float
    deaths: int = 0
    running: bool = True
    """Until its death has been noticed and seen to."""
    due: float = NEVER
    rest: bytes = b""


class Supervisor:
    """Keeps programs running. As a context, it takes over SIGINT, SIGTERM and SIGHUP and leaves no process behind."""

    def __init__(self, guard: Guard, console: Console) -> None:
        """Every process is made known to `guard`; lines and sentences go to `console`."""
        self._guard = guard
        self._console = console
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._previous: dict[signal.Signals, Any] = {}
        self._code = 0
        self._signals = 0
        self._asked = threading.Event()

    @property
    def stopping(self) -> threading.Event:
        """Set from the moment somebody asked to stop."""
        return self._asked

    def request_stop(self, code: int = 0) -> None:
        """Let `run` end with this exit code; the first request counts. Any thread may ask."""
        if not self._asked.is_set():
            self._code = code
            self._asked.set()

    def add(self, program: Program, process: Process | None = None) -> None:
        """Start a program, or take over its `process` that runs already. Raises SupervisorError."""
        try:
            process = process or program.start()
        except OSError as error:
            raise SupervisorError(f"{program.name} cannot be started: {error.strerror}: {error.filename}") from None
        child = Child(program, process, time.monotonic())
        self._children.append(child)
        self._attach(child)

    def run(self) -> int:
        """Watch over everything until somebody asks to stop; then stop all and return the exit code."""
        while not self._asked.is_set() and not self._signals:
            self._read(TICK_SECONDS)
            for child in self._children:
                if child.running and child.process.poll() is not None:
                    self._bury(child)
                    self._after_death(child)
                elif time.monotonic() >= child.due:
                    self._restart(child)
        self._say("stopping")
        self.stop()
        return self._code

    def stop(self) -> None:
        """Ask all to end in their order, kill what has not ended in 8 s, and the foundations after that."""
        self._asked.set()
        for foundation in (False, True):
            children = [each for each in self._children if each.program.foundation == foundation and each.running]
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    child.process.terminate()
            deadline = time.monotonic() + STOP_SECONDS
            # A second Ctrl-C means: at once.
            while time.monotonic() < deadline and self._signals < 2 and any(c.process.poll() is None for c in children):
                self._read(0.05)
            for child in children:
                if child.process.poll() is None:
                    self._say(f"{child.program.name} did not end by itself and is killed.")
                    child.process.kill()
                    child.process.wait()
                self._bury(child)

    def __enter__(self) -> Self:
        """Take over the signals."""
        self._previous = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop what still runs, and give the signals back."""
        self.stop()
        self._selector.close()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing but a count: a handler that prints or takes a lock may interrupt somebody who does the same.
        self._signals += 1

    def _attach(self, child: Child) -> None:
        self._guard.watch(child.process.pid)
        if child.process.stdout:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _restart(self, child: Child) -> None:
        try:
            child.process = child.program.start()
        except OSError as error:
            # It could be started before: out of processes or memory, say. That passes.
            child.deaths += 1
            child.due = time.monotonic() + backoff(child.deaths)
            self._say(f"{child.program.name} cannot be started ({error.strerror}); trying again.")
            return
        child.started, child.running, child.due = time.monotonic(), True, NEVER
        self._attach(child)

    def _bury(self, child: Child) -> None:
        """Take in the last lines of a process that has ended, and end what it left of its session."""
        for orphan in session_members(child.process.pid):
            with contextlib.suppress(psutil.Error):
                orphan.kill()
        self._guard.forget(child.process.pid)
        child.running = False
        if child.process.stdout:
            while self._read_chunk(child):
                pass
            self._show(child, b"\n" if child.rest else b"")
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.process.stdout)
            child.process.stdout.close()

    def _after_death(self, child: Child) -> None:
        code, name = child.process.wait(), child.program.name
        if code == WRONG_USAGE:
            self._say(f"{name} refuses to run as it is set up (exit code 2, see its lines above); stopping everything.")
            self.request_stop(WRONG_USAGE)
            return
        child.deaths = deaths_in_a_row(child.deaths, time.monotonic() - child.started)
        # What the others need is missed from the first moment.
        wait_s = 0.0 if child.program.foundation and child.deaths == 1 else backoff(child.deaths)
        child.due = time.monotonic() + wait_s
        if code >= 0:
            cause = f"ended with code {code}"
        else:
            cause = f"was killed by signal {-code}"
            with contextlib.suppress(ValueError):
                cause = f"was killed by {signal.Signals(-code).name}"
        self._say(f"{name} {cause}; starting it again {f'in {wait_s:.0f} s' if wait_s else 'at once'}.")

    def _read(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            if self._read_chunk(child) == b"":
                # Its output is closed, though it may still run: there is nothing more to wait for here.
                self._selector.unregister(key.fileobj)

    def _read_chunk(self, child: Child) -> bytes | None:
        """Show what the process has said; returns None when it is silent now, b"" when it will say nothing more."""
        if child.process.stdout is None:
            return b""
        chunk = child.process.stdout.read(65536)
        self._show(child, chunk or b"")
        return chunk

    def _show(self, child: Child, chunk: bytes) -> None:
        *lines, child.rest = (child.rest + chunk).split(b"\n")
        for line in lines:
            with self._until_closed():
                self._console.line(child.program.name, line.decode("utf-8", "replace").rstrip("\r"))

    def _say(self, sentence: str) -> None:
        with self._until_closed():
            self._console.say(sentence)

    @contextlib.contextmanager
    def _until_closed(self) -> Iterator[None]:
        try:
            yield
        except ConsoleClosedError:
            self.request_stop()
