"""Numbers for Prometheus, computed from the tables and Redis when somebody asks: no process has to add anything up.

Labels are ids, codes and names of ours; nothing here is about a person. Everything is read through an index or is
small, so that a scrape costs milliseconds with a hundred thousand registrations.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Queue
from rq.registry import FailedJobRegistry
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from worker.bell.bell import QUEUES
from worker.bell.forgeries import forgery_of
from worker.bell.heartbeats import SWEEPER, last_beat
from worker.readers.health import live_workers
from worker.readers.latency import latencies, quantile
from worker.readers.lines import lines
from worker.readers.outbox_counts import OutboxCounts
from worker.runtime import Runtime
from worker.store.database import reading
from worker.store.schema import (
    FAILED,
    alerts,
    attempts,
    backfills,
    cursors,
    decisions,
    forwards,
    gateway_stops,
    replies,
    unrouted,
)

QUANTILES: Final = (0.5, 0.95, 0.99)
RECENT: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def scrape(collector: "Metrics") -> bytes:
    """Return all numbers in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry)


class Metrics(Collector):
    """The numbers of one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._decided = DecisionCounts()
        self._outbox = OutboxCounts()

    def collect(self) -> Iterator[Metric]:
        """Yield every family; of a database or Redis that is away only that it is."""
        yield InfoMetricFamily("baobei_build", "What runs here.", {"version": version("baobei")})
        spool = self._runtime.spool
        with suppress(OSError):
            waiting, bad = len(spool.waiting()), len(spool.set_aside_names())
            yield _gauge("baobei_spooled_texts", "Texts that wait in this machine's spool.", waiting)
            yield _gauge("baobei_spool_unreadable_texts", "Files of this machine's spool that nobody could read.", bad)
        families: list[Metric] = []
        now = self._runtime.clock()
        try:
            with reading(self._runtime.engine).connect() as connection:
                families += _line(connection, now)
                families.append(self._decided.family(connection))
                families += _replies(connection, now, self._outbox)
                families += _comparisons(connection, now, self._runtime)
                families += _standing(connection, now, self._runtime)
        except SQLAlchemyError:
            families = []
        yield _gauge("baobei_database_up", "Whether the database answers.", bool(families))
        yield from families
        families = []
        with suppress(RedisError, OSError):
            families = list(_redis(self._runtime))
        yield _gauge("baobei_redis_up", "Whether Redis answers.", bool(families))
        yield from families


@dataclass(slots=True)
class DecisionCounts:
    """Decisions by code. They are never changed, so each is counted once, and a scrape reads only the newest."""

    upto: dict[int, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def family(self, connection: Connection) -> Metric:
        """Count what has been decided since the last time and return all."""
        with self.lock:
            for site_id, seq in connection.execute(select(cursors.c.site_id, cursors.c.decided_seq)):
                if seq <= self.upto.get(site_id, 0):
                    continue
                after, upto = decisions.c.seq > self.upto.get(site_id, 0), decisions.c.seq <= seq
                query = select(decisions.c.code, func.count()).where(decisions.c.site_id == site_id, after, upto)
                for code, count in connection.execute(query.group_by(decisions.c.code)):
                    self.counts[code] += count
                self.upto[site_id] = seq
            return _counter("baobei_decisions", "Messages decided, by the code of their outcome.", "code", self.counts)


def _line(connection: Connection, now: datetime) -> Iterator[Metric]:
    found = {str(line.site_id): line for line in lines(connection)}
    received = {site: line.last_seq for site, line in found.items()}
    waiting = {site: line.waiting for site, line in found.items()}
    ages = {site: _seconds(now, line.waiting_since) for site, line in found.items()}
    lost = connection.execute(select(func.count()).select_from(unrouted)).scalar_one()
    yield _counter("baobei_messages_received", "Messages put in line: texts, and set-up by commands.", "site", received)
    yield _gauges("baobei_messages_undecided", "Messages that wait for their decision.", "site", waiting)
    yield _gauges("baobei_oldest_undecided_seconds", "How long the first of them has waited; else 0.", "site", ages)
    to_forward = connection.execute(select(func.count()).select_from(forwards).where(~forwards.c.done)).scalar_one()
    yield _gauge("baobei_forwards_waiting", "Texts that other sites' lines are still to get.", to_forward)
    yield _gauge("baobei_texts_unrouted", "Texts that came to a number of no site.", lost)


def _replies(connection: Connection, now: datetime, outbox: OutboxCounts) -> Iterator[Metric]:
    codes = _grouped(connection, func.coalesce(replies.c.error_code, "none"), FAILED)
    states = outbox.by_state(connection, now, failed=sum(codes.values()))
    yield _gauges("baobei_replies", "Replies and notices, by state.", "state", states)
    yield _gauges("baobei_replies_failed", "Failed replies and notices, by the code of the failure.", "code", codes)

    outcomes = _grouped(connection, func.coalesce(attempts.c.outcome, "none"), attempts.c.ended_at > now - RECENT)
    taken = sorted(latencies(connection, now - RECENT))
    quantiles = {str(q): quantile(taken, q) for q in QUANTILES} if taken else {}
    yield _gauges("baobei_attempts_last_hour", "Attempts to send in the last hour, by outcome.", "outcome", outcomes)
    words = "Seconds from a text's receipt to its reply at the gateway, over the last hour."
    yield _gauges("baobei_reply_latency_seconds", words, "quantile", quantiles)
    yield _gauge("baobei_reply_latency_samples", "Replies that these quantiles are made of.", len(taken))


def _comparisons(connection: Connection, now: datetime, runtime: Runtime) -> Iterator[Metric]:
    lately = backfills.c.ended_at > now - DAY
    query = select(backfills.c.gateway, func.sum(backfills.c.found), func.sum(backfills.c.healed)).where(lately)
    sums = {gateway: (int(f), int(h)) for gateway, f, h in connection.execute(query.group_by(backfills.c.gateway))}
    lists = {name: sums.get(name, (0, 0)) for name, gateway in runtime.gateways.items() if gateway.keeps_list}
    found, healed = ({name: pair[i] for name, pair in lists.items()} for i in (0, 1))
    words = "Texts in the gateway's list, over the comparisons of the last day"
    yield _gauges("baobei_backfill_found_last_day", f"{words}; they overlap.", "gateway", found)
    yield _gauges("baobei_backfill_healed_last_day", f"{words}, that had never reached us.", "gateway", healed)


def _standing(connection: Connection, now: datetime, runtime: Runtime) -> Iterator[Metric]:
    stops = connection.execute(select(gateway_stops.c.gateway, gateway_stops.c.number)).all()
    whole = dict.fromkeys(runtime.gateways, 0) | {stop.gateway: 1 for stop in stops if not stop.number}
    numbers = dict.fromkeys(runtime.gateways, 0) | Counter(stop.gateway for stop in stops if stop.number)
    raised = _grouped(connection, alerts.c.code, alerts.c.cleared_at.is_(None))
    beat = last_beat(connection, SWEEPER)
    yield _gauges("baobei_gateway_stopped", "1 while a gateway is stopped.", "gateway", whole)
    yield _gauges("baobei_numbers_stopped", "Numbers of ours that are stopped.", "gateway", numbers)
    yield _gauges("baobei_alerts_raised", "Alerts that are raised now, by code.", "alert", raised)
    if beat is not None:
        yield _gauge(
            "baobei_sweeper_silent_seconds", "Time since the sweeper's last sign of life.", _seconds(now, beat)
        )


def _redis(runtime: Runtime) -> Iterator[Metric]:
    queues = {name: Queue(name, connection=runtime.redis) for name in QUEUES}
    waiting = {name: queue.count for name, queue in queues.items()}
    failed = {name: len(FailedJobRegistry(queue=queue)) for name, queue in queues.items()}
    workers = {name: live_workers(queue) for name, queue in queues.items()}
    yield _gauges("baobei_queue_jobs", "Rings that no worker has heard yet.", "queue", waiting)
    yield _gauges("baobei_queue_failed_jobs", "Jobs that failed in the last day.", "queue", failed)
    yield _gauges("baobei_queue_workers", "Workers that listen.", "queue", workers)

    found = {name: forgery_of(runtime.redis, name) for name in runtime.gateways}
    counts = {name: forgery.count if forgery else 0 for name, forgery in found.items()}
    words = "Requests refused for their signature; begins anew after a week without any."
    yield _counter("baobei_signature_failures", words, "gateway", counts)


def _grouped(connection: Connection, key: object, *where: object) -> dict[str, int]:
    query = select(key, func.count()).where(*where).group_by(key)  # type: ignore[call-overload]
    return {str(name): int(count) for name, count in connection.execute(query)}


def _seconds(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value)


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
