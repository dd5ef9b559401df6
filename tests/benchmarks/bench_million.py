"""Pages, files and proof of a long register, while texts come in: `python -m tests.benchmarks.bench_million [TEXTS]`.

A line is decided by the real rules (1,000,000 texts take the better part of an hour), `baobei up` runs on it, and a
client posts texts at a steady rate. Each page is asked for six times, the slowest of the last five counts; each command
runs in a process of its own, whose CPU and largest memory are taken, and beside it the webhook's p99, held against that
of the same rate while nothing else goes on. Two sizes tell what grows: nothing but the seconds should.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from tests.benchmarks.bench_stack import server_of
from tests.benchmarks.stack.figures import share
from tests.benchmarks.stack.load import Post
from tests.benchmarks.stack.place import Place, Server
from tests.fixtures.long_line import fill
from tests.infrastructure.visiting import enrol, log_in
from webhook.app import create_app
from worker.accounts.users import ROLES
from worker.clock import utc_now
from worker.readers.health import health_of
from worker.readers.metrics import Metrics, scrape
from worker.readers.register import STATUSES
from worker.runtime import open_runtime
from worker.settings import load_settings
from worker.store.database import open_engine
from worker.store.schema import claims
from worker.up.guard import Guard

CONNECTIONS = 16
ALONE_S = 20.0
LONGEST_S = 3_600
COMMANDS: dict[str, tuple[str, ...]] = {
    "export as CSV": ("register", "--format", "csv", "--output", "register.csv"),
    "export as JSON": ("register", "--format", "json", "--output", "register.json"),
    "export as XLSX": ("register", "--format", "xlsx", "--output", "register.xlsx"),
    "audit": ("audit",),
    "backup": ("backup", "backup.sqlite"),
    "retention": ("retention",),
    "audit behind the seal": ("audit", "--since-seal"),
}


def main() -> None:
    """Measure one database after another."""
    given = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baobei-bench-", dir="/var/tmp")))
        guard = stack.enter_context(Guard())
        for kind in given.database or ("sqlite", "postgresql"):
            server = server_of(kind, folder, guard, stack)
            for count in given.texts or (10_000, 100_000):
                home = folder / f"{kind}-{count}"
                home.mkdir()
                print(f"{kind}, {count:,} texts", flush=True)
                for line in _measured(server, home, guard, count, given.rate):
                    print(f"  {line}", flush=True)


def _measured(server: Server, home: Path, guard: Guard, count: int, rate: float) -> Iterator[str]:
    url = server.databases.create()
    engine = open_engine(url)
    site = fill(engine, count, utc_now())
    place = Place(home, url, server, guard, engine, site)
    place.more["PUBLIC_URL"] = place.url
    try:
        place.start_product()
        alone = _p99(place.load(place.texts(0, int(ALONE_S * rate) + 1, CONNECTIONS, rate=rate)).posts(120))
        yield f"webhook p99 at {rate:.0f} texts/s, alone: {1000 * alone:.0f} ms"
        first = 100_000
        yield from _beside(place, first, rate, alone, "pages", _pages(place))
        for name, words in COMMANDS.items():
            first += 100_000
            yield from _beside(place, first, rate, alone, name, _command(place, words))
    finally:
        place.stop()
        engine.dispose()
        server.databases.drop()


def _beside(place: Place, first: int, rate: float, alone: float, name: str, act: Iterator[str]) -> Iterator[str]:
    """Yield what something takes while texts come in, and the webhook's p99 meanwhile."""
    load = place.load(place.texts(first, int(LONGEST_S * rate), CONNECTIONS, rate=rate, seconds=LONGEST_S))
    yield from (f"{name}: {line}" for line in act)
    ended = time.monotonic()
    # It writes what it has when it is told to end.
    load.process.terminate()
    p99 = _p99([post for post in load.posts(60) if post.sent < ended])
    yield f"{name}: webhook p99 meanwhile {1000 * p99:.0f} ms, {p99 / alone:.1f} times that alone"


def _p99(posts: Sequence[Post]) -> float:
    return share([post.answered - post.due for post in posts if post.answered], 0.99)


def _command(place: Place, words: Sequence[str]) -> Iterator[str]:
    """Yield what a command takes, with its last line when it fails."""
    began, memory_mb = time.monotonic(), 0.0
    with (place.folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", *words], cwd=place.folder, env=place.environ, stdout=said, stderr=said
        )
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        # Not of getrusage, which counts the memory of the process that it was forked from.
        most = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        memory_mb = max(memory_mb, int(most[1]) / 1024 if most else 0.0)
        time.sleep(0.1)
    _, status, usage = os.wait4(process.pid, 0)
    seconds, cpu_s = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    yield f"{seconds:.1f} s, {cpu_s:.1f} s of CPU, {memory_mb:.0f} MB at the most"
    if status:
        yield f"ended with {os.waitstatus_to_exitcode(status)}: {(place.folder / 'said').read_text().splitlines()[-1:]}"


# ---- Pages -----------------------------------------------------------------------------------------------------------


def _pages(place: Place) -> Iterator[str]:
    """Yield the five slowest pages, and the readers that run by themselves."""
    runtime = open_runtime(load_settings(place.environ | {"REDIS_URL": place.redis_url()}))
    try:
        enrol(runtime, "benchmark", *ROLES)
        client = create_app(runtime).test_client()
        log_in(client, "benchmark")
        slowest = sorted(((_slowest_ms(client, path), path) for path in pages(place.engine)), reverse=True)
        yield from (f"{ms:.0f} ms {path}" for ms, path in slowest[:5])
        numbers = Metrics(runtime)
        for name, act in (("first scrape", lambda: scrape(numbers)), ("next", lambda: scrape(numbers))):
            began = time.perf_counter()
            act()
            yield f"{1000 * (time.perf_counter() - began):.0f} ms /metrics, {name}"
        began = time.perf_counter()
        health_of(runtime)
        yield f"{1000 * (time.perf_counter() - began):.0f} ms /readyz"
        yield f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    finally:
        runtime.close()


def pages(engine: Engine) -> list[str]:
    """Return every page with what it can be asked for, near either end of the register and in its middle."""
    with engine.connect() as connection:
        newest = connection.execute(select(func.max(claims.c.number))).scalar_one()
        seq = connection.execute(select(claims.c.seq).where(claims.c.number == newest // 2)).scalar_one()
    searches = ("q=张", "q=5678", "q=138****5678", f"q=R{newest // 2}", "q=nobody", "unit=第3分销", "unit=nobody")
    searches += ("q=nobody&status=expired", "q=张&status=live", "unit=第3分销&status=live", "flag=unsure")
    searches += tuple(f"status={status}" for status in (*STATUSES, "none"))
    searches += (
        "q=zs",
        "q=nobody&status=all",
        "q=V5",
        "q=D1",
        "soon=1",
        "sort=ending",
        "sort=ending&q=nobody",
        "sort=oldest",
    )
    searches += ("from=2026-01-01&to=2026-01-31", "from=2026-01-01&q=nobody")
    searches += ("flag=unlisted", "flag=project", f"before={seq}-0", f"after={seq}-0", "before=1000-0")
    return [
        *("/desk", "/desk?q=张", "/desk/1/arrivals", "/desk/1/found?q=5678", "/desk/1/found?q=nobody", "/desk/1/log"),
        *(
            "/cases",
            "/cases/1/waiting",
            "/register",
            "/register/chips?q=nobody",
            *(f"/register?{search}" for search in searches),
        ),
        *(f"/register?status=live&before={seq}-0", f"/register/1/{seq}/0", f"/register/1/{seq}/0?at=2026-01-01T00:00"),
        *("/ops", "/ops/parts/now", "/ops/parts/traffic", "/ops/parts/troubles", f"/ops/texts/1/{seq}"),
    ]


def _slowest_ms(client: FlaskClient, path: str) -> float:
    times = [_ms(client, path) for _ in range(6)]
    return max(times[1:])


def _ms(client: FlaskClient, path: str) -> float:
    began = time.perf_counter()
    assert client.get(path, buffered=True, follow_redirects=True).status_code == 200, path
    return (time.perf_counter() - began) * 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench_million", description=__doc__)
    parser.add_argument("texts", nargs="*", type=int, help="sizes of the line; 10,000 and 100,000 when none is given")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--rate", type=float, default=20.0, help="texts a second that come in meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
