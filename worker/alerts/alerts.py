"""Alerts to ALERT_URL: what texts cannot tell of, raised once, reminded of at most hourly, cleared once; and by text.

The book of what is raised is kept in memory, so that the database's own absence can be told of, and written to `alerts`
whenever that is possible, so that a restart repeats nothing and pages can show it. Each alert is one JSON POST:

    {"alert": "line_stands", "state": "raised", "scope": "site:3", "since": "…", "sentence": "…", "site": 3, …}
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from worker.alerts.alarm import Alarm
from worker.alerts.alarms import alarms
from worker.alerts.book import Book, Raised, load, reconcile, save
from worker.alerts.by_text import ByText
from worker.alerts.spool import SPOOLED, UNREADABLE, spool_alarms
from worker.clock import Clock
from worker.gateways.wire import NoAnswerError, NotWrittenError, Wire
from worker.line.spool import Spool
from worker.log import complain, say
from worker.patience import pause_s

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 10.0
"""None of them is in a greater hurry: most have stood for a minute or more before they are told."""
FIRST_PAUSE_S: Final = 5.0
TIMEOUT_S: Final = 5.0
AWAY_AFTER: Final = timedelta(seconds=10)
LONGEST_PAUSE_S: Final = 60.0
OF_SPOOL: Final = (SPOOLED, UNREADABLE)


class Alerts:
    """Keeps the book, and tells `url` of it if there is one. For one thread of one process."""

    def __init__(
        self,
        engine: Engine,
        spool: Spool,
        url: str | None,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._spool = spool
        self._address = None if url is None else Address(url, monotonic)
        self._by_text = ByText(engine)
        self._clock = clock
        self._book: Book = {}
        self._kept: Book | None = None
        self._away_since: datetime | None = None

    def look(self) -> None:
        """Look at everything; tell what has come up, what still holds after an hour, and what is over."""
        now = self._clock()
        standing = self._of_spool(now) + self._of_tables(now)
        self._book = _heard(
            {key: self._posted(each, now) for key, each in reconcile(self._book, standing, now).items()}
        )
        if self._away_since is not None:
            return
        try:
            book, texts = self._by_text.news(self._book, now)
            book = _heard(book)
            if book != self._kept or texts:
                save(self._engine, book, texts)
        except SQLAlchemyError as error:
            complain(log, "alerts not kept", error)
            return
        self._book = self._kept = book

    def _posted(self, raised: Raised, now: datetime) -> Raised:
        """Return a line of the book after ALERT_URL, if there is one, was told what it has to hear of it."""
        if self._address is None:
            return replace(raised, last_sent_at=None)
        over = raised.cleared_at is not None
        unheard = over and raised.last_sent_at is None
        if unheard or not raised.is_due(now) or not self._address.takes(raised):
            return raised
        return replace(raised, last_sent_at=None if over else now)

    def _of_spool(self, now: datetime) -> list[Alarm]:
        """Return what is wrong with the spool; while it cannot be read, what was wrong when it was last seen."""
        try:
            return spool_alarms(self._spool, now)
        except OSError as error:
            complain(log, "the spool cannot be read", error)
            return [alarm for alarm in self._known() if alarm.code in OF_SPOOL]

    def _of_tables(self, now: datetime) -> list[Alarm]:
        """Return what is wrong; with the database away, that, and whatever was wrong when it was last seen."""
        try:
            found = alarms(self._engine, now)
            if self._kept is None:
                # The first time that the database answers: what an earlier process has told is not told again.
                self._kept = load(self._engine)
                self._book = self._kept | self._book
        except SQLAlchemyError as error:
            complain(log, "the database is away", error)
            self._away_since = self._away_since or now
            known = [alarm for alarm in self._known() if alarm.code not in OF_SPOOL]
            if now - self._away_since >= AWAY_AFTER:
                sentence = (
                    f"The database does not answer since {self._away_since:%Y-%m-%d %H:%M} UTC, and nothing is decided "
                    "or answered: start it, or mend DATABASE_URL; `baobei doctor` says more."
                )
                known.append(Alarm("database_away", "", self._away_since, sentence))
            return known
        self._away_since = None
        return found

    def _known(self) -> list[Alarm]:
        return [raised.alarm for raised in self._book.values() if raised.cleared_at is None]


def _heard(book: Book) -> Book:
    """Return the book without what is over and nobody is left who has heard of it, and not of its end."""
    return {
        key: raised
        for key, raised in book.items()
        if raised.cleared_at is None or raised.last_sent_at is not None or raised.texted_at is not None
    }


@dataclass(slots=True)
class Address:
    """ALERT_URL. After a failure it is left alone for a while, at most a minute."""

    url: str = field(repr=False)
    monotonic: Callable[[], float]
    wire: Wire = field(default_factory=lambda: Wire(TIMEOUT_S))
    silent_until: float = 0.0
    failures: int = 0

    def takes(self, raised: Raised) -> bool:
        """Post an alert; False when it has to be posted again later."""
        if self.monotonic() < self.silent_until:
            return False
        body, headers = raised.to_json().encode(), {"Content-Type": "application/json"}
        parts = urlsplit(self.url)
        auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        try:
            answer = self.wire.send("POST", self.url, data=body, headers=headers, auth=auth)
        except (NotWrittenError, NoAnswerError) as error:
            complain(log, "alert not delivered", error, alert=raised.alarm.code)
        else:
            if 200 <= answer.status < 300:
                self.failures = 0
                return True
            say(log, "alert refused", logging.ERROR, alert=raised.alarm.code, status=answer.status)
        self.failures += 1
        self.silent_until = self.monotonic() + pause_s(self.failures, FIRST_PAUSE_S, LONGEST_PAUSE_S)
        return False
