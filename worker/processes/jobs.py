"""The jobs that a ring asks for, and what may come out of Redis as one: these two functions, nothing else.

Whoever can write to Redis could otherwise make RQ import and call any function, run callbacks, send webhooks, or load
pickles. So a job names a row of a table rather than a function to import, its arguments are ids, and every field of its
hash that could make RQ do more must be empty.
"""

import json
import logging
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.utils import decode_redis_hash

from worker.bell.bell import DECIDE_SITE, FAILURE_LIFE_S, JOB_TIMEOUT_S, SEND_REPLIES
from worker.decide.decider import BatchResult, decide_site
from worker.line.forwards import carry
from worker.log import complain, kind_of, place_of, say
from worker.processes.couriers import courier_of
from worker.processes.rush import Rush
from worker.runtime import Runtime

log = logging.getLogger(__name__)

BUDGET_S = 30.0
LARGEST_DATA = 1_024

HARMLESS: Final = frozenset(
    [
        *("data", "created_at", "origin", "description", "enqueued_at", "started_at", "ended_at", "last_heartbeat"),
        *("status", "worker_name", "timeout", "result_ttl", "failure_ttl", "ttl"),
    ]
)
"""The fields of a job's hash that ours fill; any other one that is not empty refuses the job."""


class JobError(Exception):
    """A job failed. RQ keeps the message for a day, so it holds the error's kind and place, never its words."""


class RefusedJobError(NoSuchJobError):
    """A job that is none of ours. RQ passes over a job that does not exist, and goes on."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """What a worker does when the bell rings; `stopping` tells it to take on nothing more.

    With a `rush` to watch, it gives way to texts that come in (`worker.processes.rush`).
    """

    runtime: Runtime
    stopping: Callable[[], bool] = lambda: False
    rush: Rush | None = None

    def decide_site(self, site_id: int) -> int:
        """Decide a site's line to its end; return how many messages that were. Any number of times has one result."""
        self.runtime.bell.answered_decide(site_id)
        until, total = time.monotonic() + BUDGET_S, 0
        while True:
            progress: BatchResult = decide_site(self.runtime.engine, site_id, clock=self.runtime.clock)
            total += progress.decided
            if progress.decided:
                say(log, "batch decided", site=site_id, messages=progress.decided, replies=progress.replies)
            if progress.replies:
                self.runtime.bell.ring_send()
            if progress.forwards:
                self.forward(site_id)
            if self.rush:
                self.rush.give_way(progress.decided, self.stopping)
            if not progress.more:
                return total
            if self.stopping() or time.monotonic() > until:
                self.runtime.bell.ring_decide(site_id)
                return total

    def forward(self, site_id: int | None = None) -> int:
        """Put what belongs to other sites into their lines, of one line or all; return to how many sites."""
        runtime = self.runtime
        reached = carry(runtime.engine, site_id, runtime.line_clock, self.stopping)
        for other in reached:
            runtime.bell.ring_decide(other)
        return len(reached)

    def send_replies(self) -> int:
        """Send every reply that is due; return how many were handed over."""
        self.runtime.bell.answered_send()
        drained = courier_of(self.runtime, self.stopping).drain()
        if drained.more and not self.stopping():
            self.runtime.bell.ring_send()
        return drained.handed_over


@dataclass(frozen=True, slots=True)
class Duty:
    """A row of the table of jobs: what to call, and with how many ids."""

    call: Callable[..., int]
    ids: int


def table_of(tasks: Tasks) -> dict[str, Duty]:
    """Return every job that may be run, by the name that the bell gives it."""
    return {DECIDE_SITE: Duty(tasks.decide_site, 1), SEND_REPLIES: Duty(tasks.send_replies, 0)}


def restricted_job(table: Mapping[str, Duty]) -> type[Job]:
    """Return RQ's job class, made to hold nothing but the jobs of this table."""

    class RestrictedJob(Job):
        def restore(self, raw_data: dict[Any, Any]) -> None:
            """Take over what Redis holds. Raises RefusedJobError for anything that the bell does not enqueue."""
            try:
                check_hash(decode_redis_hash(raw_data), table)
                super().restore(raw_data)
            except NoSuchJobError:
                raise
            except Exception:
                raise _refused("its fields cannot be read") from None

        @property
        def func(self) -> Callable[..., None]:
            """Return the table's function; nothing is imported by name."""
            name, arguments = self.func_name, tuple(self.args)
            check_call([name, self.instance, list(arguments), self.kwargs], table)
            return lambda *ids: _run(str(name), table[str(name)], ids)

    return RestrictedJob


def check_hash(fields: Mapping[str, bytes], table: Mapping[str, Duty]) -> None:
    """Raise RefusedJobError unless these are the fields of a job which the bell enqueued."""
    if any(value and name not in HARMLESS for name, value in fields.items()):
        raise _refused("it has a callback, a webhook, a dependency, a repeat or the like")
    data = fields.get("data", b"")
    unpacking = zlib.decompressobj()
    # There is never much of a call's JSON: what would swell is refused, not unpacked.
    text = unpacking.decompress(data, LARGEST_DATA) if len(data) <= LARGEST_DATA else b""
    if not unpacking.eof:
        raise _refused("it is too large")
    check_call(json.loads(text), table)
    wanted = {"timeout": JOB_TIMEOUT_S, "result_ttl": 0, "failure_ttl": FAILURE_LIFE_S}
    if any(int(fields.get(name, -1)) != value for name, value in wanted.items()):
        raise _refused("it wants to last longer than ours do")


def check_call(call: Any, table: Mapping[str, Duty]) -> None:
    """Raise RefusedJobError unless this is [name, None, ids, {}]: a name of the table, and as many ids as it takes."""
    if not isinstance(call, list) or len(call) != 4 or not isinstance(call[0], str) or call[0] not in table:
        raise _refused("its function is not one of ours")
    _, instance, arguments, named = call
    if instance is not None or named != {} or not isinstance(arguments, list):
        raise _refused("its arguments are not ids")
    if len(arguments) != table[call[0]].ids or not all(type(id_) is int and id_ > 0 for id_ in arguments):
        raise _refused("its arguments are not ids")


def _run(name: str, entry: Duty, ids: tuple[int, ...]) -> None:
    try:
        entry.call(*ids)
    except Exception as error:
        complain(log, "job failed", error, job=name, site=ids[0] if ids else None)
        # What RQ would keep and log of the error itself may quote a text or a number.
        raise JobError(f"{name}: {kind_of(error)} at {place_of(error.__traceback__)}") from None


def _refused(why: str) -> RefusedJobError:
    say(log, "job refused", logging.ERROR, why=why)
    return RefusedJobError(why)
