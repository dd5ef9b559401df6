"""How a page shows times: as seen now, in one site's zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webhook.times import age_words, dated_words, end_words, exact_words, moment_words, span_words

USUAL_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Showing:
    """A moment and a zone, and words for times in them; templates get it as `show`."""

    now: datetime
    zone: ZoneInfo = USUAL_ZONE

    def moment(self, moment: datetime) -> str:
        """Return a moment, its day where that is not today."""
        return moment_words(moment, self.zone, self.now)

    def dated(self, moment: datetime) -> str:
        """Return a moment with its day, be that today, to the second."""
        return dated_words(moment, self.zone, self.now)

    def exact(self, moment: datetime) -> str:
        """Return a moment to the millisecond."""
        return exact_words(moment, self.zone)

    def clock(self, moment: datetime) -> str:
        """Return hour and minute."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def age(self, since: datetime) -> str:
        """Return how long ago a moment was."""
        return age_words(since, self.now)

    def seconds(self, seconds: float) -> str:
        """Return a span given in seconds."""
        return span_words(timedelta(seconds=seconds))

    def end(self, until: datetime) -> str:
        """Return the end of a period: 24:00 of a day, not 0:00 of the next."""
        return end_words(until, self.zone, self.now)

    def day_end(self, day: date) -> datetime:
        """Return 24:00 of a day."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone)
