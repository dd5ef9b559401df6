"""Tables for people and programs: on the terminal, as CSV, as JSON; as spreadsheets in `sheets`.

Cells are texts, whole numbers, times with their zone, or nothing. In CSV and spreadsheets no text can be a formula.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import IO, Any, TextIO
from zoneinfo import ZoneInfo

from parsers.digits import TRANSPARENT

_SIGNS = r"=+\-@|＝＋－＠｜"
FORMULA_STARTS = re.compile(rf"[\s{TRANSPARENT}]*[{_SIGNS}]|[\t\r\n]")
FORMULA_BEHIND = re.compile(rf"([,;\t|；，｜][\s\"{TRANSPARENT}]*)(?=[{_SIGNS}])")
"""What is a formula once unseen signs are dropped, and where a spreadsheet could cut a cell so that the rest is one.

A spreadsheet of another country takes semicolons or tabs for separators, and full-width signs for narrow ones.
"""
BLANKS = str.maketrans("\t\r\n\v\f", "     ")
COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing round."""

Cell = str | int | datetime | None


def cell(value: Any, zone: ZoneInfo) -> str:
    """Return a value as people read it: times to the second in the given zone, None as nothing."""
    return shown(value.astimezone(zone) if isinstance(value, datetime) else value)


def shown(value: Any) -> str:
    """Return a value as people read it: times to the second in the zone that they carry, None as nothing."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else legible(str(value))


def legible(text: str) -> str:
    """Return a text without what is no letter or sign: terminals obey such characters, spreadsheets refuse them."""
    # Nearly no text has one, which is seen at once.
    return COMMANDS.sub("", text.translate(BLANKS)) if COMMANDS.search(text) else text


def safe(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, nor a part of it (reliability.md, security checklist)."""
    parted = FORMULA_BEHIND.sub(r"\1'", text)
    return "'" + parted if FORMULA_STARTS.match(parted) else parted


def write_csv_file(rows: Iterable[Sequence[Cell]], columns: Sequence[str], file: IO[bytes]) -> None:
    """Write a CSV as spreadsheets read it best: UTF-8 with a BOM. The file stays open."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    write_csv(rows, columns, text)
    text.flush()
    text.detach()


def write_csv(rows: Iterable[Sequence[Cell]], columns: Sequence[str], out: TextIO) -> None:
    """Write a CSV with a header line."""
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(shown(value)) for value in row])


def write_json(rows: Iterable[Sequence[Cell]], columns: Sequence[str], out: TextIO) -> None:
    """Write a JSON array of objects, one a line: numbers are numbers, times have their zone, nothing is null."""
    mark = "["
    for row in rows:
        said: dict[str, str | int | None] = {}
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, datetime):
                said[column] = value.isoformat()
            else:
                said[column] = legible(value) if isinstance(value, str) else value
        out.write(f"{mark}\n" + json.dumps(said, ensure_ascii=False))
        mark = ","
    out.write("[]\n" if mark == "[" else "\n]\n")


def write_table(rows: Iterable[Sequence[Cell]], columns: Sequence[str], out: TextIO) -> None:
    """Write aligned columns for a terminal; Chinese characters count for two."""
    lines = [list(columns), *([shown(value) for value in row] for row in rows)]
    widths = widths_of(lines)
    for line in lines:
        cells = (text + " " * (wide - width(text)) for text, wide in zip(line, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")


def widths_of(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide the widest text of each column is; the first line says how many columns there are."""
    return [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
