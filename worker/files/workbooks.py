"""Workbooks that come in (xlsx): the cells of the first sheet as a person sees them, each as text.

A workbook is a zip of XML, made by anybody: what unpacks to more than is ever needed is not unpacked, no formula is
computed, and columns and lines beyond those that a list has are not walked through.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from openpyxl import load_workbook

from worker.errors import N_, SetUpError

NEW: Final = b"PK\x03\x04"
OLD: Final = b"\xd0\xcf\x11\xe0"
"""What a workbook begins with: xlsx, which is a zip, and xls."""
MOST_UNPACKED: Final = 24 * 1024 * 1024
MOST_COLUMNS: Final = 64


def sheet_rows(raw: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a workbook's first sheet with its number, two more than `most` at the most.

    Raises SetUpError for what is no xlsx, is too large, or holds a formula without the result that was saved with it.
    """
    if raw.startswith(OLD):
        raise SetUpError(N_("this is a workbook of the old kind (xls): save it as xlsx or as CSV UTF-8"))
    try:
        with ZipFile(BytesIO(raw)) as packed:
            large = sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED
        if not large:
            yield from _rows(raw, most)
            return
    except SetUpError:
        raise
    except Exception:
        raise SetUpError(
            N_("this is a workbook that cannot be read: open it, and save it anew as xlsx or as CSV UTF-8")
        ) from None
    raise SetUpError(N_("this is a workbook that unpacks to too much: copy the list into a new one"))


def _rows(raw: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    results, formulas = (load_workbook(BytesIO(raw), read_only=True, data_only=only) for only in (True, False))
    try:
        sheets = [book.worksheets[0] for book in (results, formulas)]
        for sheet in sheets:
            # What a sheet says of its own size need not be so.
            sheet.reset_dimensions()
        last = most + 2
        rows = (sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS, values_only=True) for sheet in sheets)
        for number, (found, written) in enumerate(zip(*rows, strict=True), 1):
            if any(cell is None and put is not None for cell, put in zip(found, written, strict=True)):
                said = N_("line %(line)s holds a formula without its result: open the file, and save it again")
                raise SetUpError(said, line=number)
            yield number, [_shown(cell) for cell in found]
    finally:
        results.close()
        formulas.close()


def _shown(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time():
            return f"{cell:%Y-%m-%d}"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell)
