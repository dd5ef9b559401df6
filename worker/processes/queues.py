"""RQ as its own registries tell: what waits, who works, what failed. Only our own jobs are ever read out of it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from worker.bell.bell import QUEUES
from worker.processes.jobs import Tasks, restricted_job, table_of
from worker.runtime import Runtime

MOST_FAILED = 20
LONGEST_WHY = 200


@dataclass(frozen=True, slots=True)
class WorkerSummary:
    """A worker: what it does, since when, and how many jobs it has done; `heard_at`: its last heartbeat."""

    name: str
    state: str
    born_at: datetime | None
    heard_at: datetime | None
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed; `why` is its error's kind and place, never a text."""

    id: str
    queue: str
    what: str
    failed_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """A queue with its workers; `waiting` jobs are rings that nobody has heard yet."""

    name: str
    waiting: int
    started: int
    failed: int
    workers: tuple[WorkerSummary, ...]
    failures: tuple[FailedJob, ...]


def queue_standings(runtime: Runtime) -> list[QueueSummary] | None:
    """Return how our queues stand, None while Redis is away."""
    try:
        return [_standing(queue) for queue in our_queues(runtime)]
    except (RedisError, OSError):
        return None


def our_queues(runtime: Runtime) -> list[Queue]:
    """Return our queues, with the job class that holds nothing but our jobs."""
    allowed = restricted_job(table_of(Tasks(runtime)))
    return [Queue(name, connection=runtime.redis, job_class=allowed, serializer=JSONSerializer) for name in QUEUES]


def failed_registry(queue: Queue) -> FailedJobRegistry:
    """Return where a queue keeps what failed."""
    return FailedJobRegistry(queue=queue, job_class=queue.job_class)


def _standing(queue: Queue) -> QueueSummary:
    registry = failed_registry(queue)
    workers = [
        WorkerSummary(
            worker.name,
            str(worker.get_state()),
            worker.birth_date,
            worker.last_heartbeat,
            worker.successful_job_count,
            worker.failed_job_count,
        )
        for worker in Worker.all(queue=queue, job_class=queue.job_class)
    ]
    ids = registry.get_job_ids(end=MOST_FAILED - 1, desc=True)
    return QueueSummary(
        queue.name,
        waiting=queue.count,
        started=StartedJobRegistry(queue=queue).get_job_count(cleanup=False),
        failed=len(registry),
        workers=tuple(workers),
        failures=tuple(_failure(queue, job_id) for job_id in ids),
    )


def _failure(queue: Queue, job_id: str) -> FailedJob:
    with suppress(NoSuchJobError):
        job = queue.job_class.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)
        ids = " ".join(str(argument) for argument in job.args)
        result = job.latest_result()
        lines = (result.exc_string or "").strip().splitlines() if result else []
        why = lines[-1][:LONGEST_WHY] if lines else ""
        return FailedJob(job_id, queue.name, f"{job.func_name} {ids}".strip(), job.ended_at, why)
    return FailedJob(job_id, queue.name, "", None, "")
