"""Planted names, words and numbers go through the real system, errors forced at each step, and are nowhere but in the
database: no log, no Redis, no file and no answer holds them, and a whole number is not in the database either.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, select, text

from tests.crashes.proving import database_of
from tests.crashes.real import PROGRAMS, System
from tests.fake_twilio import ACCEPTS_AND_FAILS, FORGETS_AND_FAILS, TOKEN, fake_twilio, refuses
from tests.infrastructure.everywhere import plain_of_redis
from tests.infrastructure.serving import signed_by_twilio
from tests.infrastructure.waiting import eventually
from tests.invariants import at_rest
from tests.sending import AGENT
from worker.store.database import open_engine
from worker.store.schema import inbox, replies
from worker.up.guard import Guard

NAMES = ("钱金丝", "雀鸣翠", "zanarycorp")
NUMBERS = ("13912340987", "15076540321")
PHONES = (AGENT.removeprefix("+86"),)
TEXTS = (
    "报备 钱金丝 13912340987 李四",
    "报备 雀鸣翠 150-7654-0321 李四 zanarycorp",
    "查 钱金丝 139****0987",
    "zanarycorp 13912340987",
    "撤 R77",
)
TABLES = ("reports", "attempts", "deadlines", "inbox")


@contextmanager
def missing(engine: Engine, table: str) -> Iterator[None]:
    """Have a table that is not there, so that whatever needs it fails with a statement full of values."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO hidden"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE hidden RENAME TO {table}"))


class Watcher(threading.Thread):
    """Takes down all that Redis holds, again and again."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.seen: set[bytes] = set()
        self.stop = threading.Event()

    def run(self) -> None:
        with Redis.from_url(self.url) as redis:
            while not self.stop.wait(0.02):
                self.look(redis)
            self.look(redis)

    def look(self, redis: "Redis") -> None:
        for key in redis.scan_iter("*", count=1_000):
            try:
                self.seen |= {key, plain_of_redis(redis, key)}
            except RedisError:
                continue


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_personal_is_anywhere_but_in_the_database(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, guard: Guard, kind: str
) -> None:
    with database_of(request, kind) as url, fake_twilio() as fake:
        engine = open_engine(url)
        system = System(tmp_path, url, redis_url, engine, fake, guard)
        watcher = Watcher(redis_url)
        watcher.start()
        answers: list[str] = []
        try:
            for name in PROGRAMS:
                system.start(name)
            eventually(lambda: _get(system, "/healthz"), "the web is up")
            fake.behave(ACCEPTS_AND_FAILS, FORGETS_AND_FAILS, refuses(21211), refuses(30005))
            for table in TABLES:
                complaints = system.log().count("error=")
                with missing(engine, table):
                    answers += [_text(system, words) for words in TEXTS]
                    answers += [_get(system, path) for path in ("/readyz", "/metrics", "/healthz", f"/{NAMES[0]}")]
                    eventually(partial(_complained, system, complaints), f"somebody misses {table}")
                answers += [_text(system, words) for words in TEXTS]
            eventually(lambda: at_rest(engine), "everything is at rest")
            answers.append(_get(system, "/readyz"))
        finally:
            system.close()
            watcher.stop.set()
            watcher.join()
        said = system.log() + "".join(answers)
        _assert_silent(said.encode(), "log or answer")
        _assert_silent(b"\n".join(watcher.seen), "Redis")
        for path in (path for path in tmp_path.rglob("*") if path.is_file()):
            _assert_silent(path.read_bytes(), path.name)
        _assert_masked(engine)
        engine.dispose()


def _text(system: System, words: str) -> str:
    path, fields = system.text_of(words)
    headers, raw = signed_by_twilio(f"{system.url}{path}", TOKEN, fields)
    try:
        return requests.post(f"{system.url}{path}", raw, headers=headers, timeout=30).text
    except requests.RequestException:
        # The web process is still on its way.
        return ""


def _get(system: System, path: str) -> str:
    try:
        return requests.get(f"{system.url}{path}", timeout=30).text
    except requests.RequestException:
        return ""


def _complained(system: System, before: int) -> bool:
    return system.log().count("error=") > before


def _assert_silent(said: bytes, where: str) -> None:
    for word in (*NAMES, *NUMBERS, *PHONES):
        assert word.encode() not in said, f"{word} stands in {where}"
    for digits in ("0987", "0321"):
        assert not _alone(digits, said.decode("utf-8", "replace")), f"{digits} stands in {where}"


def _alone(digits: str, said: str) -> bool:
    """Tell whether digits stand anywhere by themselves; within an id or a fraction of a second they stand by chance.

    Those looked for begin with a nought, which no process, port or count does.
    """
    return re.search(rf"(?<![0-9a-f.]){digits}(?![0-9a-f])", said) is not None


def _assert_masked(engine: Engine) -> None:
    """The masked form is where it should be, and no digit more."""
    with engine.connect() as connection:
        kept = [str(row) for row in connection.execute(select(inbox.c.text, inbox.c.body))]
        words = connection.execute(select(replies.c.words)).scalars().all()
    assert any("钱金丝" in row and "0987" in row for row in kept)
    assert any("钱金丝139****0987" in said for said in words)
    assert not [row for row in (*kept, *words) if _alone("1234", row) or any(number in row for number in NUMBERS)]
