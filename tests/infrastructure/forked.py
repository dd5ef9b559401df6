"""The program's processes in tests, forked from one that has imported it, as `baobei up` forks them."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import IO

from worker.cli.up import IMPORTED, LOADED
from worker.up.forks import FLAGS, Forked, ForkServer

LOOK_S = 0.01
BESIDES = ("worker.processes.sweeper", "worker.processes.worker", "worker.cli.gateway")
"""What a Procfile's programs import on their way, each by itself."""


class Started(Forked):
    """A forked process, to be treated as one of `subprocess.Popen`."""

    def wait(self, timeout: float = float("inf")) -> int:
        """Return its exit code once it has ended. Raises TimeoutExpired after `timeout` seconds."""
        until = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOK_S)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._send(number)


class Server(ForkServer):
    """A fork server whose programs write into files."""

    def start_into(self, log: IO[bytes], argv: list[str], environ: Mapping[str, str]) -> Started:
        """Start a program, its output added to a file. Raises OSError."""
        assert isinstance(self._channel, socket.socket)
        request = json.dumps({"argv": argv, "environ": dict(environ)}).encode()
        fate, their_fate = os.pipe()
        try:
            socket.send_fds(self._channel, [request], [log.fileno(), their_fate])
        finally:
            os.close(their_fate)
        return Started(argv, BytesIO(), os.fdopen(fate, "rb", buffering=0))


@cache
def _server() -> Server:
    server = Server(FLAGS[0], [*IMPORTED, LOADED, *BESIDES], os.environ | {"PYTHONPATH": os.getcwd()})
    process = server.start()

    def end() -> None:
        server.close()
        process.wait()

    atexit.register(end)
    return server


def start(log: IO[bytes], environ: Mapping[str, str], *module_and_arguments: str) -> Started:
    """Start `python -m MODULE ARGUMENTS` as leader of a session of its own, its output added to a file."""
    return _server().start_into(log, [sys.executable, "-m", *module_and_arguments], environ)
