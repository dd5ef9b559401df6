"""Runs a Procfile under the supervisor alone: `python -m tests.infrastructure.supervised FOLDER [FOUNDATION]`.

FOLDER holds the Procfile and the lock; FOUNDATION is the name of the entry that the others need. PATIENCE in the
environment replaces the seconds that a process gets to end by itself. What the Procfile starts by `python -m` is forked
from a server, which is called `forks`.
"""

import os
import sys
from functools import partial
from pathlib import Path

from worker.lock import var_lock
from worker.up import supervisor
from worker.up.console import Console
from worker.up.forks import ForkServer, flags_of
from worker.up.guard import Guard
from worker.up.procfile import read_procfile
from worker.up.supervisor import Program, Supervisor


def main() -> int:
    """Run until a signal or a refusal."""
    folder, foundation = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    supervisor.STOP_SECONDS = float(os.environ.get("PATIENCE", supervisor.STOP_SECONDS))
    console = Console(sys.stdout, os.environ)
    with var_lock(folder) as lock, Guard(keep_open=[lock]) as guard, Supervisor(guard, console) as running:
        lines = {entry.name: entry.argv(os.environ, sys.executable) for entry in read_procfile([folder])}
        server = ForkServer([], [], os.environ)
        if any(flags_of(argv) == [] for argv in lines.values()):
            running.add(Program("forks", server.start, foundation=True))
        for name, argv in lines.items():
            running.add(Program(name, partial(server.spawn, argv, os.environ), name == foundation))
        return running.run()


if __name__ == "__main__":
    sys.exit(main())
