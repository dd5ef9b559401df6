"""The whole running product, measured from outside: real processes, real HTTP, databases that wait for the disk.

`python -m tests.benchmarks.bench_stack` takes about a quarter of an hour and prints each figure when it has it. Compare
the ratios, which hardly depend on the machine; they are held against tests/benchmarks/baseline.json. What did not come
about in its time is printed as such. PostgreSQL runs with fsync and synchronous_commit on, SQLite as the program sets
it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.stack import report
from tests.benchmarks.stack.figures import QUICK, Figure, Setting, Sizes
from tests.benchmarks.stack.measures import decide, end_to_end, memory, send, webhook
from tests.benchmarks.stack.place import MeasureError, Server
from tests.infrastructure.databases import PostgresDatabases, SqliteDatabases
from tests.infrastructure.postgres import start_postgres
from worker.up.guard import Guard

BASELINE = Path(__file__).with_name("baseline.json")
DATABASES = ("sqlite", "postgresql")
MEASURES: Mapping[str, Callable[[Setting], Iterator[Figure]]] = {
    "webhook": webhook.measure,
    "decide": decide.measure,
    "send": send.measure,
    "end-to-end": end_to_end.measure,
    "kills": end_to_end.kills,
    "memory": memory.measure,
}
ON_DISK = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "autovacuum": "on",
}
"""PostgreSQL's own defaults, which the tests do without."""


def main() -> int:
    """Measure what the command line asks for; return 1 when a ratio fell."""
    given = _arguments()
    figures: list[Figure] = []
    try:
        for figure in _measured(given):
            print(report.line(figure), flush=True)
            figures.append(figure)
            if given.json:
                report.write_json(figures, given.json)
    except KeyboardInterrupt:
        print("Broken off; everything that was started has ended.", file=sys.stderr)
        return 130
    if given.markdown:
        print(*report.markdown(figures), sep="\n")
    if given.write_baseline:
        report.renew(figures, BASELINE)
        return 0
    worse = [] if given.quick else [*report.fallen(figures, BASELINE)]
    print(*worse, sep="\n")
    return 1 if worse else 0


def _measured(given: argparse.Namespace) -> Iterator[Figure]:
    began = time.monotonic()
    with ExitStack() as stack:
        # Short, because a socket's path must be; not in memory, where nothing waits for the disk.
        folder = Path(tempfile.mkdtemp(prefix="baobei-bench-", dir="/var/tmp"))
        guard = stack.enter_context(Guard())
        guard.remove(folder)
        for kind in given.database or DATABASES:
            server = server_of(kind, folder, guard, stack)
            for name in given.only or MEASURES:

                def tell(sentence: str, kind: str = kind) -> None:
                    print(f"[{time.monotonic() - began:4.0f} s] {kind}: {sentence}", file=sys.stderr, flush=True)

                setting = Setting(server, folder, guard, _sizes(given), tell, given.peer or ())
                try:
                    yield from MEASURES[name](setting)
                except (MeasureError, OSError) as error:
                    yield Figure(name, kind, "broken off", None, note=str(error))


def server_of(kind: str, folder: Path, guard: Guard, stack: ExitStack) -> Server:
    """Return the server of a kind; PostgreSQL as it waits for its disk."""
    if kind == "sqlite":
        return Server(kind, SqliteDatabases(folder))
    postgres = start_postgres(guard, settings=ON_DISK)
    stack.callback(postgres.stop)
    databases = PostgresDatabases(postgres.url)
    stack.callback(databases.close)
    return Server(kind, databases, postgres.process.pid)


def _sizes(given: argparse.Namespace) -> Sizes:
    chosen = asdict(QUICK if given.quick else Sizes())
    asked = {name: getattr(given, name) for name in chosen}
    changed = {name: tuple(v) if isinstance(v, list) else v for name, v in asked.items() if v is not None}
    return Sizes(**chosen | changed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench_stack", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measure; may be given again")
    parser.add_argument("--database", action="append", choices=DATABASES, help="this one; may be given again")
    parser.add_argument("--peer", action="append", help="compare with this one only; may be given again")
    parser.add_argument("--quick", action="store_true", help="a handful of texts, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--markdown", action="store_true", help="print the figures as a table of README's kind, too")
    parser.add_argument("--write-baseline", action="store_true", help=f"renew {BASELINE.name} by this run's ratios")
    for name, usual in asdict(Sizes()).items():
        kind, number = (type(usual[0]), "+") if isinstance(usual, tuple) else (type(usual), None)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, nargs=number, help=f"instead of {usual}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
