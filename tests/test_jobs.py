"""What comes out of Redis as a job: our two functions with ids, whatever somebody else put there."""

import base64
import inspect
import json
import os
import pickle
import re
import signal
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue, Repeat, Retry
from rq.exceptions import StopRequested
from rq.job import Job
from rq.rate_limit import RateLimit
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.webhook import Webhook
from sqlalchemy import func, select

from tests.infrastructure.logs import logged
from tests.infrastructure.serving import SITE_NUMBER, open_line, runtime_of
from tests.infrastructure.waiting import eventually
from tests.sending import AGENT
from worker.bell.bell import FAILURE_LIFE_S, JOB_TIMEOUT_S, QUEUES
from worker.cli.commands.operation import work as work_command
from worker.decide.decider import BatchResult, decide_site
from worker.decide.set_up import open_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.processes import jobs as module
from worker.processes import listener
from worker.processes.jobs import HARMLESS, Duty, Tasks, restricted_job, table_of
from worker.processes.listener import BellWorker
from worker.processes.rush import Rush
from worker.readers.health import live_workers
from worker.runtime import Runtime
from worker.store.schema import decisions, replies

CANARY = "金丝雀13812345678"


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A worker takes over the signals of its process, which here is everybody's."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def work(runtime: Runtime, queue: str) -> None:
    """Run a worker until its queue is empty."""
    redis = runtime.waiting_redis()
    BellWorker(queue, redis, Tasks(runtime), Event()).work(burst=True, logging_level="WARNING")
    redis.close()


def count(runtime: Runtime, what: Any) -> int:
    with runtime.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(what)).scalar_one())


def text(runtime: Runtime, number: int, words: str = "报备 张三 138****5678 李四 链家") -> int:
    receipt = accept(runtime.engine, Inbound("sandbox", f"m{number}", AGENT, SITE_NUMBER, words))
    assert receipt.site_id is not None
    return receipt.site_id


class TestAnswering:
    def test_a_text_is_decided_and_its_reply_sent(self, runtime: Runtime) -> None:
        open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
        site_id = text(runtime, 1, "报备 张三 138****5678 李四 链家")
        runtime.bell.ring_decide(site_id)
        work(runtime, "decide")
        work(runtime, "send")
        assert count(runtime, decisions) == 2
        with runtime.engine.connect() as connection:
            states = connection.execute(select(replies.c.state, replies.c.delivery)).all()
        assert states
        assert set(states) == {("sent", "delivered")}

    def test_jobs_leave_nothing_in_redis(self, runtime: Runtime) -> None:
        site_id = open_line(runtime.engine)
        text(runtime, 1)
        runtime.bell.ring_decide(site_id)
        work(runtime, "decide")
        work(runtime, "send")
        left = [key for key in runtime.redis.keys("rq:*") if b":job:" in key or b"results" in key or b"failed" in key]
        assert left == []

    def test_a_line_is_decided_to_its_end_batch_after_batch(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "decide_site", partial(decide_site, limit=3))
        site_id = open_line(runtime.engine)
        for number in range(10):
            text(runtime, number)
        assert Tasks(runtime).decide_site(site_id) == 11
        assert Tasks(runtime).decide_site(site_id) == 0

    def test_the_ring_is_taken_down_before_the_line_is_read(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site_id = open_line(runtime.engine)
        rung: list[bool] = []

        def deciding(*_: Any, **__: Any) -> BatchResult:
            # A text that comes while the job reads.
            runtime.bell.ring_decide(site_id)
            rung.append(bool(runtime.redis.llen("rq:queue:decide")))
            return BatchResult(0, 0, False)

        monkeypatch.setattr(module, "decide_site", deciding)
        runtime.redis.set(f"baobei:bell:decide:{site_id}", b"1")
        Tasks(runtime).decide_site(site_id)
        assert rung == [True]

    def test_after_each_batch_way_is_given_to_a_crowd(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        batches, clock = [BatchResult(5, 0, True), BatchResult(0, 0, True), BatchResult(4, 0, False)], iter(range(9))
        asked: list[int] = []

        def deciding(*_: Any, **__: Any) -> BatchResult:
            return batches.pop(0)

        def crowded() -> bool:
            asked.append(len(batches))
            return False

        monkeypatch.setattr(module, "decide_site", deciding)
        rush = Rush(runtime.engine, crowded, monotonic=lambda: float(next(clock)))
        assert Tasks(runtime, rush=rush).decide_site(7) == 9
        assert asked == [2, 0]

    def test_what_is_left_when_told_to_stop_rings_again(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "decide_site", lambda *_, **__: BatchResult(5, 0, True))
        assert Tasks(runtime, stopping=lambda: True).decide_site(7) == 5
        assert runtime.redis.llen("rq:queue:decide") == 1

    def test_a_failed_job_says_where_and_not_what(
        self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def failing(*_: Any, **__: Any) -> BatchResult:
            raise ValueError(CANARY)

        monkeypatch.setattr(module, "decide_site", failing)
        with logged("DEBUG") as log:
            runtime.bell.ring_decide(7)
            work(runtime, "decide")
        printed, kept = capsys.readouterr(), _everything(runtime.redis)
        assert "ValueError" in log.getvalue()
        assert b"ValueError" in kept
        for secret in ("金丝雀", "13812345678"):
            assert secret not in log.getvalue() + printed.err + printed.out
            assert secret.encode() not in kept
        assert 0 < runtime.redis.ttl(_failed_job(runtime.redis)) <= FAILURE_LIFE_S


def _everything(redis: "Redis") -> bytes:
    """Return all that Redis holds, unpacked where RQ packs it."""
    found = b""
    for key in redis.keys("*"):
        kind: Any = redis.type(key)
        values: Any = {
            b"hash": lambda key=key: [v for pair in redis.hgetall(key).items() for v in pair],
            b"list": lambda key=key: redis.lrange(key, 0, -1),
            b"stream": lambda key=key: [v for _, f in redis.xrange(key) for v in f.values()],
        }.get(kind, list)()
        for value in values:
            try:
                found += zlib.decompress(value)
            except zlib.error:
                found += value + b"\n"
    # Results of failed jobs are packed and then written as base64.
    return found + b"".join(zlib.decompress(base64.b64decode(v)) for v in found.split(b"\n") if v.startswith(b"eJ"))


def _failed_job(redis: "Redis") -> Any:
    return redis.keys("rq:job:*")[0]


def touch_after(job: Job, connection: Any, *_: Any) -> None:
    """What an intruder would have called back."""
    Path("/nowhere").touch()


READ_BY_RQ = set(re.findall(r"""\bobj(?:\.get\(|\[)['"](\w+)['"]""", inspect.getsource(Job.restore)))
OURS = {"timeout": JOB_TIMEOUT_S, "result_ttl": 0, "failure_ttl": FAILURE_LIFE_S}
PARENT = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

INTRUSIONS: dict[str, dict[str, Any]] = {
    "another function": {"func": "os.system", "args": ["true"]},
    "a function of ours by its path": {"func": "worker.processes.jobs.decide_site", "args": [7]},
    "a method": {"func": "decide_site", "args": [7], "instance": "x"},
    "a text for an id": {"func": "decide_site", "args": ["7"]},
    "a truth for an id": {"func": "decide_site", "args": [True]},
    "no id": {"func": "decide_site", "args": []},
    "two ids": {"func": "decide_site", "args": [7, 8]},
    "a negative id": {"func": "decide_site", "args": [-7]},
    "named arguments": {"func": "decide_site", "args": [], "kwargs": {"site_id": 7}},
    "an id too many": {"func": "send_replies", "args": [7]},
    "on success": {"on_success": Callback("tests.test_jobs.touch_after")},
    "on failure": {"on_failure": Callback("tests.test_jobs.touch_after")},
    "on stopped": {"on_stopped": Callback("tests.test_jobs.touch_after")},
    "webhook": {"webhooks": [Webhook("http://127.0.0.1:9/", "finished")]},
    "dependency": {"depends_on": [PARENT]},
    "retry": {"retry": Retry(3)},
    "repeat": {"repeat": Repeat(3)},
    "rate limit": {"rate_limit": RateLimit("k", 1)},
    "meta": {"meta": {"a": 1}},
    "group": {"group_id": "g"},
    "no end": {"timeout": -1},
    "another end": {"timeout": 86_400},
    "a result": {"result_ttl": 500},
    "for ever": {"failure_ttl": -1},
}


@pytest.fixture
def queue_only(tmp_path: Path, redis_url: str) -> Iterator[Runtime]:
    """A runtime whose database nobody asks."""
    runtime = runtime_of(tmp_path, f"sqlite:///{tmp_path}/none.sqlite", redis_url)
    yield runtime
    runtime.close()


class TestIntruders:
    def test_ours_are_done(self, queue_only: Runtime) -> None:
        called: list[int] = []
        queue = Queue("decide", connection=queue_only.redis, serializer=JSONSerializer)
        queue.enqueue_call("decide_site", args=[7], **OURS)
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [7, 9]

    def test_a_job_leaves_nothing_behind_and_asks_redis_for_little(self, queue_only: Runtime) -> None:
        called: list[int] = []
        commands: list[int] = []
        for jobs in (10, 60):
            before = queue_only.redis.info("stats")["total_commands_processed"]
            for site_id in range(1, jobs + 1):
                queue_only.redis.delete(f"baobei:bell:decide:{site_id}")
                queue_only.bell.ring_decide(site_id)
            _work_recording(queue_only, called)
            commands.append(queue_only.redis.info("stats")["total_commands_processed"] - before)
        assert len(called) == 70
        # Of one ring and its job, without what a worker's start and end take; RQ alone takes more than sixty.
        assert (commands[1] - commands[0]) / 50 < 25
        assert queue_only.redis.keys("rq:job:*") == queue_only.redis.keys("rq:wip:*") == []
        assert queue_only.redis.llen("rq:queue:decide:intermediate") == 0

    @pytest.mark.parametrize("name", INTRUSIONS)
    def test_a_job_that_is_not_ours_is_refused_and_the_next_one_done(
        self, queue_only: Runtime, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        called: list[int] = []
        wish = {"func": "decide_site", "args": [7]} | OURS | INTRUSIONS[name]
        instance = wish.pop("instance", None)
        queue = Queue("decide", connection=queue_only.redis, serializer=JSONSerializer)
        job = queue.create_job(**wish)
        if instance is not None:
            job.instance = instance
        job.save()
        queue_only.redis.rpush("rq:queue:decide", job.id)
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [9]
        assert "job refused" in caplog.text

    @pytest.mark.parametrize(
        "data",
        [
            pickle.dumps(("decide_site", None, [7], {})),
            zlib.compress(pickle.dumps(("decide_site", None, [7], {}))),
            zlib.compress(b"[" * 1_000),
            zlib.compress(b'["decide_site", null, [7], {}' + b" " * 50_000_000 + b"]"),
            b"",
            b"null",
            zlib.compress(b"[]"),
            zlib.compress(b"\xff"),
            json.dumps(["decide_site", None, [7], {}]).encode(),
        ],
        ids=["pickle", "packed pickle", "deep", "bomb", "empty", "null", "short", "not text", "not packed"],
    )
    def test_data_that_is_not_ours_is_refused(self, queue_only: Runtime, data: bytes) -> None:
        called: list[int] = []
        fields = {"data": data, "origin": "decide", "status": "queued"} | OURS
        queue_only.redis.hset("rq:job:intruder", mapping=fields)  # type: ignore[arg-type]
        queue_only.redis.rpush("rq:queue:decide", "intruder")
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [9]

    @pytest.mark.parametrize("field", sorted(READ_BY_RQ - HARMLESS))
    def test_a_field_that_rq_reads_and_ours_do_not_fill_is_refused(self, queue_only: Runtime, field: str) -> None:
        """Whatever RQ may make of it: a version that reads another field gets another row here by itself."""
        called: list[int] = []
        queue = Queue("decide", connection=queue_only.redis, serializer=JSONSerializer)
        job = queue.enqueue_call("decide_site", args=[7], **OURS)
        queue_only.redis.hset(job.key, field, b"tests.test_jobs.touch_after")
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [9]

    @pytest.mark.parametrize("field", ["status", "created_at", "ttl", "started_at"])
    def test_a_field_that_cannot_be_read_is_refused(self, queue_only: Runtime, field: str) -> None:
        called: list[int] = []
        queue = Queue("decide", connection=queue_only.redis, serializer=JSONSerializer)
        job = queue.enqueue_call("decide_site", args=[7], **OURS)
        queue_only.redis.hset(job.key, field, b"\xff\xfe")
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [9]

    def test_a_refused_job_stuck_between_the_queues_does_not_stop_maintenance(self, queue_only: Runtime) -> None:
        called: list[int] = []
        queue = Queue("decide", connection=queue_only.redis, serializer=JSONSerializer)
        job = queue.create_job("os.system", args=["true"], **OURS)
        job.save()
        queue_only.redis.rpush("rq:queue:decide:intermediate", job.id)
        queue_only.redis.zadd("rq:wip:decide", {f"{job.id}:an-execution": 1})
        queue_only.bell.ring_decide(9)
        _work_recording(queue_only, called)
        assert called == [9]

    def test_the_call_is_checked_again_when_it_is_made(self, redis_url: str) -> None:
        with Redis.from_url(redis_url) as redis:
            job = restricted_job(_table([]))(connection=redis, serializer=JSONSerializer)
            job.func_name, job.args, job.kwargs = "os.system", ["true"], {}
            with pytest.raises(Exception, match="not one of ours"):
                job.perform()

    def test_a_worker_told_to_end_before_it_listens_does_not_begin(self, queue_only: Runtime) -> None:
        stop, redis = Event(), queue_only.waiting_redis()
        worker = BellWorker("decide", redis, Tasks(queue_only), stop)
        stop.set()
        assert not worker.work(logging_level="WARNING")
        redis.close()

    def test_a_worker_ends_though_what_a_signal_raised_was_swallowed(
        self, queue_only: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def swallowing(worker: BellWorker) -> None:
            worker.last_cleaned_at = now()
            with suppress(StopRequested):
                os.kill(os.getpid(), signal.SIGTERM)

        monkeypatch.setattr(BellWorker, "run_maintenance_tasks", swallowing)
        handlers = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
        redis = queue_only.waiting_redis()
        assert not BellWorker("decide", redis, Tasks(queue_only), Event()).work(logging_level="WARNING")
        for number, handler in handlers:
            signal.signal(number, handler)
        redis.close()

    def test_a_worker_is_in_the_lists_no_longer_than_seconds_after_its_last_beat_also_while_it_works(
        self, queue_only: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listener, "BEAT_EVERY_S", 0.01)
        redis, left = queue_only.waiting_redis(), list[int]()
        worker = BellWorker("decide", redis, Tasks(queue_only), Event())

        def at_work(*_: int) -> int:
            key = worker.key
            left.append(queue_only.redis.ttl(key))
            # Frozen for so long that it was taken for dead, it comes back into the lists by itself.
            with queue_only.redis.pipeline() as together:
                together.delete(key)
                together.srem("rq:workers:decide", key)
                together.execute()
            eventually(lambda: live_workers(worker.queues[0]) == 1, "the worker beats while it works")
            left.append(queue_only.redis.ttl(key))
            return 0

        worker.job_class = restricted_job({"decide_site": Duty(at_work, 1)})
        worker.queues[0].job_class = worker.job_class
        queue_only.bell.ring_decide(9)
        worker.work(burst=True, logging_level="WARNING")
        assert [0 < each <= 20 for each in left] == [True, True]
        assert live_workers(worker.queues[0]) == 0
        redis.close()

    def test_commands_through_redis_are_not_heard(self, queue_only: Runtime) -> None:
        redis = queue_only.waiting_redis()
        worker = BellWorker("decide", redis, Tasks(queue_only), Event())
        worker.subscribe()
        assert worker.pubsub is None
        queue_only.redis.set("rq:suspended", 1)
        worker.check_for_suspension(burst=False)
        redis.close()


def test_rq_reads_callbacks_webhooks_and_dependencies() -> None:
    known = {"success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks", "dependency_ids"}
    assert known <= READ_BY_RQ
    assert len(READ_BY_RQ) > 30


def test_every_job_of_the_bell_is_in_the_table_and_every_queue_has_a_worker() -> None:
    assert set(table_of(Tasks(runtime=None))) == {"decide_site", "send_replies"}  # type: ignore[arg-type]
    assert set(work_command.commands) == set(QUEUES)


def _table(called: list[int]) -> dict[str, Duty]:
    def note(*ids: int) -> int:
        called.extend(ids or [0])
        return 0

    return {"decide_site": Duty(note, 1), "send_replies": Duty(note, 0)}


def _work_recording(runtime: Runtime, called: list[int]) -> None:
    redis = runtime.waiting_redis()
    worker = BellWorker("decide", redis, Tasks(runtime), Event())
    worker.job_class = restricted_job(_table(called))
    for queue in worker.queues:
        queue.job_class = worker.job_class
    worker.work(burst=True, logging_level="WARNING")
    redis.close()
