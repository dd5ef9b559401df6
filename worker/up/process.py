"""A process that we started, however that was done, and the plain way: a command line that is executed."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Protocol


class Process(Protocol):
    """What the supervisor needs of a process; `subprocess.Popen` has it, and so has `forks.Forked`."""

    @property
    def pid(self) -> int:
        """Its number; it leads a session of its own."""

    @property
    def returncode(self) -> int | None:
        """As `poll` found it."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it says, unbuffered."""

    def poll(self) -> int | None:
        """Return its exit code, less than zero the signal that killed it; None while it runs."""

    def wait(self) -> int:
        """Return its exit code once it has ended."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


Start = Callable[[Sequence[str], Mapping[str, str]], Process]
"""Starts a command line in an environment, as leader of a session of its own. Raises OSError."""


def spawn(argv: Sequence[str], environ: Mapping[str, str], pass_fds: Sequence[int] = ()) -> "subprocess.Popen[bytes]":
    """Execute a command line as leader of a session of its own, its output on one pipe. Raises OSError."""
    return subprocess.Popen(  # noqa: S603 - the Procfile's own words
        argv,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        bufsize=0,
        pass_fds=pass_fds,
    )
