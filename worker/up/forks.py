"""Programs of ours are forked from one process that has imported them (`fork_server`), wherever that can be done."""

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO

import psutil

from worker.up.guard import over
from worker.up.process import Process, spawn

CAN_FORK = sys.platform != "darwin"
"""Not on macOS, whose own libraries do not bear a fork without an exec."""
FLAGS: tuple[list[str], ...] = ([], ["-P"])
START_SECONDS = 60.0
"""So long a new server may take for its imports, on a machine that has much else to do."""
UNSEEN = 255
"""The exit code of a process that ended when the server, who would have been told its own, was there no more."""


def flags_of(argv: Sequence[str]) -> list[str] | None:
    """Return the flags of a `python [-P] -m MODULE …` that can be forked; None for any other command line."""
    flags = list(argv[1 : argv.index("-m")]) if "-m" in argv[:-1] else None
    return flags if CAN_FORK and argv[0] == sys.executable and flags in FLAGS else None


class ForkServer:
    """The starter's end of a fork server; `start` makes a new one, also when the last has ended."""

    def __init__(self, flags: Sequence[str], modules: Sequence[str], environ: Mapping[str, str]) -> None:
        """`flags` of Python, which its programs share; `modules` to import; nothing is started yet."""
        self._argv = [sys.executable, *flags, "-m", "worker.up.fork_server"]
        self._modules = list(modules)
        self._environ = environ
        self._flags = list(flags)
        self._channel: socket.socket | None = None

    def start(self) -> Process:
        """Start the server. Raises OSError."""
        self.close()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = [*self._argv, str(theirs.fileno()), *self._modules]
            return spawn(argv, self._environ, pass_fds=[theirs.fileno()])

    def spawn(self, argv: Sequence[str], environ: Mapping[str, str]) -> Process:
        """Start a command line: a process forked from the server where that can be, else executed. Raises OSError."""
        if flags_of(argv) != self._flags:
            return spawn(argv, environ)
        request = json.dumps({"argv": list(argv), "environ": dict(environ)}).encode()
        output, their_output = os.pipe()
        fate, their_fate = os.pipe()
        try:
            if self._channel is None:
                raise _away(argv)
            socket.send_fds(self._channel, [request], [their_output, their_fate])
        except OSError:
            os.close(output)
            os.close(fate)
            raise _away(argv) from None
        finally:
            os.close(their_output)
            os.close(their_fate)
        return Forked(argv, os.fdopen(output, "rb", buffering=0), os.fdopen(fate, "rb", buffering=0))

    def close(self) -> None:
        """Let the server end; what it forked goes on."""
        if self._channel:
            self._channel.close()
            self._channel = None


def _away(argv: Sequence[str]) -> OSError:
    return OSError(errno.EAGAIN, "the process that forks it is away", " ".join(argv))


class Forked:
    """A process that the server forked, and whose fate it tells."""

    def __init__(self, argv: Sequence[str], stdout: IO[bytes], fate: IO[bytes]) -> None:
        """Wait for its number. Raises OSError when there will be none."""
        self.stdout: IO[bytes] | None = stdout
        self.returncode: int | None = None
        self._fate = fate
        ready, _, _ = select.select([fate], [], [], START_SECONDS)
        word, _, number = (fate.readline() if ready else b"").partition(b" ")
        if word != b"pid":
            stdout.close()
            fate.close()
            raise _away(argv)
        self.pid = int(number)
        os.set_blocking(fate.fileno(), False)
        self._orphan: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._orphan = psutil.Process(self.pid)

    def poll(self) -> int | None:
        """Return its exit code, less than zero the signal that killed it; None while it runs."""
        if self.returncode is None:
            told = self._fate.read()
            if told:
                self.returncode = int(told.split()[1])
            elif told == b"" and (self._orphan is None or over(self._orphan)):
                self.returncode = UNSEEN
            if self.returncode is not None:
                self._fate.close()
        return self.returncode

    def wait(self) -> int:
        """Return its exit code once it has ended."""
        while (code := self.poll()) is None:
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)
