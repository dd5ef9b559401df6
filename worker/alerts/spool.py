"""What an operator has to know of the spool of this machine, read from its folder; no database is needed for it."""

from datetime import datetime, timedelta
from typing import Final

from worker.alerts.alarm import Alarm, counted, hour
from worker.line.spool import Spool, time_of

WAITING_AFTER: Final = timedelta(minutes=1)
SPOOLED, UNREADABLE = "texts_spooled", "texts_unreadable"


def spool_alarms(spool: Spool, now: datetime) -> list[Alarm]:
    """Return what is wrong with the spool at `now`. Raises OSError when its folder cannot be read."""
    found: list[Alarm] = []
    waiting, unreadable = spool.waiting(), spool.set_aside_names()
    if waiting and time_of(waiting[0]) < now - WAITING_AFTER:
        since = time_of(waiting[0])
        sentence = (
            f"{counted(len(waiting), 'text waits', 'texts wait')} in the spool, the first since {hour(since)}, "
            "kept but not in line: start the database or mend DATABASE_URL, and look in the log for "
            "`texts wait in the spool`."
        )
        found.append(Alarm(SPOOLED, "", since, sentence, {"waiting": len(waiting)}))
    if unreadable:
        sentence = (
            f"{counted(len(unreadable), 'file', 'files')} of the spool could not be read and may hold a text: look "
            "into `spool/bad` in BAOBEI_VAR, move what is mended back into `spool`, and remove the rest."
        )
        found.append(Alarm(UNREADABLE, "", time_of(unreadable[0]), sentence, {"files": len(unreadable)}))
    return found
