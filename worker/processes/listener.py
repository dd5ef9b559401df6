"""Listens for the bell: RQ's SimpleWorker on one queue, with the settings that its known holes ask for.

One queue a worker: with two, a job taken and not yet started is lost when the worker is killed. No fork: the jobs are
short and idempotent, and the database engine stays open. Redis may be away, at the start or later; then this waits.
"""

import logging
import os
import signal
import time
from contextlib import suppress
from threading import Event, Thread
from types import FrameType

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker_registration import register

from worker.log import complain, say
from worker.patience import pause_s
from worker.processes.jobs import Tasks, restricted_job, table_of
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
        self.heartbeat()
        self._pulse.start()

    def register_death(self) -> None:
        """Sign off; a beat behind that would leave half a worker."""
        self._still.set()
        self._pulse.join(BEAT_EVERY_S)
        super().register_death()  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: "Pipeline | None" = None) -> None:
        """Say that the worker lives; it counts as dead `LIFE_S` later, whatever RQ would grant."""
        super().heartbeat(LIFE_S, pipeline)

    def _keep_beating(self) -> None:
        while not self._still.wait(BEAT_EVERY_S):
            # Away, Redis is waited for by the worker itself.
            with suppress(RedisError, OSError):
                self.heartbeat()
                if not self.connection.hexists(self.key, "birth"):
                    # It was frozen or cut off for longer than that, and has been taken for dead.
                    self.connection.hset(self.key, mapping=self.serialize())
                    register(self)

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
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def listen(runtime: Runtime, queue: str) -> None:
    """Work on one queue until SIGINT or SIGTERM, through every absence of Redis."""
    stop = Event()
    tasks = Tasks(runtime, stop.is_set)
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
