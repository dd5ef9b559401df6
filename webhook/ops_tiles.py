"""The upper part of the ops page: the verdict, and a tile for each thing that can be well or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from webhook.language import _
from webhook.ops_words import Trouble, fault_of
from webhook.show import Showing
from worker.processes.queues import QueueSummary
from worker.readers.backlog import OutboxBacklog
from worker.readers.health import Health
from worker.readers.lines import Line
from worker.readers.losses import Meter

LATE = timedelta(seconds=10)
AMISS = ("warn", "bad")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether everything is well, and else what is not."""

    words: str
    tone: str
    faults: tuple[Trouble, ...] = ()


class Tile(NamedTuple):
    """One thing, its value, and what there is to say besides; `codes`: those of `worker.readers.health` that say it."""

    name: str
    value: str
    more: str
    tone: str
    codes: tuple[str, ...] = ()


def verdict_of(health: Health, tiles: Iterable[Tile], meters: Iterable[Meter], raised: int) -> Verdict:
    """Return the one look at everything: it is as bad as the worst of what the page shows. `raised`: alerts."""
    if not health.durable:
        return Verdict(_("No text can be kept: gateways are told to come again."), "bad")
    faults = [fault_of(code) for code in health.degraded]
    for tile in tiles:
        if tile.tone in AMISS and not set(tile.codes).intersection(health.degraded):
            faults.append(
                Trouble(_("%(name)s: %(value)s, %(more)s", name=tile.name, value=tile.value, more=tile.more), tile.tone)
            )
    faults += [
        Trouble(_("The list of gateway %(name)s could not be read.", name=m.gateway), "warn") for m in meters if m.error
    ]
    if raised:
        faults.append(Trouble(_("Alerts are raised: %(count)s.", count=raised), "warn"))
    if not faults:
        return Verdict(_("Everything is well"), "good")
    bad = any(fault.tone == "bad" for fault in faults)
    words = _("Something is wrong") if bad else _("It works, but not everything is well")
    return Verdict(words, "bad" if bad else "warn", tuple(faults))


def tiles_of(
    lines: Sequence[Line],
    outbox: OutboxBacklog,
    queues: list[QueueSummary] | None,
    health: Health,
    show: Showing,
) -> list[Tile]:
    """Return a tile for the lines, the outbox, what is in doubt, each queue, and the database."""
    oldest = min((line.waiting_since for line in lines if line.waiting_since), default=None)
    no_doubt = Tile(_("Replies in doubt"), "0", _("every reply's fate is known"), "good")
    doubts = Tile(_("Replies in doubt"), str(outbox.in_doubt), _("settled by themselves or by you"), "warn")
    no_redis = Tile("Redis", _("away"), _("the sweeper does the work"), "warn", ("redis_away",))
    no_database = Tile(_("Database"), _("away"), _("texts wait in the spool"), "bad", ("database_away",))
    return [
        _waiting(_("Texts waiting"), sum(line.waiting for line in lines), oldest, show, "undecided_texts"),
        _waiting(_("Replies to send"), outbox.pending, outbox.oldest_at, show),
        doubts if outbox.in_doubt else no_doubt,
        *([no_redis] if queues is None else (_queue(queue) for queue in queues)),
        no_database if "database_away" in health.degraded else Tile(_("Database"), _("writes"), "", "good"),
    ]


def _waiting(name: str, count: int, oldest: datetime | None, show: Showing, *codes: str) -> Tile:
    if oldest is None:
        return Tile(name, str(count), _("none waits"), "good")
    late = show.now - oldest > LATE
    return Tile(name, str(count), _("the oldest for %(age)s", age=show.age(oldest)), "bad" if late else "info", codes)


def _queue(queue: QueueSummary) -> Tile:
    name = _("Queue %(name)s", name=queue.name)
    working = _("%(count)s at work", count=len(queue.workers)) if queue.workers else _("no worker")
    more = f"{working} · {_('%(count)s failed', count=queue.failed)}" if queue.failed else working
    tone = "warn" if not queue.workers or queue.failed else "good"
    # Of a queue without a worker health speaks; of its failed jobs nobody else does.
    codes = () if queue.workers else (f"no_{queue.name}_worker",)
    return Tile(name, str(queue.waiting + queue.started), more, tone, codes)
