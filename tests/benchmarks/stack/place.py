"""Where the product runs to be measured: `baobei up` with a fresh database, a fake Twilio, and clients, each a process.

Everything lies in a folder of its own and ends with the place, also when the benchmark is killed.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tests.benchmarks.stack.load import Plan, Post
from tests.benchmarks.stack.processes import cpu_by_name, cpu_s, family, pss_mb
from tests.benchmarks.stack.texts import ACCOUNT, MANAGER, MESSAGES, NUMBER, TOKEN, mask, roster
from tests.infrastructure.databases import Databases
from tests.infrastructure.ports import free_port
from worker.cli.up import answers
from worker.decide.set_up import SiteRow, open_site, put
from worker.store.database import open_engine
from worker.up.guard import Guard, end_sessions

PROGRAMS: Mapping[str, str] = {
    "web": "python -m webhook",
    "decide": "python -m worker work decide",
    "send": "python -m worker work send",
    "sweeper": "python -m worker sweep",
}
START_S = 60.0
Process = subprocess.Popen[bytes]


class MeasureError(RuntimeError):
    """What was to be measured did not come about; the sentence is printed in the figure's place."""


@dataclass
class Server:
    """The database server of a kind; `pid` is PostgreSQL's."""

    kind: str
    databases: Databases
    pid: int | None = None


@dataclass
class Running:
    """A load on its way."""

    process: Process
    result: Path

    def posts(self, seconds: float) -> list[Post]:
        """Wait for its end, and return what became of each text. Raises MeasureError."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise MeasureError(f"the client did not end within {seconds:.0f} s") from None
        if code:
            raise MeasureError(f"the client ended with code {code}")
        return [Post(**post) for post in json.loads(self.result.read_text())]


@dataclass
class Place:
    """The folder, the database with one site, and whatever was started there."""

    folder: Path
    database_url: str
    server: Server
    guard: Guard
    engine: Engine
    site: SiteRow
    port: int = field(default_factory=free_port)
    twilio: str = ""
    """The address of the fake one, once it runs."""
    _started: list[Process] = field(default_factory=list)
    measured: list[Process] = field(default_factory=list)
    """The product, or what is compared with it."""
    more: dict[str, str] = field(default_factory=dict)
    """Further variables."""
    _before: dict[int, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables of the product."""
        own = {
            "PYTHONPATH": os.getcwd(),
            "BAOBEI_VAR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "PUBLIC_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": self.twilio or "http://127.0.0.1:9",
            "LOG_LEVEL": "WARNING",
        }
        return os.environ | own | self.more

    def start(self, *words: str, measured: bool = False, **options: Any) -> Process:
        """Start a Python process that ends with the place; its lines go to a log in the folder.

        A `measured` one is part of the product, or of what is compared with it.
        """
        with (self.folder / f"{len(self._started)}.log").open("wb") as log:
            given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": self.environ}
            process = subprocess.Popen(
                [sys.executable, *words], cwd=self.folder, start_new_session=True, **given | options
            )
        self.guard.watch(process.pid)
        self._started.append(process)
        if measured:
            self.measured.append(process)
        return process

    def stop(self, *processes: Process, grace_s: float = 12.0) -> None:
        """End processes, killing what does not in time; all that were started here when none is named."""
        for process in processes or tuple(reversed(self._started)):
            end_sessions([process.pid], grace_s)
            process.wait()
            self.guard.forget(process.pid)
            self._started.remove(process)
            if process in self.measured:
                self.measured.remove(process)

    def said(self, process: Process) -> str:
        """Return the last line that a process has written to its log."""
        lines = (self.folder / f"{self._started.index(process)}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def start_twilio(self, delay_s: float = 0.0) -> None:
        """Start the fake Twilio, which answers after so many seconds."""
        words = ("-m", "tests.benchmarks.stack.gateway", str(delay_s))
        process = self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        self.twilio = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def start_product(self, programs: Sequence[str] = tuple(PROGRAMS)) -> Process:
        """Start `baobei up` with these of its programs and return once the web process, or its Redis, is there."""
        lines = [f"{name}: {PROGRAMS[name]}\n" for name in programs]
        (self.folder / "Procfile").write_text("".join(lines))
        words = ("-m", "worker", "up", "--var", str(self.folder), "--port", str(self.port))
        up = self.start(*words, measured=True)
        health = "readyz" if set(programs) == {*PROGRAMS} else "healthz"
        heard: Callable[[], object] = self.redis_url
        if "web" in programs:
            heard = partial(answers, f"{self.url}/{health}")
        until(heard, START_S, "the product did not start", every_s=0.1)
        return up

    def redis_url(self) -> str:
        """Return the address of the product's Redis; empty until there is one."""
        path = self.folder / "redis_url"
        return path.read_text("utf-8").strip() if path.exists() else ""

    def load(self, plan: Plan) -> Running:
        """Start a client, and return once it has begun to send."""
        result = self.folder / f"load-{plan.first}.json"
        words = ("-m", "tests.benchmarks.stack.load", json.dumps(asdict(plan)), str(result))
        process = self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        self.begin()
        process.stdin.write(b"go\n")
        process.stdin.flush()
        return Running(process, result)

    def texts(self, first: int, count: int, connections: int, **options: Any) -> Plan:
        """Return a plan that posts texts to this place."""
        return Plan(f"{self.url}{MESSAGES}", connections, count, first, **options)

    def asked(self, path: str) -> dict[str, Any]:
        """Return what the fake Twilio tells at this path."""
        with urllib.request.urlopen(f"{self.twilio}{path}", timeout=30) as answer:  # noqa: S310 - a server of our own
            told: dict[str, Any] = json.load(answer)
            return told

    def answered(self, wanted: Sequence[int], seconds: float) -> dict[int, float]:
        """Wait until these texts are answered, or `seconds` are over; return when each answer was there."""
        end = time.monotonic() + seconds
        clients = {mask(i): i for i in wanted}
        while True:
            told = self.asked("/answers")
            found = {clients[client]: at for client, at in told.items() if client in clients}
            if len(found) == len(clients) or time.monotonic() > end:
                return found
            time.sleep(0.25 if len(clients) < 20_000 else 2.0)

    def told_back(self, seconds: float) -> bool:
        """Wait until the fake Twilio has reported on every message, or `seconds` are over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            tally = self.asked("/tally")
            if tally["callbacks"] + tally["callbacks refused"] >= 2 * tally["posts"]:
                return True
            time.sleep(0.2)
        return False

    # ---- What the processes use --------------------------------------------------------------------------------------

    def processes(self) -> dict[int, str]:
        """Return the measured processes, and PostgreSQL's, by their names."""
        pids = [process.pid for process in self.measured]
        return family(*pids, *([self.server.pid] if self.server.pid else []))

    def begin(self) -> None:
        """Count CPU from now on."""
        self._before = cpu_s(self.processes())

    def used_s(self) -> dict[str, float]:
        """Return the seconds of CPU by name since `begin`."""
        return cpu_by_name(self.processes(), self._before)

    def memory_mb(self) -> dict[str, float]:
        """Return the proportional set size by name."""
        return pss_mb(self.processes())


def until(condition: Callable[[], object], seconds: float, otherwise: str, every_s: float = 0.05) -> None:
    """Return once the condition holds. Raises MeasureError when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise MeasureError(f"{otherwise} within {seconds:.0f} s")
        time.sleep(every_s)


@contextmanager
def place(server: Server, folder: Path, guard: Guard) -> Iterator[Place]:
    """Have a fresh database with one site of many agents; nothing runs yet."""
    with ExitStack() as stack:
        home = folder / f"place-{free_port()}"
        home.mkdir()
        url = server.databases.create()
        engine = open_engine(url)
        stack.callback(server.databases.drop)
        stack.callback(engine.dispose)
        site = open_site(engine, "翡翠湾", NUMBER, {"manager": [MANAGER]}, "twilio")
        put(engine, site, "roster", {"people": roster()})
        made = Place(home, url, server, guard, engine, site)
        try:
            yield made
        finally:
            made.stop()
