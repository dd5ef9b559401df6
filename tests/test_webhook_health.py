"""`/healthz` and `/readyz`: 503 only when a text could not be kept; what else is amiss is named, with 200."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, insert, select, text, update

from tests.infrastructure.redis_states import TAKING_NOTHING
from tests.infrastructure.serving import (
    AGENT,
    SITE_NUMBER,
    client_of,
    database_away,
    open_line,
    post,
    runtime_of,
    sandbox_request,
    spool_away,
    texts,
)
from worker.bell.heartbeats import SWEEPER, beat
from worker.clock import utc_now
from worker.gateways.base import Inbound
from worker.processes.sweeper import Sweeper
from worker.readers import health
from worker.runtime import Runtime
from worker.store.schema import cursors, gateway_stops, inbox, replies

NO_WORKERS = ["no_decide_worker", "no_send_worker"]
NEITHER = {"status": "not_durable", "degraded": ["database_away", "spool_away", *NO_WORKERS]}
NOBODY = [*NO_WORKERS, "no_sweeper"]


def ready(client: FlaskClient) -> tuple[int, Any]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json


def decide_all(engine: Engine, site_id: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(cursors).where(cursors.c.site_id == site_id).values(decided_seq=1_000))


def test_a_process_that_is_up_says_so(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")


def test_everything_is_well_when_there_are_workers_and_a_sweeper(
    client: FlaskClient, runtime: Runtime, redis_url: str
) -> None:
    beat(runtime.engine, SWEEPER, utc_now())
    with Redis.from_url(redis_url) as redis:
        for queue in ("decide", "send"):
            redis.sadd(f"rq:workers:{queue}", f"rq:worker:{queue}1")
            redis.hset(f"rq:worker:{queue}1", "state", "idle")
    assert ready(client) == (200, {"status": "ok", "degraded": []})


def test_absent_workers_are_named(client: FlaskClient) -> None:
    assert ready(client) == (200, {"status": "degraded", "degraded": NOBODY})


def test_a_worker_without_heartbeat_is_absent(client: FlaskClient, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.sadd("rq:workers:decide", "rq:worker:killed")
    assert ready(client)[1]["degraded"] == NOBODY


@pytest.mark.parametrize(("seconds", "missed"), [(15, False), (31, True)])
def test_a_sweeper_that_has_not_beaten_for_half_a_minute_is_missed(
    client: FlaskClient, runtime: Runtime, seconds: int, missed: bool
) -> None:
    for age in (seconds, 100):
        beat(runtime.engine, SWEEPER, utc_now() - timedelta(seconds=age))
    beat(runtime.engine, SWEEPER, utc_now() - timedelta(seconds=seconds))
    beat(runtime.engine, "another", utc_now())
    assert ("no_sweeper" in ready(client)[1]["degraded"]) == missed


def test_redis_away_is_named(tmp_path: Path, database_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/nobody.sock")
    assert ready(client_of(runtime)) == (200, {"status": "degraded", "degraded": ["redis_away", "no_sweeper"]})
    runtime.close()


@pytest.mark.parametrize("state", TAKING_NOTHING)
def test_a_redis_that_takes_no_writes_is_named_and_texts_are_answered_all_the_same(
    client: FlaskClient, runtime: Runtime, redis_url: str, state: Callable[[str], AbstractContextManager[None]]
) -> None:
    open_line(runtime.engine)
    with state(redis_url):
        assert post(client, "/gateways/sandbox/messages", sandbox_request()).status_code == 200
        assert ready(client) == (200, {"status": "degraded", "degraded": ["redis_takes_nothing", *NOBODY]})
        sweeper = Sweeper(runtime, Event())
        sweeper.sweep()
        sweeper.sweep()
        with runtime.engine.connect() as connection:
            assert connection.execute(select(replies.c.state)).scalars().all() == ["sent"]
    assert ready(client)[1]["degraded"] == NO_WORKERS


def test_only_a_text_that_waits_too_long_is_named(client: FlaskClient, runtime: Runtime) -> None:
    site_id = open_line(runtime.engine)
    decide_all(runtime.engine, site_id)
    assert ready(client)[1]["degraded"] == NOBODY
    with runtime.engine.begin() as connection:
        connection.execute(update(cursors).values(decided_seq=0))
    assert ready(client)[1]["degraded"] == NOBODY
    with runtime.engine.begin() as connection:
        connection.execute(update(inbox).values(received_at=datetime.now(UTC) - timedelta(seconds=11)))
    assert ready(client)[1]["degraded"] == [*NOBODY, "undecided_texts"]


def test_texts_of_no_site_are_named(client: FlaskClient) -> None:
    assert post(client, "/gateways/sandbox/messages", sandbox_request()).status_code == 200
    assert ready(client)[1]["degraded"] == [*NOBODY, "unrouted_texts"]


def test_a_stopped_gateway_is_named(client: FlaskClient, runtime: Runtime) -> None:
    stop = {"gateway": "twilio", "since": datetime.now(UTC), "code": "20003", "words": "token"}
    with runtime.engine.begin() as connection:
        connection.execute(insert(gateway_stops), [stop | {"number": ""}, stop | {"number": "+8613800000000"}])
    assert ready(client) == (200, {"status": "degraded", "degraded": [*NOBODY, "stopped_twilio"]})


def test_without_the_database_texts_are_kept_in_the_spool(
    client: FlaskClient, runtime: Runtime, tmp_path: Path
) -> None:
    with database_away(runtime, tmp_path):
        assert ready(client) == (200, {"status": "degraded", "degraded": ["database_away", *NO_WORKERS]})
        with spool_away(runtime):
            assert ready(client) == (503, NEITHER)


def test_a_database_that_takes_no_writes_now_is_away(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PROBE_S", 0.5)
    with runtime.engine.begin() as connection, spool_away(runtime):
        # On SQLite beginning alone takes the one write lock.
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE unrouted IN EXCLUSIVE MODE"))
        assert ready(client) == (503, NEITHER)
    assert ready(client)[1]["degraded"] == NOBODY


def test_a_spool_that_takes_nothing_is_named(client: FlaskClient, runtime: Runtime) -> None:
    with spool_away(runtime):
        assert ready(client) == (200, {"status": "degraded", "degraded": ["spool_away", *NOBODY]})


def test_what_waits_in_the_spool_is_named_and_lets_nothing_pass(
    client: FlaskClient, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.spool.keep(Inbound("sandbox", "m1", AGENT, SITE_NUMBER, "报备 张三 138****5678"))
    assert ready(client) == (200, {"status": "degraded", "degraded": ["spooled_texts", *NOBODY]})
    monkeypatch.setattr(runtime.spool, "try_out", lambda: False)
    assert ready(client)[0] == 503


def test_what_nobody_can_read_in_the_spool_is_named(client: FlaskClient, runtime: Runtime) -> None:
    runtime.spool.keep(Inbound("sandbox", "m1", AGENT, SITE_NUMBER, "报备 张三 138****5678"))
    (name,) = runtime.spool.waiting()
    runtime.spool.set_aside(name)
    assert ready(client)[1]["degraded"] == ["unreadable_texts", *NOBODY]


def test_looking_leaves_nothing_behind(client: FlaskClient, runtime: Runtime) -> None:
    ready(client)
    assert texts(runtime.engine) == 0
