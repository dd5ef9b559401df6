"""Tables for people: on the terminal, as CSV, as a spreadsheet, as JSON. Cells that could be formulas are quoted."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import IO, Any, TextIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BLANKS = str.maketrans("\t\r\n\v\f", "     ")
COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing round."""


def cell(value: Any, zone: ZoneInfo) -> str:
    """Return a value as people read it: times to the second in the given zone, None as nothing."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else legible(str(value))


def legible(text: str) -> str:
    """Return a text without what is no letter or sign: terminals obey such characters, spreadsheets refuse them."""
    return COMMANDS.sub("", text.translate(BLANKS))


def safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (reliability.md, security checklist)."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def write_csv_file(rows: Iterable[Sequence[str]], columns: Sequence[str], file: IO[bytes]) -> None:
    """Write a CSV as spreadsheets read it best: UTF-8 with a BOM. The file stays open."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    write_csv(rows, columns, text)
    text.flush()
    text.detach()


def write_csv(rows: Iterable[Sequence[str]], columns: Sequence[str], out: TextIO) -> None:
    """Write a CSV with a header line."""
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(text) for text in row])


def write_xlsx_file(rows: Iterable[Sequence[str]], columns: Sequence[str], file: IO[bytes]) -> None:
    """Write a spreadsheet whose cells are all text. The file stays open."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("登记表")
    sheet.append(list(columns))
    for row in rows:
        sheet.append([safe(text) for text in row])
    book.save(file)


def write_json(rows: Iterable[Sequence[str]], columns: Sequence[str], out: TextIO) -> None:
    """Write a JSON array of objects, one a line."""
    mark = "["
    for row in rows:
        out.write(f"{mark}\n" + json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
        mark = ","
    out.write("[]\n" if mark == "[" else "\n]\n")


def write_table(rows: Iterable[Sequence[str]], columns: Sequence[str], out: TextIO) -> None:
    """Write aligned columns for a terminal; Chinese characters count for two."""
    lines = [list(columns), *([legible(text) for text in row] for row in rows)]
    widths = [max(width(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        cells = (text + " " * (wide - width(text)) for text, wide in zip(line, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
