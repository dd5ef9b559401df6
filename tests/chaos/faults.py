"""What goes wrong: processes killed and stopped, Redis emptied and killed, the database restarted or held."""

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psutil
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from tests.infrastructure.postgres import PostgresServer
from worker.up.redis_server import SERVERS

LONGEST_STOP_S = 6.0
NAMES = {
    "web": "[baobei-web]",
    "decide": "work decide",
    "send": "work send",
    "sweeper": "hasty sweep",
    "redis": "valkey-server",
}


@dataclass
class Faults:
    """Does one thing wrong at a time to the processes under a supervisor."""

    supervisor: psutil.Process
    redis_url: Callable[[], str]
    database_url: str
    postgres: PostgresServer | None
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def strike(self) -> str:
        """Do one; return what it was."""
        what = self.chance.choice([*self._kinds()])
        with suppress(psutil.Error, RedisError, sqlite3.Error):
            what()
        name = what.__name__.strip("_").replace("_", " ")
        self.done[name] += 1
        return name

    def _kinds(self) -> Iterator[Callable[[], None]]:
        yield from (self._kill_a_web_worker, self._kill_a_web_worker, self._kill_web, self._kill_decide)
        yield from (self._kill_send, self._kill_send, self._kill_sweeper, self._kill_redis, self._empty_redis)
        yield from (self._stop_and_continue, self._stop_and_continue)
        yield self._restart_postgresql if self.postgres else self._hold_sqlite

    def _all(self, name: str) -> list[psutil.Process]:
        found = []
        for process in self.supervisor.children(recursive=True):
            with suppress(psutil.Error):
                if NAMES[name] in " ".join(process.cmdline()) or (name == "redis" and process.name() in SERVERS):
                    found.append(process)
        return sorted(found, key=lambda process: process.pid)

    def _kill(self, name: str) -> None:
        for process in self._all(name)[:1]:
            process.kill()

    def _kill_a_web_worker(self) -> None:
        workers = self._all("web")[1:]
        if workers:
            self.chance.choice(workers).kill()

    def _kill_web(self) -> None:
        self._kill("web")

    def _kill_decide(self) -> None:
        self._kill("decide")

    def _kill_send(self) -> None:
        self._kill("send")

    def _kill_sweeper(self) -> None:
        self._kill("sweeper")

    def _kill_redis(self) -> None:
        self._kill("redis")

    def _empty_redis(self) -> None:
        with closing(Redis.from_url(self.redis_url(), socket_timeout=1)) as redis:
            redis.flushall()

    def _stop_and_continue(self) -> None:
        found = self._all(self.chance.choice([*NAMES]))
        if not found:
            return
        victim = self.chance.choice(found)
        victim.suspend()
        time.sleep(self.chance.random() * LONGEST_STOP_S)
        victim.resume()

    def _restart_postgresql(self) -> None:
        assert self.postgres is not None
        self.postgres.restart(self.chance.choice((signal.SIGQUIT, signal.SIGINT)))

    def _hold_sqlite(self) -> None:
        path = str(make_url(self.database_url).database)
        with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(self.chance.random() * LONGEST_STOP_S / 2)
            connection.execute("ROLLBACK")
