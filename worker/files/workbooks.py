"""Workbooks that come in (xlsx): the cells of the first sheet as a person sees them, each as text.

A workbook is a zip of XML, made by anybody: what unpacks to more than is ever needed is not unpacked, no formula is
computed, and columns and lines beyond those that a list has are not walked through. openpyxl makes objects of what it
reads, a style or a merged cell each: the tags are counted in the bytes before it sees them. This is imported where a
workbook has come: openpyxl takes megabytes of every process.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from openpyxl import load_workbook
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from worker.errors import N_, SetUpError

MOST_UNPACKED: Final = 24 * 1024 * 1024
MOST_COLUMNS: Final = 64
MOST_PARTS: Final = 1_000
MOST_TAGS: Final = 1_250_000
"""Of a whole workbook, opening and closing: a list of 20,000 lines and eight columns has about 1,100,000."""
MOST_TEXTS: Final = 150_000
MOST_OTHERS: Final = 20_000
"""Pieces of shared text, and tags that hold no cell and no text: styles, sheets, merged cells, rules."""
MOST_TOGETHER: Final = 20_000
"""Tags in one row or one text, which are held in memory together."""
LARGEST_PART: Final = 512 * 1024
_LARGE: Final = re.compile(r"xl/(?:worksheets/[^/]+|sharedStrings)\.xml")
"""Which parts may be larger than LARGEST_PART: those that grow with the list."""
_BEFORE_XML: Final = b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"
_TAG: Final = re.compile(rb"<(?:[^\s<>/!?:]*:)?([^\s<>/!?:]+)")
_BEGINS: Final = frozenset((b"row", b"si"))
_TEXTS: Final = frozenset((b"si", b"r", b"rPh", b"phoneticPr", b"is"))
_CELLS: Final = frozenset((b"row", b"c", b"v", b"f", b"t"))
_FORMULA: Final = f"{{{SHEET_MAIN_NS}}}f"


def sheet_rows(raw: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a workbook's first sheet with its number, two more than `most` at the most.

    Raises SetUpError for what is no xlsx, is too large, or holds a formula without the result that was saved with it.
    """
    try:
        with ZipFile(BytesIO(raw)) as packed:
            large = _too_much(packed)
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


def _too_much(packed: ZipFile) -> bool:
    """Tell whether a workbook holds more than a list needs. Raises ValueError for what no spreadsheet saves."""
    parts = packed.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        return True
    tags = texts = others = 0
    for part in parts:
        if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError("other ways of packing may ask for any memory")
        content = packed.read(part)
        if not content.lstrip(_BEFORE_XML).startswith(b"<"):
            continue  # It is no XML, and no reader of XML takes it for any: a picture.
        if b"\0" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError("what is no UTF-8, or says what its own words mean, cannot be counted")
        tags += content.count(b"<")
        if tags > MOST_TAGS or (len(content) > LARGEST_PART and not _LARGE.fullmatch(part.filename)):
            return True
        together = 0
        for found in _TAG.finditer(content):
            name = found[1]
            together = 1 if name in _BEGINS else together + 1
            texts += name in _TEXTS
            others += name not in _TEXTS and name not in _CELLS
            if together > MOST_TOGETHER or texts > MOST_TEXTS or others > MOST_OTHERS:
                return True
    return False


class _Cells(WorkSheetParser):
    """Reads results, and refuses a formula without the one that was saved with it."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Return a cell as openpyxl reads it; raises SetUpError."""
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(_FORMULA) is not None:
            said = N_("line %(line)s holds a formula without its result: open the file, and save it again")
            raise SetUpError(said, line=cell["row"])
        return cell


def _rows(raw: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    book: Any = load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    try:
        # openpyxl's own iterator leaves out whether a cell without a value is a formula.
        sheet, (dates, spans) = book.worksheets[0], (book._date_formats, book._timedelta_formats)  # noqa: SLF001
        with sheet._get_source() as source:  # noqa: SLF001
            texts = sheet._shared_strings  # noqa: SLF001
            cells_of = _Cells(source, texts, True, book.epoch, dates, spans)
            for number, cells in cells_of.parse():
                if number > most + 2:
                    return
                shown = [""] * MOST_COLUMNS
                for cell in cells:
                    if cell["column"] <= MOST_COLUMNS:
                        shown[cell["column"] - 1] = _shown(cell["value"])
                yield number, shown
    finally:
        book.close()


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
