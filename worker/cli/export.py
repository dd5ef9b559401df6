"""Where the register goes to: standard output, for programs, or a file, for people who open it as a spreadsheet."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from zoneinfo import ZoneInfo

from worker.files.exports import Cell, write_csv, write_json, write_table
from worker.readers.register import COLUMNS, EXPORTED, RegisterRow
from worker.readers.register_file import FORMS, fill, plain_cells

WRITERS = {"csv": write_csv, "json": write_json, "table": write_table}


@dataclass(frozen=True)
class Export:
    """One export: its form (table, csv, xlsx, json), where it goes to, and the language and zones of its sites.

    Spreadsheets, and CSV in a file, are in the sites' language. A table, JSON and CSV on standard output are for
    programs and those who write them: their columns and codes have the same names for every site.
    """

    form: str
    output: Path | None
    language: str
    zones: Mapping[str, ZoneInfo]

    def write(self, rows: Iterator[RegisterRow]) -> None:
        """Write the rows."""
        if self.output is None and self.form == "xlsx":
            # Whole before the first byte goes out: a spreadsheet is written to and fro.
            with TemporaryFile() as whole:
                fill(whole, self.form, self.language, rows, self.zones)
                whole.seek(0)
                copyfileobj(whole, sys.stdout.buffer)
            return
        if self.output is None:
            WRITERS[self.form](self._plain(rows), self._columns, sys.stdout)
            return
        # Names and numbers stand in it: a new file is its owner's alone, whatever the umask.
        self.output.touch(0o600)
        if self.form in FORMS:
            with self.output.open("wb") as file:
                fill(file, self.form, self.language, rows, self.zones)
            return
        with self.output.open("w", encoding="utf-8", newline="") as out:
            WRITERS[self.form](self._plain(rows), self._columns, out)

    @property
    def _columns(self) -> tuple[str, ...]:
        return COLUMNS if self.form == "table" else EXPORTED

    def _plain(self, rows: Iterator[RegisterRow]) -> Iterator[list[Cell]]:
        return (plain_cells(row, self._columns, self.zones[row.site]) for row in rows)
