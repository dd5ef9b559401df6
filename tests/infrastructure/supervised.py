"""Runs a Procfile under the supervisor alone: `python -m tests.infrastructure.supervised FOLDER [FOUNDATION]`.

FOLDER holds the Procfile and the lock; FOUNDATION is the name of the entry that the others need. PATIENCE in the
environment replaces the seconds that a process gets to end by itself.
"""

import os
import sys
from pathlib import Path

from worker.lock import var_lock
from worker.up import supervisor
from worker.up.console import Console
from worker.up.guard import Guard
from worker.up.procfile import ProcessLine, read_procfile
from worker.up.supervisor import Program, Supervisor, spawn


def program(entry: ProcessLine, foundation: str) -> Program:
    """Return what the supervisor needs to know about this entry."""
    return Program(
        entry.name, lambda: spawn(entry.argv(os.environ, sys.executable), os.environ), entry.name == foundation
    )


def main() -> int:
    """Run until a signal or a refusal."""
    folder, foundation = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    supervisor.STOP_SECONDS = float(os.environ.get("PATIENCE", supervisor.STOP_SECONDS))
    console = Console(sys.stdout, os.environ)
    with var_lock(folder) as lock, Guard(keep_open=[lock]) as guard, Supervisor(guard, console) as running:
        for entry in read_procfile([folder]):
            running.add(program(entry, foundation))
        return running.run()


if __name__ == "__main__":
    sys.exit(main())
