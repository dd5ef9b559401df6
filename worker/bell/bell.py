"""The bell: tells a worker through RQ that there is something to do. Losing a ring costs seconds, never a message.

SQL alone knows what is to do, so a job says no more than "look at site 7". While one ring waits for its job, further
ones add nothing: a short-lived Redis key stands for the waiting ring, and the job removes it *before* it reads, so that
what is written after its reading rings anew.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from worker.crash_points import around
from worker.log import complain, say

log = logging.getLogger(__name__)

DECIDE: Final = "decide"
SEND: Final = "send"
QUEUES: Final = (DECIDE, SEND)

DECIDE_SITE: Final = "decide_site"
SEND_REPLIES: Final = "send_replies"

CONNECT_S = 0.2
ANSWER_S = 0.25
PAUSE_S = 1.0
WAITING_S = 10
MOST_WAITING = 1_000
JOB_TIMEOUT_S = 120
JOB_LIFE_S = 3_600
FAILURE_LIFE_S = 24 * 3_600


CROWD_MS: Final = 500
_CROWD: Final = f"baobei:crowd:{socket.gethostname()}"
"""A crowd at another machine's door is none the smaller for what this one leaves undone."""


def bell_client(url: str) -> "Redis":
    """Return a client that gives up at once: whoever rings has an answer to give within 700 ms."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_S, socket_timeout=ANSWER_S)


class Bell:
    """Rings for undecided lines and due replies. Never raises; after a failure it is silent for `PAUSE_S`."""

    def __init__(self, redis: "Redis", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._monotonic = monotonic
        self._queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}
        self._silent_until = self._crowd_unknown_until = 0.0

    def ring_decide(self, site_id: int, again: bool = False) -> bool:
        """Ask for this site's line to be decided. False: nobody was told, and the sweeper will see to it.

        `again`: also where a ring is noted and no job waits, for whoever took it may have died.
        """
        return self._ring(DECIDE, DECIDE_SITE, site_id, again=again)

    def ring_send(self, again: bool = False) -> bool:
        """Ask for the due replies to be sent; as `ring_decide`."""
        return self._ring(SEND, SEND_REPLIES, again=again)

    def answered_decide(self, site_id: int) -> None:
        """Note that a job is about to read this site's line; from now on a text in it rings again."""
        self._answered(_key(DECIDE, site_id))

    def answered_send(self) -> None:
        """Note that a job is about to read the outbox."""
        self._answered(_key(SEND))

    def tell_crowd(self) -> None:
        """Say that texts crowd at the door of a web process of this machine; it holds for `CROWD_MS`."""
        self._about_crowd(lambda: self._redis.set(_CROWD, b"1", px=CROWD_MS))

    def is_crowded(self) -> bool:
        """Tell whether one has said so of late; without Redis nobody has."""
        return bool(self._about_crowd(lambda: self._redis.exists(_CROWD)))

    def _about_crowd(self, command: Callable[[], object]) -> object:
        # What is good to know silences no ring.
        if self._monotonic() < max(self._silent_until, self._crowd_unknown_until):
            return None
        try:
            return command()
        except (RedisError, OSError) as error:
            self._crowd_unknown_until = self._monotonic() + PAUSE_S
            complain(log, "crowd unknown", error)
            return None

    def _ring(self, queue: str, job: str, *arguments: int, again: bool) -> bool:
        if self._monotonic() < self._silent_until:
            return False
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.llen(self._queues[queue].key)
                pipeline.set(_key(queue, *arguments), b"1", nx=True, ex=WAITING_S)
                waiting, is_first = pipeline.execute()
            # Nobody may be listening for days; what waits then is enough to wake whoever comes.
            if (is_first or (again and not waiting)) and waiting < MOST_WAITING:
                with around("ring"):
                    self._enqueue(queue, job, *arguments)
        except (RedisError, OSError) as error:
            self._silence("not rung", error)
            return False
        return True

    def _silence(self, step: str, error: Exception) -> None:
        self._silent_until = self._monotonic() + PAUSE_S
        complain(log, step, error)

    def _enqueue(self, queue: str, job: str, *arguments: int) -> None:
        self._queues[queue].enqueue_call(
            job,
            args=arguments,
            timeout=JOB_TIMEOUT_S,
            result_ttl=0,
            ttl=JOB_LIFE_S,
            failure_ttl=FAILURE_LIFE_S,
            description=job,
        )
        say(log, "rung", logging.DEBUG, queue=queue, site=arguments[0] if arguments else None)

    def _answered(self, key: str) -> None:
        if self._monotonic() < self._silent_until:
            return
        try:
            self._redis.delete(key)
        except (RedisError, OSError) as error:
            # Rings are swallowed until the key expires; the sweeper covers that time.
            self._silence("ring not taken down", error)


def _key(queue: str, *arguments: Any) -> str:
    return ":".join(("baobei:bell", queue, *map(str, arguments)))
