"""Tables as spreadsheets (xlsx). It is imported where one is written: openpyxl takes megabytes of every process."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from worker.files.exports import Cell, legible, safe, shown, widths_of

TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
MEASURED = 200
"""So many rows say how wide a spreadsheet's columns are: the rest is not held in memory."""
NARROWEST, WIDEST = 6, 40
SHEET_ROWS = 1_000_000
"""So many rows stand on one sheet, below its head: spreadsheets take 1,048,576 lines. The others go on further ones."""


def write_xlsx_file(rows: Iterable[Sequence[Cell]], columns: Sequence[str], file: IO[bytes], title: str) -> None:
    """Write a spreadsheet: numbers and times as such, a head that stays and filters. The file stays open."""
    book = Workbook(write_only=True)
    rest = iter(rows)
    beginning = list(islice(rest, MEASURED))
    widths = widths_of([columns, *([shown(value) for value in row] for row in beginning)])
    rest, number, lines = chain(beginning, rest), 1, SHEET_ROWS
    while lines == SHEET_ROWS:
        sheet = _headed(book, title if number == 1 else f"{title} {number}", columns, widths)
        lines = 0
        for row in islice(rest, SHEET_ROWS):
            sheet.append([_typed(sheet, value) for value in row])
            lines += 1
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{lines + 1}"
        number += 1
    book.save(file)


def _headed(book: Workbook, title: str, columns: Sequence[str], widths: Sequence[int]) -> Any:
    sheet = book.create_sheet(title)
    for number, wide in enumerate(widths, start=1):
        # In digits: room for the widest text, and for the arrow of the filter.
        sheet.column_dimensions[get_column_letter(number)].width = min(max(wide + 3, NARROWEST), WIDEST)
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, column) for column in columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    return sheet


def _typed(sheet: WriteOnlyWorksheet, value: Cell) -> SheetCell | str | int | None:
    if isinstance(value, datetime):
        # A spreadsheet knows no zones: it is told the time as the clock at the site shows it.
        time = WriteOnlyCell(sheet, value.replace(tzinfo=None, microsecond=0))
        time.number_format = TIME_FORMAT
        return time
    return safe(legible(value)) if isinstance(value, str) else value
