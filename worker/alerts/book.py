"""The book of alerts: what is raised, since when, and what ALERT_URL has heard of it. It is kept in `alerts`."""

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, insert, select

from worker.alerts.alarm import Alarm
from worker.log import say
from worker.outbox.asides import Aside, say_aside
from worker.store.database import reading
from worker.store.schema import alerts

log = logging.getLogger(__name__)

REMIND_AFTER: Final = timedelta(hours=1)

Key = tuple[str, str]
"""Code and scope."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm in the book. `last_sent_at`: when ALERT_URL last took it; `cleared_at`: it is over since then.

    Of what is over, `last_sent_at` and `texted_at` are taken away once ALERT_URL, and people, were told so.
    """

    alarm: Alarm
    last_sent_at: datetime | None = None
    cleared_at: datetime | None = None
    texted_at: datetime | None = None
    """when people were told of it by text"""

    def is_due(self, now: datetime) -> bool:
        """Tell whether there is something to send about it."""
        if self.cleared_at is not None or self.last_sent_at is None:
            return True
        return now - self.last_sent_at >= REMIND_AFTER

    def to_json(self) -> str:
        """Return the body of its POST."""
        state = "raised" if self.cleared_at is None else "cleared"
        said = {"alert": self.alarm.code, "state": state, "scope": self.alarm.scope}
        said |= {"since": self.alarm.since.isoformat(), "sentence": self.alarm.sentence}
        return json.dumps(self.alarm.detail | said, ensure_ascii=False)


Book = dict[Key, Raised]


def reconcile(book: Book, standing: list[Alarm], now: datetime) -> Book:
    """Return the book after a look: what is new raised, what is gone cleared; an alarm keeps its first `since`."""
    found = {(alarm.code, alarm.scope): alarm for alarm in standing}
    after: Book = {}
    for key, raised in book.items():
        alarm = found.pop(key, None)
        if alarm is not None:
            # One that has come back before its end was told has never ended.
            after[key] = replace(raised, alarm=replace(alarm, since=raised.alarm.since), cleared_at=None)
        else:
            after[key] = replace(raised, cleared_at=raised.cleared_at or now)
            if raised.cleared_at is None:
                _say_change("alert cleared", raised.alarm)
    for key, alarm in found.items():
        after[key] = Raised(alarm)
        _say_change("alert raised", alarm)
    return after


def _say_change(step: str, alarm: Alarm) -> None:
    say(log, step, logging.ERROR if step == "alert raised" else logging.INFO, alert=alarm.code, scope=alarm.scope)


def raised_at(book: Book, site_ids: Collection[int], everywhere: bool) -> list[Alarm]:
    """Return what is raised and not cleared at these sites, the oldest first; `everywhere`: what is of no site, too."""
    raised = [each.alarm for each in book.values() if each.cleared_at is None]
    seen = [alarm for alarm in raised if alarm.detail.get("site") in site_ids or (everywhere and not alarm.at_a_site)]
    return sorted(seen, key=lambda alarm: alarm.since)


def load(engine: Engine) -> Book:
    """Return the book as it was last kept."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(alerts)).all()
    return {
        (row.code, row.scope): Raised(
            Alarm(row.code, row.scope, row.since, row.sentence, row.detail),
            row.last_sent_at,
            row.cleared_at,
            row.texted_at,
        )
        for row in rows
    }


def save(engine: Engine, book: Book, texts: Iterable[Aside] = ()) -> None:
    """Keep the book, and put into the outbox what is told of it. It has a handful of lines: all are written anew."""
    rows = [
        {
            "code": raised.alarm.code,
            "scope": raised.alarm.scope,
            "since": raised.alarm.since,
            "sentence": raised.alarm.sentence,
            "detail": raised.alarm.detail,
            "last_sent_at": raised.last_sent_at,
            "cleared_at": raised.cleared_at,
            "texted_at": raised.texted_at,
        }
        for raised in book.values()
    ]
    with engine.begin() as connection:
        connection.execute(delete(alerts))
        if rows:
            connection.execute(insert(alerts), rows)
        for text in texts:
            say_aside(connection, text)
