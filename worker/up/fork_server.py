"""`python -m worker.up.fork_server FD MODULE …`: imports once, then forks a process for each request that comes by FD.

What is imported lies in memory once for all of them, and another one starts in a tenth of a second. A request carries a
program's words and environment as JSON, and two descriptors: where its output goes, and where its fate is told, as the
lines `pid N` and `code N`. Nothing is connected, locked or running beside the one thread when it forks.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from setproctitle import setproctitle

LARGEST_REQUEST = 1_000_000
"""Bytes; the system refuses one that is longer than its buffers, and whoever asks hears so."""


@dataclass(frozen=True)
class Request:
    """A program to run: `python FLAGS -m MODULE ARGUMENTS`."""

    argv: list[str]
    environ: dict[str, str]

    def run(self) -> None:
        """Run it as this process's own."""
        os.environ.clear()
        os.environ.update(self.environ)
        time.tzset()
        setproctitle(" ".join(self.argv))
        module, *arguments = self.argv[self.argv.index("-m") + 1 :]
        sys.argv = [module, *arguments]
        gc.enable()
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def serve(channel: socket.socket) -> Request | None:
    """Fork for each request; returns it in the process that is to run it, in the server None once nobody asks more."""
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # Only what has a handler is written to the descriptor.
    signal.set_wakeup_fd(waker.fileno())
    fates: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_ends(fates)
        if channel not in ready:
            continue
        message, given, _, _ = socket.recv_fds(channel, LARGEST_REQUEST, 2)
        if not message:
            return None
        output, fate = given
        try:
            pid = os.fork()
        except OSError:
            pid = None  # The closed descriptors tell whoever asked.
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (channel, woken, waker):
                each.close()
            _take_place(output, fate, others=fates.values())
            return Request(**json.loads(message))
        os.close(output)
        if pid is None:
            os.close(fate)
        else:
            fates[pid] = fate


def _take_place(output: int, fate: int, others: Iterable[int]) -> None:
    for each in others:
        os.close(each)
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.write(fate, b"pid %d\n" % os.getpid())
    os.close(output)
    os.close(fate)


def _tell_ends(fates: dict[int, int]) -> None:
    for pid in list(fates):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            fate = fates.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(fate, b"code %d\n" % os.waitstatus_to_exitcode(status))
            os.close(fate)


def main() -> None:
    """Import each MODULE, call each MODULE:FUNCTION, then serve; what fails here says so where a program needs it."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    setproctitle(" ".join(sys.orig_argv))  # Its room is found before the environment is replaced.
    gc.disable()
    for name in sys.argv[2:]:
        module, _, function = name.partition(":")
        with contextlib.suppress(Exception):
            imported = importlib.import_module(module)
            if function:
                getattr(imported, function)()
    # No collection shall ever write to what is shared.
    gc.freeze()
    request = serve(channel)
    if request:
        request.run()


if __name__ == "__main__":
    main()
