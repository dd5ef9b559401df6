"""`python -m tests.nightly`: the property tests with fresh seeds, round after round; what is found is kept.

The suite tries the same examples each time. Here every round has a seed of its own, twenty times as many examples where
a test does not fix their number, and makes small what it finds. A round that fails leaves `SEED.txt`, with
the failing example and the command that shows it again; hypothesis keeps the example itself in `.hypothesis/` and
tries it first the next time. Exits with 1 if any round failed.
"""

import argparse
import secrets
import subprocess
import sys
import time
from pathlib import Path

SUBJECTS = (
    "regime_properties",
    "order",
    "machine",
    "reading",
    "parse",
    "moments",
    "moves",
    "numbers",
    "planning",
    "spool",
    "status",
)
PROPERTIES = tuple(f"tests/test_{subject}.py" for subject in (*SUBJECTS, "no_row"))
"""The modules that draw their examples."""


def command(seed: int) -> list[str]:
    """Return what plays one round."""
    words = ["-m", "pytest", "-n", "0", "-q", "--timeout", "0", "-p", "no:cacheprovider"]
    return [sys.executable, *words, "--hypothesis-profile", "thorough", f"--hypothesis-seed={seed}", *PROPERTIES]


def main(words: list[str]) -> int:
    """Play rounds until the time is over, at least one; return 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.nightly", description=__doc__)
    parser.add_argument("--minutes", type=float, default=240, help="no round begins after these (%(default)s)")
    parser.add_argument("--keep", type=Path, default=Path("var/nightly"), help="where failures go (%(default)s)")
    options = parser.parse_args(words)
    until, found, rounds = time.monotonic() + options.minutes * 60, 0, 0
    while not rounds or time.monotonic() < until:
        found += not _holds(secrets.randbelow(2**32), options.keep)
        rounds += 1
    print(f"{rounds - found} of {rounds} rounds held")
    return int(found > 0)


def _holds(seed: int, keep: Path) -> bool:
    """Play one round and tell whether everything held; if not, what it said is kept."""
    played = subprocess.run(command(seed), capture_output=True, text=True, check=False)
    print(f"seed {seed}: {played.stdout.strip().splitlines()[-1]}", flush=True)
    if played.returncode == 0:
        return True
    keep.mkdir(parents=True, exist_ok=True)
    (keep / f"{seed}.txt").write_text(f"{' '.join(command(seed))}\n\n{played.stdout}{played.stderr}", "utf-8")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
