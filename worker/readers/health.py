"""Whether a text that comes now would be kept, and what else is not as it should be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue
from rq.worker_registration import get_keys
from sqlalchemy import exists, select

from worker.bell.bell import QUEUES
from worker.bell.heartbeats import SWEEPER, is_silent, last_beat
from worker.clock import utc_now
from worker.line.probe import could_take
from worker.outbox.stops import stops
from worker.patience import within
from worker.readers.lines import lines
from worker.rules.door_notes import AHEAD_LEAST
from worker.runtime import Runtime
from worker.store.database import reading
from worker.store.schema import sites, unrouted

PROBE_S = 0.5
"""A gateway is answered within 700 ms; what takes longer counts as away."""
WAITING = "spooled_texts"
PROBE: Final = "baobei:probe"
LATE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Health:
    """`durable`: a text could be kept now. `degraded`: what is slower or waits, though nothing is lost, as codes."""

    durable: bool
    degraded: tuple[str, ...] = ()


def health_of(runtime: Runtime) -> Health:
    """Look at everything a text needs on its way; takes less than two seconds, whatever is away."""
    database = _is_so(lambda: could_take(runtime.engine))
    spool = _is_so(runtime.spool.try_out)
    try:
        waiting, unreadable = not runtime.spool.is_empty(), bool(runtime.spool.set_aside_names())
    except OSError:
        # Nobody can tell, and so no text may pass.
        waiting, unreadable = True, False
    of_storage = {
        "database_away": not database,
        "spool_away": not spool,
        WAITING: waiting,
        "unreadable_texts": unreadable,
    }
    faults = [*(name for name, there in of_storage.items() if there), *queue_faults(runtime)]
    if database:
        with reading(runtime.engine).connect() as connection:
            found = {
                "no_sweeper": is_silent(last_beat(connection, SWEEPER), utc_now()),
                "undecided_texts": any(
                    line.waiting_since is not None and line.waiting_since < utc_now() - LATE
                    for line in lines(connection)
                ),
                "line_ahead": connection.execute(
                    select(exists(select(sites.c.id).where(sites.c.last_received_at > utc_now() + AHEAD_LEAST)))
                ).scalar_one(),
                "unrouted_texts": connection.execute(select(exists(select(unrouted.c.id)))).scalar_one(),
            }
        faults += [name for name, there in found.items() if there]
        faults += sorted({f"stopped_{stop.gateway}" for stop in stops(runtime.engine)})
    # While files wait, a text goes behind them or nowhere.
    return Health(spool or (database and not waiting), tuple(faults))


def _is_so(probe: Callable[[], bool]) -> bool:
    """Return what a probe says, or False when it has not said anything in time."""
    try:
        return within(PROBE_S, probe)
    except TimeoutError:
        return False


def queue_faults(runtime: Runtime) -> Iterator[str]:
    """Yield `redis_away` or `redis_takes_nothing`, and the queues to which no worker listens."""
    try:
        if not takes_writes(runtime.redis):
            yield "redis_takes_nothing"
        for name in QUEUES:
            if not live_workers(Queue(name, connection=runtime.redis)):
                yield f"no_{name}_worker"
    except (RedisError, OSError):
        yield "redis_away"


def takes_writes(redis: "Redis") -> bool:
    """Tell whether Redis takes a write: a replica, a full one or one that cannot save answers everything else.

    Raises RedisError when it does not answer.
    """
    try:
        redis.set(PROBE, b"", ex=1)
    except ResponseError:
        return False
    return True


def live_workers(queue: Queue) -> int:
    """Return how many workers listen to a queue."""
    # A worker that was killed stays registered, but its own key goes when its heartbeat stops.
    keys = get_keys(queue=queue)
    return int(queue.connection.exists(*keys)) if keys else 0
