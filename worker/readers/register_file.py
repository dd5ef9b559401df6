"""The 登记表 as rows of a file: for programs in fixed words, for people in the site's language."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from worker.files.exports import Cell, write_csv_file
from worker.readers.register import EXPORTED, RegisterRow
from worker.words.register import register_words

FORMS = ("csv", "xlsx")
"""What can be written for people."""


def plain_cells(row: RegisterRow, columns: Sequence[str], zone: ZoneInfo) -> list[Cell]:
    """Return a row as programs take it: statuses and notes are codes; times are the site's."""
    values = [getattr(row, column) for column in columns]
    return [value.astimezone(zone) if isinstance(value, datetime) else value for value in values]


def cells_in(language: str, row: RegisterRow, columns: Sequence[str], zone: ZoneInfo) -> list[Cell]:
    """Return a row as people read it; a code without words speaks for itself."""
    words = register_words(language)
    part = words["part_of_day"].get(row.planned_part, row.planned_part) if row.planned_part is not None else None
    planned = (row.planned_day, part, row.planned_time)
    said: dict[str, Cell] = {
        "status": words["status"].get(row.status, row.status),
        "flags": words["between"].join(words["flag"].get(flag, flag) for flag in row.flags.split()),
        "planned": " ".join(str(each) for each in planned if each is not None),
    }
    return [said.get(name, cell) for name, cell in zip(columns, plain_cells(row, columns, zone), strict=True)]


def fill(file: IO[bytes], form: str, language: str, rows: Iterable[RegisterRow], zones: Mapping[str, ZoneInfo]) -> None:
    """Write rows as one of FORMS, in a language; `zones` has the zone of each site by name. The file stays open."""
    words = register_words(language)
    headings = [words["column"][column] for column in EXPORTED]
    told = (cells_in(language, row, EXPORTED, zones[row.site]) for row in rows)
    if form == "csv":
        write_csv_file(told, headings, file)
    else:
        from worker.files.sheets import write_xlsx_file

        write_xlsx_file(told, headings, file, words["sheet"])
