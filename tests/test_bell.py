"""The bell on a real Redis: one ring while one waits, no wake-up lost, nothing but ids in it, never an exception."""

import json
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from redis import Redis

from worker.bell import bell as module
from worker.bell.bell import CROWD_MS, Bell, bell_client


@pytest.fixture
def redis(redis_url: str) -> Iterator["Redis"]:
    with bell_client(redis_url) as redis:
        yield redis


@pytest.fixture
def bell(redis: "Redis") -> Bell:
    return Bell(redis)


def waiting(redis: "Redis", queue: str) -> list[dict[str, bytes]]:
    """Return the hashes of the jobs in a queue."""
    ids: Any = redis.lrange(f"rq:queue:{queue}", 0, -1)
    hashes: Any = [redis.hgetall(f"rq:job:{id_.decode()}") for id_ in ids]
    return [{name.decode(): value for name, value in fields.items()} for fields in hashes]


def calls(redis: "Redis", queue: str) -> list[Any]:
    return [json.loads(zlib.decompress(fields["data"])) for fields in waiting(redis, queue)]


def test_one_ring_a_site_while_one_waits(bell: Bell, redis: "Redis") -> None:
    assert all([bell.ring_decide(7), bell.ring_decide(7), bell.ring_decide(8), bell.ring_send(), bell.ring_send()])
    assert calls(redis, "decide") == [["decide_site", None, [7], {}], ["decide_site", None, [8], {}]]
    assert calls(redis, "send") == [["send_replies", None, [], {}]]


def test_what_is_written_after_the_job_began_to_read_rings_anew(bell: Bell, redis: "Redis") -> None:
    bell.ring_decide(7)
    bell.ring_send()
    bell.answered_decide(7)
    bell.answered_send()
    bell.ring_decide(7)
    bell.ring_send()
    assert (len(calls(redis, "decide")), len(calls(redis, "send"))) == (2, 2)


def test_a_ring_lost_with_its_job_holds_later_ones_for_seconds_only(bell: Bell, redis: "Redis") -> None:
    bell.ring_decide(7)
    assert 0 < redis.ttl("baobei:bell:decide:7") <= 10


def test_the_sweeper_rings_again_where_whoever_took_the_ring_may_have_died(bell: Bell, redis: "Redis") -> None:
    bell.ring_decide(7)
    bell.ring_send()
    assert (redis.lpop("rq:queue:decide"), redis.lpop("rq:queue:send")) != (None, None)
    assert all([bell.ring_decide(7), bell.ring_send()])
    assert (calls(redis, "decide"), calls(redis, "send")) == ([], [])
    for _ in range(3):
        assert all([bell.ring_decide(7, again=True), bell.ring_send(again=True)])
    assert calls(redis, "decide") == [["decide_site", None, [7], {}]]
    assert calls(redis, "send") == [["send_replies", None, [], {}]]


def test_a_crowd_is_over_when_nobody_tells_of_it_any_more(bell: Bell, redis: "Redis") -> None:
    assert not bell.is_crowded()
    bell.tell_crowd()
    assert bell.is_crowded()
    (key,) = redis.keys("baobei:crowd:*")
    assert 0 < redis.pttl(key) <= CROWD_MS
    redis.delete(key)
    assert not bell.is_crowded()


def test_an_emptied_redis_rings_again(bell: Bell, redis: "Redis") -> None:
    bell.ring_decide(7)
    redis.flushall()
    assert bell.ring_decide(7)
    assert len(calls(redis, "decide")) == 1


def test_nobody_listening_does_not_fill_redis(bell: Bell, redis: "Redis", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    for site in range(1, 9):
        assert bell.ring_decide(site)
    assert len(calls(redis, "decide")) == 3


def test_jobs_expire_and_leave_no_results(bell: Bell, redis: "Redis") -> None:
    bell.ring_decide(7)
    (job,) = waiting(redis, "decide")
    lives = {name: job[name] for name in ("timeout", "result_ttl", "failure_ttl", "ttl", "description")}
    assert lives == {
        "timeout": b"120",
        "result_ttl": b"0",
        "failure_ttl": b"86400",
        "ttl": b"3600",
        "description": b"decide_site",
    }


class TestAway:
    @pytest.fixture(autouse=True)
    def as_impatient_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "CONNECT_S", 0.2)
        monkeypatch.setattr(module, "ANSWER_S", 0.25)

    @pytest.fixture(params=["no socket", "refused", "silent", "wrong password"])
    def away(self, request: pytest.FixtureRequest, tmp_path: Path, redis_url: str) -> Iterator[str]:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            if request.param == "silent":
                # It takes the connection and never says a word, as a stopped process does.
                silent.listen(8)
            addresses = {
                "no socket": f"unix://{tmp_path}/none.sock",
                "wrong password": redis_url.partition("?")[0] + "?password=wrong",
            }
            yield addresses.get(request.param, f"redis://127.0.0.1:{silent.getsockname()[1]}")

    def test_is_said_and_never_raised(self, away: str, caplog: pytest.LogCaptureFixture) -> None:
        with bell_client(away) as client:
            bell = Bell(client)
            assert not bell.ring_decide(7)
            assert not bell.ring_send()
            bell.answered_decide(7)
            assert not Bell(client).is_crowded()
            Bell(client).tell_crowd()
        assert "not rung" in caplog.text

    def test_nobody_knowing_of_a_crowd_silences_no_ring(self, tmp_path: Path, redis_url: str) -> None:
        real, _, password = redis_url.removeprefix("unix://").partition("?")
        with bell_client(f"unix://{tmp_path}/link.sock?{password}") as client:
            bell = Bell(client, lambda: 5.0)
            assert not bell.is_crowded()
            (tmp_path / "link.sock").symlink_to(unquote(real))
            assert bell.ring_decide(7)

    def test_costs_the_first_of_a_burst_only(self, tmp_path: Path, redis_url: str) -> None:
        now = [0.0]
        real, _, password = redis_url.removeprefix("unix://").partition("?")
        with bell_client(f"unix://{tmp_path}/link.sock?{password}") as client:
            bell = Bell(client, lambda: now[0])
            assert not bell.ring_decide(7)
            (tmp_path / "link.sock").symlink_to(unquote(real))
            assert not bell.ring_decide(7)
            now[0] = 1.0
            assert bell.ring_decide(7)
