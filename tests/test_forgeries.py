"""Requests that nobody signed: no row anywhere, but a small record of how many, and of the URL checked."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from redis import Redis

from tests.infrastructure.serving import (
    PUBLIC_URL,
    TWILIO,
    client_of,
    post,
    runtime_of,
    sandbox_request,
    texts,
    twilio_request,
)
from tests.infrastructure.waiting import eventually
from worker.bell.forgeries import Forgeries, Forgery, forgery_of
from worker.runtime import Runtime

MESSAGES = "/gateways/twilio/messages"
CANARY = "13812345678"


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    yield runtime
    runtime.close()


def counted(runtime: Runtime, count: int) -> Forgery:
    def found() -> Forgery | None:
        forgery = forgery_of(runtime.redis, "twilio")
        return forgery if forgery and forgery.count == count else None

    forgery = eventually(found, f"{count} are counted")
    assert forgery is not None
    return forgery


def test_counts_what_was_signed_for_another_address_and_says_for_which_it_was_checked(runtime: Runtime) -> None:
    client = client_of(runtime)
    for host in ("wrong", "http://reports.example.com"):
        assert post(client, MESSAGES, twilio_request(url=f"https://{host}/", Body=CANARY)).status_code == 403
    forgery = counted(runtime, 2)
    assert forgery.url == f"{PUBLIC_URL}{MESSAGES}"
    assert abs(forgery.at - datetime.now(UTC)) < timedelta(minutes=2)
    assert texts(runtime.engine) == 0


def test_keeps_no_number_whatever_the_address_or_body_says(runtime: Runtime) -> None:
    client = client_of(runtime)
    assert post(client, f"{MESSAGES}?to={CANARY}", twilio_request(Body=CANARY, From=CANARY)).status_code == 403
    assert counted(runtime, 1).url == f"{PUBLIC_URL}{MESSAGES}?…"
    dump = b"".join(str(runtime.redis.hgetall(key)).encode() + key for key in runtime.redis.keys("*"))
    assert CANARY.encode() not in dump


def test_counts_a_request_for_another_account_and_nothing_that_is_in_order(runtime: Runtime) -> None:
    client = client_of(runtime)
    assert post(client, MESSAGES, twilio_request()).status_code == 200
    assert post(client, MESSAGES, twilio_request(AccountSid="AC" + "9" * 32)).status_code == 403
    assert post(client, MESSAGES, ({"Content-Type": "text/plain"}, b"x")).status_code == 415
    assert counted(runtime, 1).count == 1


def test_the_record_goes_by_itself(runtime: Runtime, redis_url: str) -> None:
    runtime.forgeries.note("twilio", "https://h/")
    counted(runtime, 1)
    with Redis.from_url(redis_url) as redis:
        assert 0 < int(redis.ttl("baobei:forged:twilio")) <= 7 * 24 * 3_600


def test_no_answer_waits_for_a_redis_that_hangs_and_a_flood_is_one_record(runtime: Runtime) -> None:
    may_go_on, kept = Event(), []

    class Hanging:
        def pipeline(self) -> Any:
            assert may_go_on.wait(30)
            kept.append(1)
            return runtime.redis.pipeline()

    forgeries = Forgeries(Hanging())  # type: ignore[arg-type]
    for _ in range(500):
        forgeries.note("twilio", "https://h/")
    may_go_on.set()
    assert counted(runtime, 500).count == 500
    assert len(kept) <= 2


def test_without_redis_the_answer_is_the_same(tmp_path: Path, database_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/nobody.sock")
    headers, raw = sandbox_request()
    assert post(client_of(runtime), "/gateways/sandbox/messages", (headers, raw + b"x")).status_code == 403
    runtime.close()


def test_the_time_is_that_of_the_last_one(runtime: Runtime) -> None:
    runtime.forgeries.note("twilio", "https://h/1")
    first = counted(runtime, 1).at
    time.sleep(0.01)
    runtime.forgeries.note("twilio", "https://h/2")
    second = counted(runtime, 2)
    assert (second.url, second.at > first) == ("https://h/2", True)
