"""Alerts by text: once when something is raised, once when it is over, and of a storm of them one text.

News are gathered for a minute, so that what comes and goes is not told and what comes together is told together; after
a text the next waits for ten minutes, longer the more were sent within a day, and a day has at most twelve: what is new
meanwhile stands in the next. Each person is told of what is his to see, by the number of a site that sends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, select

from worker.accounts.alert_choice import who_is_alerted
from worker.accounts.users import User
from worker.alerts.alarm import Alarm
from worker.alerts.book import Book, Raised
from worker.outbox.asides import ALERT, Aside, Way, way_for, ways
from worker.store.database import reading
from worker.store.schema import replies
from worker.words.alarms import alerts_said

GATHERED_FOR: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
QUIET_FOR: Final = (*[timedelta(minutes=10)] * 3, timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2))
"""So long no text follows the first, second … of a day, and the last of these after any further one."""
MOST_A_DAY: Final = 12


@dataclass(slots=True)
class ByText:
    """Tells people by text; for one thread of one process."""

    engine: Engine
    news_since: datetime | None = None

    def news(self, book: Book, now: datetime) -> tuple[Book, list[Aside]]:
        """Return what is to be texted now, if it is time, and the book as it stands once that is in the outbox."""
        raised = [each.alarm for each in book.values() if each.cleared_at is None and each.texted_at is None]
        over = [each.alarm for each in book.values() if each.cleared_at is not None and each.texted_at is not None]
        self.news_since = (self.news_since or now) if raised or over else None
        if self.news_since is None or now - self.news_since < GATHERED_FOR:
            return book, []
        with reading(self.engine).connect() as connection:
            people, every = who_is_alerted(connection), ways(connection)
            # Of one moment there is a text for each person.
            moments = select(replies.c.created_at).where(replies.c.code == ALERT, replies.c.created_at > now - DAY)
            latest = moments.distinct().order_by(replies.c.created_at.desc()).limit(MOST_A_DAY)
            told_at = connection.execute(latest).scalars().all()
        if people and not _may_tell(told_at, now):
            return book, []
        self.news_since = None
        texts = [text for user, phone in people if (text := _text(user, phone, every, raised, over, now)) is not None]
        return {key: _told(each, now if people else None) for key, each in book.items()}, texts


def _may_tell(told_at: Sequence[datetime], now: datetime) -> bool:
    """Tell whether it is time for a text after those of these moments of the last 24 hours, the latest first."""
    if not told_at:
        return True
    quiet = QUIET_FOR[min(len(told_at), len(QUIET_FOR)) - 1]
    return len(told_at) < MOST_A_DAY and now - told_at[0] >= quiet


def _told(each: Raised, at: datetime | None) -> Raised:
    """Return a line of the book after texts of this moment; None: nobody is there who would have to hear more."""
    return replace(each, texted_at=None if each.cleared_at is not None else each.texted_at or at)


def _text(
    user: User, phone: str, every: Sequence[Way], raised: Sequence[Alarm], over: Sequence[Alarm], now: datetime
) -> Aside | None:
    """Return what somebody is told of what is his to see, None where that is nothing or there is no way to tell it."""
    mine, past = ([alarm for alarm in each if _is_his(user, alarm)] for each in (raised, over))
    way = way_for(every, {each.site_id for each in every if any(_is_about(alarm, each) for alarm in raised)})
    if way is None or not (mine or past):
        return None
    names = {each.site_id: each.name for each in every}
    words = alerts_said(way.language, way.zone, *([_named(each, names) for each in some] for some in (mine, past)))
    return Aside(way.site_id, f"o:alert:{user.id}:{now.isoformat()}", ALERT, phone, words, now)


def _is_about(alarm: Alarm, way: Way) -> bool:
    """Tell whether something is wrong with a site, or with the gateway that it sends by."""
    return alarm.detail.get("site") == way.site_id or alarm.detail.get("gateway") == way.gateway


def _is_his(user: User, alarm: Alarm) -> bool:
    return user.sees(int(alarm.detail["site"])) if alarm.at_a_site else user.everywhere


def _named(alarm: Alarm, names: dict[int, str]) -> tuple[str, str, datetime]:
    """Return an alarm's code, whose it is, and since when."""
    site = names.get(int(alarm.detail.get("site", 0)), "")
    return alarm.code, site or str(alarm.detail.get("gateway", "")), alarm.since
