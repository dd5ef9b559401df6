"""`python -m tests.planted_bugs`: plants every bug, one after another, and says whether its test catches it."""

import os
import sys
import tempfile
from pathlib import Path

from tests.infrastructure.isolation import clean_environment
from tests.planted_bugs.bugs import BUGS
from tests.planted_bugs.planting import is_caught


def main() -> int:
    """Return 1 if any bug gets away."""
    clean_environment(os.environ)
    escaped = 0
    for bug in BUGS:
        with tempfile.TemporaryDirectory() as folder:
            caught = is_caught(bug, Path(folder))
        escaped += not caught
        print(f"{'caught ' if caught else 'ESCAPED'}  {bug.name}  ({bug.caught_by})", flush=True)
    print(f"{len(BUGS) - escaped} of {len(BUGS)} planted bugs were caught")
    return int(escaped > 0)


if __name__ == "__main__":
    sys.exit(main())
