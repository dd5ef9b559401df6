"""A day or time as people type it: 2026-12-29, or 12-29 without its year (decisions.md D9)."""

from datetime import date, datetime, tzinfo

from worker.rules.state import State

YEARLESS = len("MM-DD")
YEARS = range(2000, 2100)
"""Of days and times that people type: 0202 and 26 are years typed half, and no calendar goes on for ever."""


def typed_day(state: State, written: str | None, now: datetime) -> date | None:
    """Return the day that is meant, today where none is written; None for a day of no calendar, or of no year in YEARS.

    Without a year it is the nearest such day, so that 12-29 typed on 3 January is the last year's and a slip that
    points ahead stays ahead: whoever asks refuses what is still to come.
    """
    today = state.day(now)
    if written is None:
        return today
    years = (today.year, today.year - 1) if len(written) == YEARLESS else (None,)
    days = (whole_day(written if year is None else f"{year}-{written}") for year in years)
    return min((day for day in days if day is not None), key=lambda day: abs(day - today), default=None)


def whole_day(written: str) -> date | None:
    """Return the day that is written with its year; None for a day of no calendar, or of no year in YEARS."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def whole_moment(written: str, zone: tzinfo) -> datetime | None:
    """Return the instant that is written, in `zone` where it names none; None as with `whole_day`."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
