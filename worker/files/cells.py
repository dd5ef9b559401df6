"""What stands in the cells of an imported table: days and times, or a sentence that says what is wrong with them."""

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from worker.errors import N_, SetUpError
from worker.rules.dates import YEARS

NO_DAY: Final = N_("“%(cell)s” is no day of the years %(first)s to %(last)s; write 2026-11-01")
NO_TIME: Final = N_("“%(cell)s” is no time of the years %(first)s to %(last)s; write 2026-11-02 10:00")

_MOMENT: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[\sT]+(\d{1,2})[:：时点](\d{1,2})(?:[:：分](?:(\d{1,2})(?:\.\d+)?秒?)?)?)?"
)
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?")
"""A day as spreadsheets count it; from which day on they count, the number does not tell (1900 or 1904)."""


def day_in(cell: str) -> date:
    """Return the day that a cell names; raises ValueError with a sentence."""
    day, clock = _read(cell, NO_DAY)
    if clock != time():
        raise SetUpError(N_("“%(cell)s” is no day but a time of it; write 2026-11-01"), cell=cell)
    return day


def moment_in(cell: str, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time; a day alone is its first moment. Raises ValueError with a sentence."""
    return datetime.combine(*_read(cell, NO_TIME), zone)


def _read(cell: str, sentence: str) -> tuple[date, time]:
    if _SERIAL.fullmatch(cell):
        said = N_("“%(cell)s” is a day as a spreadsheet counts it: format the column as a date and save it again")
        raise SetUpError(said, cell=cell)
    found = _MOMENT.fullmatch(cell)
    year, month, of_month, hour, minute, second = (int(part or 0) for part in found.groups()) if found else (0,) * 6
    try:
        if year in YEARS:
            return date(year, month, of_month), time(hour, minute, second)
    except ValueError:
        pass
    raise SetUpError(sentence, cell=cell, first=YEARS[0], last=YEARS[-1])
