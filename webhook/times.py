"""Times and spans as people read them; moments in a site's zone."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from webhook.language import _

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR_SHOWN_AFTER = timedelta(days=300)


def moment_words(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment to the second; its day only where that is not today, its year where it is far (E12)."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    return f"{day_words(moment, zone, now)} {local:%H:%M}"


def dated_words(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a moment with its day, to the second."""
    return f"{day_words(moment, zone, now)} {moment.astimezone(zone):%H:%M:%S}"


def end_words(until: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the end of a period with its day: one that ends with a day at 24:00 of that day."""
    local = until.astimezone(zone)
    if local.time() == time():
        return f"{day_words(until - MINUTE, zone, now)} 24:00"
    return f"{day_words(until, zone, now)} {local:%H:%M}"


def day_words(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the day of a moment."""
    local = moment.astimezone(zone)
    far = abs(now - moment) > YEAR_SHOWN_AFTER
    return f"{local:%Y}-{local.month}-{local.day}" if far else f"{local.month}-{local.day}"


def exact_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in full, to the millisecond."""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03}"


def span_words(span: timedelta) -> str:
    """Return a span in its largest two units, from milliseconds to days."""
    if span < timedelta(seconds=1):
        return _("%(count)s ms", count=max(0, round(span.total_seconds() * 1000)))
    if span < MINUTE:
        return _("%(count)s s", count=f"{span.total_seconds():.1f}".removesuffix(".0"))
    if span < HOUR:
        return _("%(count)s min", count=span // MINUTE)
    if span < DAY:
        return _("%(hours)s h %(minutes)s min", hours=span // HOUR, minutes=span % HOUR // MINUTE)
    return _("%(days)s d %(hours)s h", days=span // DAY, hours=span % DAY // HOUR)


def age_words(since: datetime, now: datetime) -> str:
    """Return how long ago something was, in whole seconds while it is young."""
    return span_words(max(timedelta(seconds=1), timedelta(seconds=int((now - since).total_seconds()))))
