"""What a running process holds open: settings, database, gateways, the bell. Each is opened when it is first used, so
that a process may fork before that without sharing a connection."""

import logging
from collections.abc import Sequence
from functools import cached_property

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from worker.bell.bell import Bell, bell_client
from worker.bell.forgeries import Forgeries
from worker.clock import Clock, utc_now
from worker.crash_points import crash_at
from worker.gateways.base import Ping, Status
from worker.gateways.directory import Gateways
from worker.gateways.table import explained
from worker.group_commit import Together, together_or_apart
from worker.line.intake import Intake
from worker.line.spool import Spool
from worker.log import complain
from worker.outbox.callbacks import record_statuses
from worker.phones.entry import note_alive
from worker.settings import Settings
from worker.store.database import LOCK_WAIT_MS, open_engine
from worker.store.failures import hits_all, in_time
from worker.var_folder import redis_address

log = logging.getLogger(__name__)

PATIENCE_S = 0.5


class Runtime:
    """Everything a process needs that is not a value. Use it from the process that first used it."""

    def __init__(self, settings: Settings, clock: Clock = utc_now, lock_wait_ms: int = LOCK_WAIT_MS) -> None:
        self.settings = settings
        self.clock = clock
        self.lock_wait_ms = lock_wait_ms

    @property
    def patience_s(self) -> float:
        """How long whoever has an answer to give waits for the database, with all its locks."""
        return self.lock_wait_ms / 1000 + PATIENCE_S

    @property
    def line_clock(self) -> Clock | None:
        """The clock by which a line gives its places: None, the database's own, unless another clock was given."""
        return None if self.clock is utc_now else self.clock

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return open_engine(self.settings.database_url, self.lock_wait_ms)

    @cached_property
    def spool(self) -> Spool:
        """The files in which texts wait while the database is away; on this machine."""
        return Spool(self.settings.var / "spool", self.clock)

    @cached_property
    def gateways(self) -> Gateways:
        """The gateways, by name: those that the settings ask for, and those that were added."""
        return Gateways(self.settings, self.clock, lambda: self.engine)

    @cached_property
    def redis(self) -> "Redis":
        """A client that gives up within a quarter of a second and never tries twice."""
        return bell_client(redis_address(self.settings))

    @cached_property
    def bell(self) -> Bell:
        """The bell, rung through `redis`."""
        return Bell(self.redis)

    @cached_property
    def intake(self) -> Intake:
        """The way of texts into the line."""
        return Intake(self, self.bell.ring_decide, self.bell.tell_crowd)

    @cached_property
    def statuses(self) -> Together[Status, bool]:
        """The way of what gateways say later into the outbox; tells of each whether it is about a reply of ours."""

        def put_in(statuses: Sequence[Status]) -> list[bool]:
            return in_time(self.engine, self.patience_s, lambda: record_statuses(self.engine, statuses))

        return Together(lambda statuses: together_or_apart(put_in, statuses, hits_all))

    @cached_property
    def forgeries(self) -> Forgeries:
        """Where requests that nobody signed are counted."""
        return Forgeries(self.redis, self.clock)

    def heard_of(self, ping: Ping) -> None:
        """Note that a phone lives. Nothing depends on it: where that fails the next one notes it."""
        try:
            in_time(self.engine, PATIENCE_S, lambda: note_alive(self.engine, ping, self.clock()))
        except (SQLAlchemyError, TimeoutError) as error:
            complain(log, "phone not noted", error, gateway=ping.gateway)

    def explain(self, code: str, language: str) -> str:
        """Return what an error code of a gateway means in a language, "" where no adapter has words for it."""
        return explained(code, language)

    def waiting_redis(self) -> "Redis":
        """Return another client, for a worker that waits for rings: RQ sets how long it waits for an answer."""
        return Redis.from_url(redis_address(self.settings), retry=Retry(NoBackoff(), 0), socket_connect_timeout=2.0)

    def close(self) -> None:
        """Close what was opened."""
        opened = self.__dict__
        if "engine" in opened:
            self.engine.dispose()
        if "forgeries" in opened:
            self.forgeries.close()
        if "redis" in opened:
            self.redis.close()


def open_runtime(settings: Settings, clock: Clock = utc_now, lock_wait_ms: int = LOCK_WAIT_MS) -> Runtime:
    """Return the runtime for these settings; nothing connects yet."""
    if settings.crash_at:
        crash_at(settings.crash_at)
    return Runtime(settings, clock, lock_wait_ms)
