"""Kill -9 of the whole web process under load loses no acknowledged text, with the database there and away.

The ledger is the senders': what they got 2xx for. They do what gateways do: a text that got no 2xx is sent again under
its id, and the next one of the same phone is sent only after it.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
from sqlalchemy import Engine, create_engine, func, select, text

from tests.infrastructure.postgres import start_postgres
from tests.infrastructure.serving import open_line, sandbox_request
from tests.infrastructure.waiting import eventually
from tests.infrastructure.web import Web
from worker.store.database import open_engine
from worker.store.revisions import migrate
from worker.store.schema import inbox, sites
from worker.up.guard import Guard, end_sessions

# Each test starts the web process several times, and a machine may be slow.
pytestmark = pytest.mark.timeout(300)

ROUTE = "/gateways/sandbox/messages"
SENDERS = 6
SEED = 20261102

Start = Callable[[str], Web]
Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts the web process on a database, without Redis."""
    webs: list[Web] = []

    def start(database_url: str) -> Web:
        web = Web(tmp_path, DATABASE_URL=database_url, REDIS_URL=f"unix://{tmp_path}/nobody.sock")
        webs.append(web)
        eventually(web.answers, "an answer of the web process")
        return web

    yield start
    for web in webs:
        end_sessions([web.process.pid])
        web.process.wait()


class Senders:
    """Phones that text without a break until told to stop; `acknowledged` is the ledger, phone by phone, in order."""

    def __init__(self, web: Web) -> None:
        """Let each phone have a thread of its own."""
        self._web = web
        self._stop = Event()
        self.acknowledged: list[list[str]] = [[] for _ in range(SENDERS)]
        self._threads = [Thread(target=self._text_away, args=(number,)) for number in range(SENDERS)]

    def __enter__(self) -> "Senders":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; what is on its way is still waited for."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def count(self) -> int:
        """Return how many texts were acknowledged so far."""
        return sum(map(len, self.acknowledged))

    def _text_away(self, phone: int) -> None:
        number = 0
        while not self._stop.is_set():
            message_id = f"p{phone}-{number}"
            if self._send(phone, message_id):
                self.acknowledged[phone].append(message_id)
                number += 1

    def _send(self, phone: int, message_id: str) -> bool:
        headers, body = sandbox_request(From=f"+86139000000{phone:02}", MessageSid=message_id)
        try:
            return self._web.ask("POST", ROUTE, headers, body)[0] == 200
        except (OSError, HTTPException):
            time.sleep(0.01)
            return False


def kill_at_random_moments(web: Web, senders: Senders, chance: random.Random, times: int) -> None:
    """Kill the web process again and again, each time after it has acknowledged something."""
    for _ in range(times):
        before = senders.count()
        eventually(lambda before=before: senders.count() > before + SENDERS, "texts are acknowledged")
        time.sleep(chance.random() * 0.3)
        web.kill()
        web.start()


def check(engine: Engine, senders: Senders) -> None:
    """Compare the line with the ledger."""
    with engine.connect() as connection:
        line = connection.execute(select(inbox).order_by(inbox.c.seq)).all()
        last = connection.execute(select(sites.c.last_seq)).scalar_one()
    assert [row.seq for row in line] == list(range(1, last + 1))
    times = [row.received_at for row in line]
    assert times == sorted(times)
    in_line = [row.provider_id for row in line if row.kind == "text"]
    for phone, acknowledged in enumerate(senders.acknowledged):
        assert acknowledged
        mine = [message_id for message_id in in_line if message_id.startswith(f"p{phone}-")]
        # One more may be in line whose answer the kill cut off.
        assert mine[: len(acknowledged)] == acknowledged
        assert len(mine) <= len(acknowledged) + 1


def texts_in_line(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(inbox)).scalar_one())


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Hold the lock that every text needs, for longer than the web process waits for it."""
    engine = create_engine(database_url) if "postgresql" in database_url else open_engine(database_url)
    with engine.connect() as connection, connection.begin() as transaction:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE sites IN EXCLUSIVE MODE"))
        yield
        transaction.rollback()
    engine.dispose()


class OwnPostgres:
    """A PostgreSQL of one test alone, which may be stopped and started again."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._server = start_postgres(guard)
        self.url = self._server.url

    def end(self) -> None:
        """Stop it, if it runs."""
        self._server.stop()
        self._guard.forget(self._server.process.pid)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it stopped."""
        self.end()
        yield
        self._server = self._server.start_again(self._guard)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have it run and not move: connections stay open, and nothing ever comes."""
        head = psutil.Process(self._server.process.pid)
        head.suspend()
        everybody = [head, *head.children(recursive=True)]
        try:
            for process in everybody:
                # One that was about to end does so.
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
            yield
        finally:
            for process in everybody:
                with suppress(psutil.NoSuchProcess):
                    process.resume()


@contextmanager
def own_postgres(guard: Guard) -> Iterator[OwnPostgres]:
    """Have a PostgreSQL of one's own."""
    server = OwnPostgres(guard)
    try:
        yield server
    finally:
        server.end()


def test_nothing_acknowledged_is_lost_or_overtaken(start: Start, database_url: str, engine: Engine) -> None:
    open_line(engine)
    web = start(database_url)
    with Senders(web) as senders:
        kill_at_random_moments(web, senders, random.Random(SEED), 3)
        eventually(web.answers, "an answer of the web process")
    check(engine, senders)


class TestAway:
    """With the database away: what the spool took is fed in when it is back, killed or not."""

    @pytest.fixture(params=["locked sqlite", "locked postgresql", "stopped postgresql", "frozen postgresql"])
    def place(self, request: pytest.FixtureRequest) -> Iterator[tuple[str, Outage]]:
        """Yield a database's URL, and how to have it away."""
        how, kind = request.param.split()
        if how == "locked":
            url = request.getfixturevalue(f"{kind}_databases").create()
            yield url, lambda: locked(url)
            return
        with own_postgres(request.getfixturevalue("guard")) as server:
            migrate(server.url)
            yield server.url, server.stopped if how == "stopped" else server.frozen

    def test_nothing_acknowledged_is_lost_or_overtaken(
        self, tmp_path: Path, start: Start, place: tuple[str, Outage]
    ) -> None:
        url, away = place
        engine = open_engine(url)
        open_line(engine)
        web = start(url)
        chance = random.Random(SEED)
        with Senders(web) as senders:
            eventually(lambda: texts_in_line(engine) > SENDERS, "texts get into line")
            with away():
                kill_at_random_moments(web, senders, chance, 2)
                kept = len(list((tmp_path / "spool").glob("*.json")))
            # While it is fed, too.
            kill_at_random_moments(web, senders, chance, 2)
        eventually(lambda: not list((tmp_path / "spool").glob("*.json")), "the spool is fed in")
        assert kept > SENDERS
        check(engine, senders)
        engine.dispose()
