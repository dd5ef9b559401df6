"""Tables that come in as files, as spreadsheets save them: which encoding, which separator, which column is which.

UTF-8, UTF-16 and GB18030 are read, parted by commas, semicolons or tabs; of a workbook its first sheet. What
cannot be read for certain is a bad line with its number: nothing of a file is taken unless all of it is.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from parsers.digits import TRANSPARENT
from worker.errors import N_, SetUpError
from worker.storable import storable

NEW: Final = b"PK\x03\x04"
OLD: Final = b"\xd0\xcf\x11\xe0"
"""What a workbook begins with: xlsx, which is a zip, and xls."""
SEPARATORS: Final = (",", ";", "\t", "，", "；")
LONGEST: Final = 200
"""Characters in a cell that is taken: a name or unit has no more."""
MOST_LINES: Final = 20_000
"""So many lines of one file are taken: what is previewed and decided in one piece has an end."""
HEADINGS_WITHIN: Final = 10
"""Rows that are not empty, among which the headings stand: titles may stand above them."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)")
_UNSEEN: Final = re.compile(rf"[{TRANSPARENT}]+")
_FAILED: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#{2,})|Err:[0-9]{3}")
"""What spreadsheets show where a formula found nothing, or where a column is too narrow for what stands in it."""
_AS_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)
_NO_HEADING: Final = re.compile(rf"[\s_*:：{TRANSPARENT}]+|[(（\[【][^)）\]】]*[)）\]】]$")

Taken = TypeVar("Taken")


class ListError(ValueError):
    """Lines that cannot be taken: nothing of the file is; `faults` has (number, what is wrong) for each."""

    def __init__(self, faults: list[tuple[int, ValueError]]) -> None:
        """Keep the bad lines."""
        super().__init__("; ".join(f"line {number}: {fault}" for number, fault in faults))
        self.faults = faults

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Return number and sentence of each bad line."""
        return [(number, str(fault)) for number, fault in self.faults]


def bad_line(number: int, sentence: str, **values: object) -> ListError:
    """Return the error of one line that cannot be taken."""
    return ListError([(number, SetUpError(sentence, **values))])


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is taken: its headings in any spelling, and whether the file may do without it."""

    headings: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row below the header: the line that it begins on, and its cell in each column that the file has."""

    number: int
    cells: Mapping[str, str]


def take_table(raw: bytes, columns: Mapping[str, Column], take: Callable[[TableRow], Taken]) -> list[Taken]:
    """Return what `take` makes of each row of a file's content; raises ListError with every row that it refuses.

    It refuses by ValueError. More rows than MOST_LINES are none of them taken.
    """
    taken: list[Taken] = []
    bad: list[tuple[int, ValueError]] = []
    for number, given in _rows(raw, columns):
        try:
            taken.append(take(TableRow(number, checked_cells(given))))
        except ValueError as error:
            bad.append((number, error))
        if len(taken) + len(bad) > MOST_LINES:
            raise bad_line(number, N_("the file has more than %(most)s lines; part it into several"), most=MOST_LINES)
    if bad:
        raise ListError(bad)
    if not taken:
        raise bad_line(1, N_("the file has no lines below its header"))
    return taken


def clean(cell: str) -> str:
    """Return a cell without unseen signs anywhere, and blanks and the sign of a text (', ="…") around it."""
    seen = _UNSEEN.sub("", cell).strip()
    as_text = _AS_TEXT.fullmatch(seen)
    return (as_text[1].replace('""', '"') if as_text else seen.removeprefix("'")).strip()


def checked_cells(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the cells of a row; raises SetUpError for one that holds more than a name, a number or a day has."""
    for name, cell in given.items():
        if "\n" in cell or "\r" in cell:
            said = N_("%(column)s goes on over several lines: a quotation mark is not closed, or one is too many")
            raise SetUpError(said, column=name)
        if storable(cell) != cell:
            raise SetUpError(
                N_("%(column)s holds a NUL character or half of one, which is no letter or sign"), column=name
            )
        if len(cell) > LONGEST:
            raise SetUpError(N_("%(column)s is longer than %(most)s characters"), column=name, most=LONGEST)
        if _FAILED.fullmatch(cell):
            said = N_("%(column)s is “%(cell)s”, an error of the spreadsheet: mend its formula and save it again")
            raise SetUpError(said, column=name, cell=cell)
    return given


def _rows(raw: bytes, columns: Mapping[str, Column]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row below the header that is not empty: its number and its cells."""
    if raw.startswith(OLD):
        raise bad_line(1, N_("this is a workbook of the old kind (xls): save it as xlsx or as CSV UTF-8"))
    if raw.startswith(NEW):
        from worker.files.workbooks import sheet_rows

        separator = "\t"
        rows = _cleaned(sheet_rows(raw, MOST_LINES))
    else:
        text, separator = _separated(_decoded(raw), columns)
        rows = _cleaned(_parted(text, separator))
    first, header = _headings(rows, columns)
    places = _places(first, header, columns)
    for number, cells in rows:
        if any(cells[len(header) :]):
            said = N_("there are more cells than headings: put what holds a %(separator)s into quotes")
            raise bad_line(number, said, separator=separator)
        # An unclosed quotation mark swallows what is behind it: such a cell holds rows.
        swallowed = (line for cell in cells for line in cell.splitlines()[1:])
        if any(line.count(separator) >= len(header) - 1 for line in swallowed):
            raise bad_line(number, N_("a quotation mark is opened and not closed, so that other rows stand in a cell"))
        yield number, {name: cells[i] if i < len(cells) else "" for name, i in places.items()}


def _cleaned(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, its cells cleaned, with its number; raises ListError where none can be read."""
    try:
        for number, cells in rows:
            cleaned = [clean(cell) for cell in cells]
            if any(cleaned):
                yield number, cleaned
    except SetUpError as error:
        raise ListError([(1, error)]) from None


def _parted(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a text, and the line that it begins on."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in rows:
            yield begin, cells
            begin = rows.line_num + 1
    except csv.Error:
        sentence = N_(
            "this is no CSV: a quotation mark is opened and not closed, or stands amid a cell, or a cell has no end"
        )
        raise bad_line(begin, sentence) from None


# ---- The text, and what parts it -----------------------------------------------------------------------------------


def _decoded(raw: bytes) -> str:
    for name in ("utf-16",) if raw.startswith(_UTF16) else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "gb18030":
            # UTF-8 in which some bytes are wrong would be read as other characters.
            damaged = raw.decode("utf-8", "replace")
            if sum(char > "\x7f" for char in damaged) > 2 * damaged.count("\ufffd"):
                number = damaged[: damaged.index("\ufffd")].count("\n") + 1
                raise bad_line(
                    number, N_("there are bytes that are no UTF-8, as the rest is; save the file anew as CSV UTF-8")
                )
        return text
    raise bad_line(1, N_("the file is neither UTF-8 nor GB18030; save it as CSV UTF-8"))


def _separated(text: str, columns: Mapping[str, Column]) -> tuple[str, str]:
    """Return the text, and the separator by which its header is understood best."""
    lines = text.splitlines()
    said = _SEPARATOR_LINE.fullmatch(lines[0].strip("\ufeff\"' ")) if lines else None
    if said:
        # The line stays as an empty one, so that numbers count from the file's first.
        return text[len(lines[0]) :], said[1]
    first = list(islice((line for line in lines if line.strip(" ,;\t")), HEADINGS_WITHIN))

    def understood(separator: str) -> int:
        return max(
            (_understood([cell.strip('"') for cell in line.split(separator)], columns) for line in first), default=0
        )

    return text, max(SEPARATORS, key=understood)


# ---- The header ----------------------------------------------------------------------------------------------------


def _heading(written: str) -> str:
    """Return a heading for comparison: without width, case, blanks, stars and a bracket behind it."""
    return _NO_HEADING.sub("", unicodedata.normalize("NFKC", clean(written)).lower())


def _understood(cells: Sequence[str], columns: Mapping[str, Column]) -> int:
    """Return how many of these cells are headings of columns that are taken."""
    known = {_heading(word) for column in columns.values() for word in column.headings}
    return sum(_heading(cell) in known for cell in cells)


def _headings(rows: Iterator[tuple[int, list[str]]], columns: Mapping[str, Column]) -> tuple[int, list[str]]:
    """Return the row of the headings and its number: the first, or one that only titles stand above.

    A title has fewer cells than a line needs, so that no line is passed over.
    """
    needed = sum(not column.optional for column in columns.values())
    found: list[tuple[int, list[str]]] = []
    for number, cells in islice(rows, HEADINGS_WITHIN):
        found.append((number, cells))
        if sum(map(bool, cells)) >= needed:
            break
    return max(found, key=lambda row: _understood(row[1], columns), default=(1, []))


def _places(number: int, header: Sequence[str], columns: Mapping[str, Column]) -> dict[str, int]:
    """Return where each column stands; raises ListError for one that is lacking, or there twice."""
    found = [_heading(cell) for cell in header]
    places = {
        name: [i for i, heading in enumerate(found) if heading in {_heading(word) for word in column.headings}]
        for name, column in columns.items()
    }
    if lacking := [name for name, at in places.items() if not at and not columns[name].optional]:
        said = N_("the header lacks %(columns)s; it is: %(header)s")
        raise bad_line(number, said, columns=", ".join(lacking), header=",".join(columns))
    for name, at in places.items():
        if len(at) > 1:
            twice = ", ".join(header[i] for i in at)
            said = N_("%(count)s columns may be %(column)s: %(twice)s; keep one of them")
            raise bad_line(number, said, count=len(at), column=name, twice=twice)
    return {name: at[0] for name, at in places.items() if at}
