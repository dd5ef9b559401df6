"""A small process that outlives its starter, even one killed with -9, and then ends what the starter had started.

The starter holds the only write end of a pipe. While it lives it tells the guard which processes are its own; when the
pipe closes, for whatever reason, the guard ends all of those and then itself. This needs nothing of the operating
system but pipes and sessions, so Linux and macOS serve alike.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

GRACE_SECONDS = 3.0


class Guard:
    """The starter's end of the pipe. Every process to be guarded must be the leader of a session of its own."""

    def __init__(self, keep_open: Iterable[int] = ()) -> None:
        """Start the guard; it keeps the file descriptors `keep_open` (a lock, say) open until its work is done."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.up.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )

    def watch(self, pid: int) -> None:
        """End this session when we are gone."""
        self._tell(f"watch {pid}")

    def forget(self, pid: int) -> None:
        """This session has ended; its number may soon be somebody else's."""
        self._tell(f"forget {pid}")

    def remove(self, folder: Path) -> None:
        """Remove this folder once everything has ended."""
        self._tell(f"remove {folder}")

    def close(self) -> None:
        """End whatever is still watched, and wait for that."""
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Self:
        """Return the guard itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the guard."""
        self.close()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the guard has no pipe")
        # A guard that somebody killed cannot help any more; what it guarded still runs, and goes on.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(os.fsencode(line) + b"\n")
            self._process.stdin.flush()


def session_members(leader: int) -> list[psutil.Process]:
    """Return the processes of this session, and the leader's descendants should they have left it."""
    found = {process for process in psutil.process_iter() if _session_of(process.pid) == leader}
    if _session_of(leader) == leader:
        with contextlib.suppress(psutil.Error):
            found |= set(psutil.Process(leader).children(recursive=True))
    return list(found - {psutil.Process()})


def end_sessions(leaders: Iterable[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask each leader to end (SIGTERM); after the grace, or once it has gone, kill what remains of its session."""
    leaders = list(leaders)
    members = [member for leader in leaders for member in session_members(leader)]
    asked = [member for member in members if member.pid in leaders]
    for process in asked:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _await_end(asked, grace_seconds)
    late = [member for leader in leaders for member in session_members(leader)]
    for process in {*members, *late}:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _await_end({*members, *late}, grace_seconds)


def _await_end(processes: Iterable[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not all(over(process) for process in processes):
        time.sleep(0.02)


def over(process: psutil.Process) -> bool:
    """Tell whether a process has ended."""
    # One that has ended, but whose parent has not looked after it yet, will not get any more ended.
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def main() -> None:
    """Note what the starter says until it is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ended by these, it could not do what it is for.
    watched: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin.buffer:
        word, _, rest = os.fsdecode(line.rstrip(b"\n")).partition(" ")
        if word == "watch":
            watched.add(int(rest))
        elif word == "forget":
            watched.discard(int(rest))
        elif word == "remove":
            folders.add(rest)
    end_sessions(watched)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
