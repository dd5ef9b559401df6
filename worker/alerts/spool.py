"""What an operator has to know of the spool of this machine, read from its folder; no database is needed for it."""

from datetime import datetime, timedelta
from typing import Final

from worker.alerts.alarms import Alarm, counted, hour
from worker.line.spool import Spool, time_of

WAITING_AFTER: Final = timedelta(minutes=1)
SPOOLED, UNREADABLE = "texts_spooled", "texts_unreadable"


def spool_alarms(spool: Spool, now: datetime) -> list[Alarm]:
    """Return what is wrong with the spool at `now`. Raises OSError when its folder cannot be read."""
    return [*_waiting(spool.waiting(), now), *_unreadable(spool.set_aside_names())]


def _waiting(names: list[str], now: datetime) -> list[Alarm]:
    if not names or time_of(names[0]) >= now - WAITING_AFTER:
        return []
    since = time_of(names[0])
    sentence = (
        f"{counted(len(names), 'text waits', 'texts wait')} in the spool, the first since {hour(since)}, kept but not "
        "in line: start the database or mend DATABASE_URL, and look in the log for `texts wait in the spool`."
    )
    return [Alarm(SPOOLED, "", since, sentence, {"waiting": len(names)})]


def _unreadable(names: list[str]) -> list[Alarm]:
    if not names:
        return []
    sentence = (
        f"{counted(len(names), 'file', 'files')} of the spool could not be read and may hold a text: look into "
        "`spool/bad` in BAOBEI_VAR, move what is mended back into `spool`, and remove the rest."
    )
    return [Alarm(UNREADABLE, "", time_of(names[0]), sentence, {"files": len(names)})]
