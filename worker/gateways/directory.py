"""The gateways that a process has, by name: those of its settings, and those that were added meanwhile."""

import logging
import time
from collections.abc import Callable, Iterator, MutableMapping
from operator import itemgetter
from threading import Lock
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from worker.clock import Clock
from worker.gateways.base import Gateway
from worker.gateways.table import KINDS, open_gateways
from worker.log import complain
from worker.settings import Settings
from worker.store.database import reading
from worker.store.failures import in_time
from worker.store.schema import gateways

log = logging.getLogger(__name__)

READ_EVERY_S: Final = 10.0
PATIENCE_S: Final = 1.0
ASKED_EVERY_S: Final = 1.0
"""Somebody asks for one that is not known: so often the table is read for that at the most, whoever asks."""


class Gateways(MutableMapping[str, Gateway]):
    """All gateways of a process. What is added while it runs is known after `READ_EVERY_S`, or as soon as it is asked.

    Any thread may use it. While the database is away those that are known stay so.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        engine: Callable[[], Engine],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._clock, self._engine, self._monotonic = settings, clock, engine, monotonic
        self._lock = Lock()
        self._read_at: float | None = None
        self._added: dict[str, Gateway] = {}
        self._accounts: dict[str, Any] = {}
        self.of_settings = open_gateways(settings, clock)
        """Those that are known without a database."""

    def __getitem__(self, name: str) -> Gateway:
        """Return a gateway."""
        if (found := self.of_settings.get(name)) is not None:
            return found
        self._read(READ_EVERY_S if name in self._added else ASKED_EVERY_S)
        return self._added[name]

    def __setitem__(self, name: str, gateway: Gateway) -> None:
        """Have one that no table knows."""
        self.of_settings[name] = gateway

    def __delitem__(self, name: str) -> None:
        """Have it no more."""
        del self.of_settings[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        self._read(READ_EVERY_S)
        return iter([*self.of_settings, *self._added])

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(1 for _ in self)

    def _read(self, age_s: float) -> None:
        """Read the table, unless that was done, or tried, within `age_s`."""
        with self._lock:
            now = self._monotonic()
            if self._read_at is not None and now - self._read_at < age_s:
                return
            self._read_at = now
        try:
            engine = self._engine()
            rows = in_time(engine, PATIENCE_S, lambda: _rows(engine))
        except (SQLAlchemyError, TimeoutError) as error:
            complain(log, "gateways not read", error)
            return
        known, accounts = self._added, {name: account for name, _, account in rows}
        # One whose password was changed, say, is opened anew.
        self._added = {
            name: known[name]
            if name in known and self._accounts.get(name) == account
            else KINDS[kind](name, self._settings, self._clock, self._engine, account)
            for name, kind, account in sorted(rows, key=itemgetter(0))
            if kind in KINDS
        }
        self._accounts = accounts


def _rows(engine: Engine) -> list[tuple[str, str, Any]]:
    with reading(engine).connect() as connection:
        found = connection.execute(select(gateways.c.name, gateways.c.kind, gateways.c.account))
        return [(row.name, row.kind, row.account) for row in found]
