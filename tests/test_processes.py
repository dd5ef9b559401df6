"""The worker and sweeper processes as they are really started, through the absences of Redis."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, func, select

from tests.infrastructure import forked
from tests.infrastructure.serving import AGENT, SECRET, SITE_NUMBER, runtime_of
from tests.infrastructure.waiting import eventually
from worker.decide.set_up import open_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.runtime import Runtime
from worker.store.schema import decisions, replies
from worker.up.guard import Guard
from worker.up.redis_server import start_redis

Start = Callable[..., forked.Started]


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def runtime(var: Path, database_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(var, database_url, "")
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
    yield runtime
    runtime.close()


@pytest.fixture
def start(var: Path, log: Path, database_url: str, guard: Guard) -> Iterator[Start]:
    """Return a function that starts `baobei` with these arguments."""
    started: list[forked.Started] = []
    own = {"BAOBEI_VAR": str(var), "DATABASE_URL": database_url, "SECRET_KEY": SECRET}

    def start(*arguments: str) -> forked.Started:
        with log.open("ab") as output:
            process = forked.start(output, os.environ | own, "worker", *arguments)
        started.append(process)
        guard.watch(process.pid)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        guard.forget(process.pid)


def text(runtime: Runtime, number: int) -> None:
    words = f"报备 张三 1381111{number:04} 李四 链家"
    receipt = accept(runtime.engine, Inbound("sandbox", f"m{number}", AGENT, SITE_NUMBER, words))
    assert receipt.site_id is not None
    runtime.bell.ring_decide(receipt.site_id)


def decided(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(decisions)).scalar_one())


def all_sent(engine: Engine) -> bool:
    with engine.connect() as connection:
        return set(connection.execute(select(replies.c.state)).scalars()) == {"sent"}


def ended(process: forked.Started) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def test_a_worker_lives_through_redis_being_away_at_its_start_and_later(
    runtime: Runtime, start: Start, var: Path, log: Path, guard: Guard
) -> None:
    worker = start("work", "decide")
    eventually(lambda: "waiting for Redis" in log.read_text(), "it waits and says so")
    for number in (1, 2):
        redis = start_redis(var, guard)
        text(runtime, number)

        def came(number: int = number) -> bool:
            # The bell is silent for a second after it found Redis away.
            runtime.bell.ring_decide(1)
            return decided(runtime.engine) == number + 1

        eventually(came, "the text is decided")
        redis.stop()
        guard.forget(redis.process.pid)
    assert worker.poll() is None
    assert ended(worker) == 0
    assert "1381111" not in log.read_text()


@pytest.mark.parametrize(("queue", "niceness"), [("decide", 10), ("send", 5)])
def test_a_worker_stands_back_for_the_webhook(
    runtime: Runtime, start: Start, var: Path, guard: Guard, queue: str, niceness: int
) -> None:
    redis = start_redis(var, guard)
    worker = start("work", queue)
    eventually(lambda: runtime.redis.smembers(f"rq:workers:{queue}"), "it listens")
    assert psutil.Process(worker.pid).nice() == min(psutil.Process().nice() + niceness, 19)
    # Where the system weighs sessions, it is its session that stands back: a process's niceness counts within it alone.
    autogroup = Path(f"/proc/{worker.pid}/autogroup")
    if autogroup.exists() and " nice " in (said := autogroup.read_text()):
        assert int(said.split()[-1]) == niceness
    assert ended(worker) == 0
    redis.stop()
    guard.forget(redis.process.pid)


@pytest.mark.parametrize("queue", ["decide", "send"])
def test_a_worker_ends_when_told_to_while_it_waits_for_a_ring(
    runtime: Runtime, start: Start, var: Path, log: Path, guard: Guard, queue: str
) -> None:
    redis = start_redis(var, guard)
    worker = start("work", queue)
    eventually(lambda: runtime.redis.smembers(f"rq:workers:{queue}"), "it listens")
    assert ended(worker) == 0
    assert runtime.redis.smembers(f"rq:workers:{queue}") == set()
    redis.stop()
    guard.forget(redis.process.pid)


def test_a_text_is_answered_by_the_sweeper_alone_without_redis(runtime: Runtime, start: Start, log: Path) -> None:
    sweeper = start("sweep")
    text(runtime, 1)
    eventually(lambda: decided(runtime.engine) == 2 and all_sent(runtime.engine), "the text is answered")
    assert ended(sweeper) == 0
    assert "1381111" not in log.read_text()


def test_a_worker_killed_in_the_middle_loses_nothing(
    runtime: Runtime, start: Start, var: Path, log: Path, guard: Guard
) -> None:
    redis = start_redis(var, guard)
    start("sweep")
    for number in range(6):
        worker = start("work", "decide")
        for part in range(5):
            text(runtime, 10 * number + part)
        if number % 2:
            eventually(lambda: runtime.redis.smembers("rq:workers:decide"), "it listens")
        worker.kill()
        worker.wait()
    eventually(lambda: decided(runtime.engine) == 31 and all_sent(runtime.engine), "every text is answered")
    redis.stop()
    guard.forget(redis.process.pid)


@pytest.mark.parametrize("arguments", [("work", "decide"), ("sweep",)])
def test_a_wrong_setting_is_a_sentence(arguments: tuple[str, ...]) -> None:
    environ = os.environ | {"REDIS_URL": "http://nowhere"}
    done = subprocess.run([sys.executable, "-m", "worker", *arguments], env=environ, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"REDIS_URL" in done.stderr
    assert b"Traceback" not in done.stderr
