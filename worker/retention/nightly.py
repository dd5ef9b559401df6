"""The sweeper's part in retention: once a night, at sites whose policy wants it (`retention = on`)."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Final

from sqlalchemy import Engine, select

from worker.clock import Clock
from worker.line.spool import Spool
from worker.log import say
from worker.proof.alone import alone
from worker.retention.elsewhere import erase_elsewhere
from worker.retention.run import retain
from worker.retention.scrub import scrub
from worker.rules.model import Site
from worker.rules.state import State
from worker.store.database import reading
from worker.store.schema import cursors, sites

log = logging.getLogger(__name__)

NIGHT: Final = range(3, 5)
"""Hours of a site's day in which nobody texts, reports are rare, and notices wait."""


class InterruptedRetentionError(Exception):
    """The sweeper is to stop; the next night goes on."""


class Nightly:
    """Remembers for each site the night that has been seen to; asked once too often it finds nothing due."""

    def __init__(self, engine: Engine, spool: Spool, clock: Clock, stopping: Callable[[], bool]) -> None:
        """`stopping` ends a run between two of its transactions."""
        self._engine, self._spool, self._clock, self._stopping = engine, spool, clock, stopping
        self._seen: dict[int, date] = {}

    def look(self) -> None:
        """Erase what is due at every site at which it is night and which has not been seen to."""
        now = self._clock()
        with reading(self._engine).connect() as connection:
            rows = connection.execute(select(sites).order_by(sites.c.id)).all()
            stored = {row.site_id: row.state for row in connection.execute(select(cursors.c.site_id, cursors.c.state))}
        waiting = []
        for site in rows:
            state = State(Site.from_json(stored.get(site.id, {})))
            local = now.astimezone(state.zone)
            if state.policy.retention and local.hour in NIGHT and self._seen.get(site.id) != local.date():
                waiting.append((site, local.date()))
        if not waiting:
            return
        with alone(self._engine) as mine, suppress(InterruptedRetentionError):
            for site, night in waiting if mine else ():
                self._seen[site.id] = night
                done = retain(self._engine, site, now, dry_run=False, on_progress=self._go_on)
                say(log, "retention", site=site.id, erased=sum(done.counts.values()))
            if mine:
                erase_elsewhere(self._engine, self._spool, now, dry_run=False)
                scrub(self._engine)

    def _go_on(self, *_progress: object) -> None:
        if self._stopping():
            raise InterruptedRetentionError
