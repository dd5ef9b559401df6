"""Backfill: texts that a gateway has in its own list and that never reached us are put in line (gateways.md).

The list is read to its end before anything is put in line: it comes newest first, and of several missing texts the
first shall have the first place. Each enters by the door that every text goes through, with the gateway's time of its
creation as the time of sending, so an overlap that it would have won is contested (R11).
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import Engine, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from worker.clock import Clock
from worker.crash_points import around
from worker.gateways.base import Gateway, GatewayAwayError, Inbound
from worker.line.comparisons import Comparison, begin, compared_until, finish, last_begun
from worker.line.door import accept
from worker.log import kind_of, say
from worker.storable import storable
from worker.store.database import reading
from worker.store.schema import inbox, sites, unrouted

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
ON_ITS_WAY: Final = timedelta(minutes=2)
"""How long a webhook may take: what is younger is not missing yet."""
OVERLAP: Final = timedelta(minutes=10)
FIRST_SPAN: Final = timedelta(hours=2)
BATCH: Final = 500


class InterruptedBackfillError(Exception):
    """The process ends; the comparison stays unfinished, and the next one begins where it began."""


@dataclass(slots=True)
class Tally:
    """What a comparison has counted so far."""

    found: int = 0
    missing: int = 0
    healed: int = 0


@dataclass(frozen=True, slots=True)
class Backfill:
    """Compares gateways' lists with ours. `ring` is told each site whose line got longer, `tell` the progress."""

    engine: Engine
    ring: Callable[[int], object]
    clock: Clock
    stopping: Callable[[], bool] = lambda: False
    tell: Callable[[str, Tally], object] = lambda name, tally: None

    def compare(self, gateway: Gateway, since: datetime, until: datetime) -> Comparison:
        """Compare from `since` to before `until` and put in line what is missing.

        What goes wrong with the list, or with a text, stands in `error` of the result. Raises SQLAlchemyError and
        InterruptedBackfillError; the comparison stays unfinished then.
        """
        number, tally, error = begin(self.engine, gateway.name, since, until, self.clock()), Tally(), None
        try:
            ours = select(sites.c.number).where(sites.c.gateway == gateway.name).order_by(sites.c.id)
            with reading(self.engine).connect() as connection:
                numbers = connection.execute(ours).scalars().all()
            with around("backfill.list"):
                missing = self._missing(gateway.name, gateway.backfill(numbers, since, until), tally)
            # A list comes newest first, which still tells who was first within one second of it.
            for _, text in sorted(enumerate(missing), key=lambda one: (one[1].sent_at or since, -one[0])):
                self._put_in_line(text, tally)
        except (InterruptedBackfillError, SQLAlchemyError):
            raise
        except Exception as failed:
            error = str(failed) if isinstance(failed, GatewayAwayError) else kind_of(failed)
        ended = Comparison(gateway.name, since, until, tally.found, tally.healed, error)
        finish(self.engine, number, ended, self.clock())
        say(log, "compared", gateway=gateway.name, found=tally.found, healed=tally.healed, error=error)
        return ended

    def catch_up(self, gateways: Mapping[str, Gateway]) -> int:
        """Compare each list that is due, from where the last comparison ended; return how many texts that healed."""
        healed = 0
        for gateway in (each for each in gateways.values() if each.keeps_list):
            now, last = self.clock(), last_begun(self.engine, gateway.name)
            if last is not None and now - EVERY < last <= now:
                continue
            reached = compared_until(self.engine, gateway.name)
            since = reached - OVERLAP if reached else now - FIRST_SPAN
            ended = self.compare(gateway, since, now - ON_ITS_WAY)
            if ended.error:
                say(log, "backfill failed", logging.ERROR, gateway=gateway.name, error=ended.error)
            healed += ended.healed
        return healed

    def _missing(self, name: str, listed: Iterator[Inbound], tally: Tally) -> list[Inbound]:
        missing: list[Inbound] = []
        while batch := list(islice(listed, BATCH)):
            self._go_on()
            by_id = {storable(text.provider_id): text for text in batch}
            # Asked in one statement: what we have nowhere is missing, and no other text aborts a transaction.
            here = [
                select(table.c.provider_id).where(table.c.gateway == name, table.c.provider_id.in_(by_id))
                for table in (inbox, unrouted)
            ]
            with reading(self.engine).connect() as connection:
                known = set(connection.execute(union_all(*here)).scalars())
            missing += [text for id_, text in by_id.items() if id_ not in known]
            tally.found += len(batch)
            tally.missing = len(missing)
            if len(batch) == BATCH:
                self.tell(name, tally)
        return missing

    def _put_in_line(self, text: Inbound, tally: Tally) -> None:
        self._go_on()
        receipt = accept(self.engine, text)
        say(log, "backfilled", outcome=receipt.outcome, gateway=text.gateway, site=receipt.site_id, seq=receipt.seq)
        # One that is repeated came by itself meanwhile.
        tally.healed += receipt.outcome != "repeated"
        if receipt.site_id is not None:
            self.ring(receipt.site_id)
        if receipt.outcome != "repeated" and tally.healed % BATCH == 0:
            self.tell(text.gateway, tally)

    def _go_on(self) -> None:
        if self.stopping():
            raise InterruptedBackfillError
