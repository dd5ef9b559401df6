"""A day as people type it: 2026-12-29, or 12-29 without its year (decisions.md D9)."""

from contextlib import suppress
from datetime import date, datetime

from worker.rules.state import State

YEARLESS = len("MM-DD")


def typed_day(state: State, written: str | None, now: datetime) -> date | None:
    """Return the day that is meant, today where none is written; None for a day that no calendar has.

    Without a year it is the nearest such day, so that 12-29 typed on 3 January is the last year's and a slip that
    points ahead stays ahead: whoever asks refuses what is still to come.
    """
    today = state.day(now)
    if written is None:
        return today
    years = (today.year, today.year - 1) if len(written) == YEARLESS else (None,)
    days: list[date] = []
    for year in years:
        with suppress(ValueError):
            days.append(date.fromisoformat(written if year is None else f"{year}-{written}"))
    return min(days, key=lambda day: abs(day - today), default=None)
