"""A run of retention: what is due is counted, the line audited and sealed, and then erased behind the seal.

Short transactions, each of which holds its line still for some tens of milliseconds; after a crash the next run goes
on where this one ended, because what is erased is no longer due.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, insert, update

from worker.proof.audit import audit_site
from worker.proof.checks import cursor_of
from worker.proof.scratch import scratch_database
from worker.proof.seals import Seal, empty_older_seals, seal_line
from worker.retention.affairs import note_clients, places_answered, places_to_forward
from worker.retention.changes import Change, apply
from worker.retention.clients import Clients
from worker.retention.steps import Task, steps_of
from worker.retention.traces import Follower, MovedOnError
from worker.retention.wants import Wanted
from worker.rules.policy import Policy, policy_of
from worker.store.database import reading, snapshot
from worker.store.schema import retentions

PAUSE_S: Final = 0.05

OnProgress = Callable[[str, str, int], None]
"""Is told the site's name, the step, and how much of it is done."""


class UnprovedError(Exception):
    """The audit disagrees, so that nothing may be sealed or erased; the message is the sentence to say."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run erased at one site, or would erase: rows by kind. `seal`: the place that it stayed behind."""

    site: str
    policy: Policy
    counts: dict[str, int] = field(default_factory=dict)
    seal: int | None = None
    finished: bool = True


def retain(
    engine: Engine, site: Row[Any], now: datetime, dry_run: bool, on_progress: OnProgress = lambda *_: None
) -> Retained:
    """Erase at one site (a row of `sites`) what is older than its policy's periods. Raises UnprovedError."""
    due = count_due(engine, site, now)
    if dry_run:
        return due
    with engine.begin() as connection:
        begun = insert(retentions).values(site_id=site.id, started_at=now, counts={}).returning(retentions.c.id)
        run_id = int(connection.execute(begun).scalar_one())
    if not due.counts:
        _end(engine, run_id, now)
        return due
    try:
        seal = _seal(engine, site, now, on_progress)
        counts, finished = _erase(engine, site, seal, now, on_progress)
        empty_older_seals(engine, seal, now)
    except BaseException as error:
        _end(engine, run_id, now, error=type(error).__name__)
        raise
    _end(engine, run_id, now, seal_seq=seal.seq, counts=counts, error=None if finished else "MovedOnError")
    return Retained(site.name, due.policy, counts, seal.seq, finished)


def count_due(engine: Engine, site: Row[Any], now: datetime) -> Retained:
    """Count what is older than its period at one site; changes nothing."""
    counts: Counter[str] = Counter()
    with snapshot(engine) as connection, Clients.kept() as clients:
        task = _task(connection, site.id, now, cursor_of(connection, site.id).decided_seq, clients)
        for step in steps_of(task).values():
            while not step.over:
                step.look()
                _count(counts, step.batch(connection))
    return Retained(site.name, task.policy, dict(counts))


def _task(connection: Connection, site_id: int, now: datetime, upto: int, clients: Clients) -> Task:
    state = cursor_of(connection, site_id).state
    note_clients(connection, site_id, now, clients)
    wanted = Wanted(clients)
    for numbers in clients.living():
        wanted.take(connection, site_id, numbers)
    wanted.places.update(places_answered(connection, site_id, wanted.refs))
    wanted.places.update(places_to_forward(connection, site_id))
    return Task(site_id, policy_of(state.get("policy", {})), now, upto, state.get("staff", {}), wanted)


def _count(counts: Counter[str], changes: list[Change]) -> None:
    counts.update(change.table.name for change in changes)


def _seal(engine: Engine, site: Row[Any], now: datetime, on_progress: OnProgress) -> Seal:
    """Audit a line and seal it where it stands: from there on everything can still be proved afterwards."""
    with scratch_database() as scratch:
        with snapshot(engine) as source:
            audited = audit_site(
                source, scratch, site, since_seal=True, on_progress=lambda name, at, _: on_progress(name, "audit", at)
            )
        if not audited.clean:
            raise UnprovedError(
                f"{site.name}: nothing was erased, because the register does not agree with the line in "
                f"{audited.count} places; run `baobei audit` and mend that first."
            )
        return seal_line(engine, scratch, site.id, now)


def _erase(
    engine: Engine, site: Row[Any], seal: Seal, now: datetime, on_progress: OnProgress
) -> tuple[dict[str, int], bool]:
    counts: Counter[str] = Counter()
    finished = False
    with Clients.kept() as clients, suppress(MovedOnError):
        with snapshot(engine) as connection:
            task = _task(connection, site.id, now, seal.seq, clients)
        follower = Follower(seal, task.wanted)
        for name, step in steps_of(task).items():
            while not step.over:
                # Texts are read before the lock that others wait for; under it is left what was decided meanwhile.
                with reading(engine).connect() as connection:
                    follower.catch_up(connection)
                step.look()
                with engine.begin() as connection:
                    follower.hold(connection)
                    follower.catch_up(connection)
                    changes = step.batch(connection)
                    apply(connection, seal, changes)
                _count(counts, changes)
                on_progress(site.name, name, counts.total())
                # Texts that wait for SQLite's one writer get their turn.
                time.sleep(PAUSE_S)
        finished = True
    return dict(counts), finished


def _end(engine: Engine, run_id: int, now: datetime, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(retentions).where(retentions.c.id == run_id).values(ended_at=now, **values))
