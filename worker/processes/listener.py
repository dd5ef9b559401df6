"""Listens for the bell: RQ's SimpleWorker on one queue, with the settings that its known holes ask for.

One queue a worker: with two, a job taken and not yet started is lost when the worker is killed. No fork: the jobs are
short and idempotent, and the database engine stays open. Redis may be away, at the start or later; then this waits.
"""

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from threading import Event, Thread
from types import FrameType
from uuid import uuid4

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import WorkerStatus
from rq.worker_registration import register

from worker.bell.bell import DECIDE
from worker.log import complain, say
from worker.patience import pause_s
from worker.processes.jobs import Tasks, restricted_job, table_of
from worker.processes.rush import Rush
from worker.runtime import Runtime

log = logging.getLogger(__name__)

WORKER_TTL_S = 60
BEAT_EVERY_S = 5.0
LIFE_S = 15
"""So long after its last beat a worker still counts as there: one that was killed or froze is soon in no list."""
MAINTENANCE_S = 60
SHORTEST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
STEADY_S = 30.0


class BellWorker(SimpleWorker):
    """RQ's worker without what we do not use and an intruder in Redis would: commands, groups, suspension."""

    max_connection_wait_time = LONGEST_WAIT_S
    log_result_lifespan = False

    def __init__(self, queue: str, redis: "Redis", tasks: Tasks, stop: Event) -> None:
        super().__init__(
            [queue],
            connection=redis,
            worker_ttl=WORKER_TTL_S,
            maintenance_interval=MAINTENANCE_S,
            job_class=restricted_job(table_of(tasks)),
            serializer=JSONSerializer,
            log_job_description=False,
        )
        self._stop = stop
        self._still = Event()
        self._pulse = Thread(target=self._keep_beating, daemon=True)

    def register_birth(self) -> None:
        """Announce the worker, and from then on that it lives, also while it waits or is at a job."""
        super().register_birth()  # type: ignore[no-untyped-call]
        self._beat()
        self._pulse.start()

    def register_death(self) -> None:
        """Sign off; a beat behind that would leave half a worker."""
        self._still.set()
        self._pulse.join(BEAT_EVERY_S)
        super().register_death()  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: "Pipeline | None" = None) -> None:
        """Beat no time, for the pulse does; end where that was asked for, and what said so was lost on its way.

        RQ asks for it before each wait and after each job. What a signal raises may be swallowed where it strikes.
        """
        if self._stop_requested:
            raise StopRequested

    def _beat(self) -> None:
        """Say that the worker lives; it counts as dead `LIFE_S` later, whatever RQ would grant."""
        super().heartbeat(LIFE_S)

    def _keep_beating(self) -> None:
        while not self._still.wait(BEAT_EVERY_S):
            # Away, Redis is waited for by the worker itself.
            with suppress(RedisError, OSError):
                self._beat()
                if not self.connection.hexists(self.key, "birth"):
                    # It was frozen or cut off for longer than that, and has been taken for dead.
                    with self.connection.pipeline() as together:
                        together.hset(self.key, mapping=self.serialize())
                        together.expire(self.key, LIFE_S)
                        register(self, together)
                        together.execute()

    def set_state(self, state: str, pipeline: "Pipeline | None" = None) -> None:
        """Note what the worker is at, where that is news."""
        if state != self.get_state():
            super().set_state(state, pipeline)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do a job. It shows as started meanwhile, is forgotten when it is done, and kept for a day if it fails.

        RQ's own way sends nearly sixty commands a job for executions, dependents, results, repeats; ours have none of
        these (`RestrictedJob`), and one that dies with its worker is rung for again.
        """
        registry, execution = queue.started_job_registry, Execution(uuid4().hex, job.id, self.connection)
        with self.connection.pipeline(transaction=False) as pipeline:
            self.set_state(WorkerStatus.BUSY, pipeline)
            registry.add_execution(execution, pipeline, self.get_heartbeat_ttl(job))
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            pipeline.execute()
        job.started_at = now()
        try:
            with self.death_penalty_class(job.timeout, JobTimeoutException, job_id=job.id):
                job.perform()
        except BaseException:
            self._finalize_failure(job, queue, execution, sys.exc_info())
            self.set_state(WorkerStatus.IDLE)
            return
        with self.connection.pipeline(transaction=False) as pipeline:
            registry.remove_execution(execution, pipeline=pipeline)
            pipeline.delete(job.key)
            self.increment_successful_job_count(pipeline)
            self.increment_total_working_time(now() - job.started_at, pipeline)
            self.set_state(WorkerStatus.IDLE, pipeline)
            pipeline.execute()

    def procline(self, message: str) -> None:
        """Keep the command line in the list of processes: it says what this is, as those of the others do."""

    def subscribe(self) -> None:
        """Take no commands: nobody stops or kills us through Redis, and no thread has to live through its absence."""

    def check_for_suspension(self, burst: bool) -> None:
        """Never be suspended."""

    def set_shutdown_requested_date(self) -> None:
        """Tell nobody: with Redis away that would end the job at hand in its middle."""

    def run_maintenance_tasks(self) -> None:
        """Tidy up; what cannot be tidied is none of ours, and no reason to stop answering."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except (RedisError, OSError, StopRequested):
            raise
        except Exception as error:
            complain(log, "maintenance failed", error)

    def clean_group_registries(self) -> None:
        """Clean no groups: there are none."""

    def _install_signal_handlers(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.request_stop)
        # Told before this was in place, while the worker announced itself.
        self._stop_requested = self._stop.is_set()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the job at hand and end; the second signal ends at once."""
        self._stop.set()
        self._stop_requested = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def listen(runtime: Runtime, queue: str) -> None:
    """Work on one queue until SIGINT or SIGTERM, through every absence of Redis."""
    stop = Event()
    rush = Rush(runtime.engine, runtime.bell.is_crowded) if queue == DECIDE else None
    tasks = Tasks(runtime, stop.is_set, rush)
    ended = 0
    while not stop.is_set():
        # A signal ends whatever RQ's worker or this loop is at by raising; it has set `stop` then.
        with suppress(StopRequested):
            _note_signals(stop)
            began = time.monotonic()
            _work(runtime, queue, tasks, stop)
            ended = 1 if time.monotonic() - began > STEADY_S else ended + 1
            stop.wait(pause_s(ended, SHORTEST_WAIT_S, LONGEST_WAIT_S))
    say(log, "stopped listening", queue=queue, pid=os.getpid())


def _work(runtime: Runtime, queue: str, tasks: Tasks, stop: Event) -> None:
    redis = runtime.waiting_redis()
    try:
        worker = BellWorker(queue, redis, tasks, stop)
        say(log, "listening", queue=queue, pid=os.getpid())
        worker.work(logging_level="WARNING")
    except (RedisError, OSError) as error:
        if not stop.is_set():
            complain(log, "waiting for Redis; the sweeper does the work meanwhile", error, queue=queue)
    finally:
        _note_signals(stop)
        with suppress(RedisError, OSError):
            redis.close()


def _note_signals(stop: Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
