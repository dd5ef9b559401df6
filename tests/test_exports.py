"""Exports: whatever stands in a list or a text comes out as a text, in every form, in files that are ours alone."""

import csv
import io
import json
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine

from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.files import sheets
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.store.database import open_engine

SITE = ["site", "add", "湾", "--number", "+8613800000000", "--manager", "+8613800000001"]
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=HYPERLINK(0)",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    ";=1+1",
    "张;=1+1",
    "张三；＝1",
    "|cmd",
    "；|cmd",
    "\x1b[31m红\x1b[0m",
    "钟\x07铃",
    "\x0b竖",
    "<b>粗</b>&amp;",
    "'; DROP TABLE reports; --",
    "{{7*7}}${7*7}%s%n",
    "../../etc/passwd",
    "\u202e反",
]


@pytest.fixture(autouse=True)
def register(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    assert run(*SITE).exit_code == 0
    roster, running = tmp_path / "roster.csv", tmp_path / "running.csv"
    write(roster, [["name", "phone", "unit"], ["李四", "13900000011", "链家"], ["\x1b[2J王", "13900000012", "链家"]])
    assert run("roster", "import", str(roster), "--site", "湾").exit_code == 0
    rows = [[name, f"138****{n:04}", "李四", "链家", "2026-01-02 10:00"] for n, name in enumerate(HOSTILE)]
    write(running, [["client", "phone", "agent", "unit", "reported_at"], *rows])
    result = run("register", "import", str(running), "--site", "湾")
    assert result.exit_code == 0, result.output


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def assert_harmless(cells: list[str]) -> None:
    assert len(cells) == len(HOSTILE)
    for cell in cells:
        assert not re.search(r"(^|[,;\t|；，｜])[\s\ufeff\u200b]*[=+\-@|＝＋－＠｜]", cell)
        assert not any(c < " " or c == "\x7f" for c in cell)


def test_csv_cells_are_no_formulas() -> None:
    rows = list(csv.DictReader(io.StringIO(run("register", "--format", "csv").output)))
    assert_harmless([row["client"] for row in rows])


def test_a_spreadsheet_holds_texts_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    result = run("register", "--format", "xlsx", "--output", str(path))
    assert result.exit_code == 0, result.output
    header, *rows = load_workbook(path).active.iter_rows()  # type: ignore[union-attr]
    column = [cell.value for cell in header].index("客户")
    assert_harmless([str(row[column].value) for row in rows])
    assert {cell.data_type for row in rows for cell in row} <= {"s", "inlineStr", "n", "d"}


def test_a_terminal_is_told_nothing_but_letters() -> None:
    said = run("register").output + run("roster", "list", "--site", "湾").output
    assert not [c for c in said if (c < " " and c != "\n") or c == "\x7f"]


def test_json_has_numbers_as_numbers_times_with_their_zone_and_nothing_as_null() -> None:
    rows = json.loads(run("register", "--format", "json").output)
    assert len(rows) == len(HOSTILE)
    assert [row["part"] for row in rows] == list(range(len(HOSTILE)))
    assert {type(row["seq"]) for row in rows} == {int}
    assert {(row["reported_at"], row["visited_at"]) for row in rows} == {("2026-01-02T10:00:00+08:00", None)}
    assert {(row["status"], row["flags"]) for row in rows} == {("expired", "imported")}


def test_the_json_of_a_policy_has_numbers_as_numbers() -> None:
    run("site", "policy", "湾", "reminder_hours=48", "notify=each", "full_number=refuse")
    shown = json.loads(run("site", "policy", "湾", "--json").output)
    assert shown == {"reminder_hours": 48, "notify": "each", "full_number": "refuse"}


def test_a_spreadsheet_has_types_widths_and_a_head_that_stays_and_filters(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    assert run("register", "--format", "xlsx", "--output", str(path)).exit_code == 0
    sheet = load_workbook(path).active
    assert isinstance(sheet, Worksheet)
    headings = [str(cell.value) for cell in sheet[1]]
    first = dict(zip(headings, [cell.value for cell in sheet[2]], strict=True))
    assert first["报备时间"] == datetime(2026, 1, 2, 10)  # noqa: DTZ001  (a spreadsheet knows no zones)
    assert (first["位次"], first["序号"], first["到访时间"]) == (3, 0, None)
    assert (first["状态"], first["备注"]) == ("已过期", "旧登记导入")
    assert (sheet.title, sheet.freeze_panes) == ("登记表", "A2")
    assert sheet.auto_filter.ref == f"A1:P{len(HOSTILE) + 1}"
    widths = {name: sheet.column_dimensions[get_column_letter(i)].width for i, name in enumerate(headings, 1)}
    assert widths["报备时间"] >= len("2026-01-02 10:00:00")
    assert widths["序号"] < widths["客户电话"]


def test_a_file_speaks_the_language_of_its_site_and_a_pipe_that_of_programs(tmp_path: Path) -> None:
    def head_of(*words: str) -> list[str]:
        path = tmp_path / "out.csv"
        assert run("register", "--format", "csv", "--output", str(path), *words).exit_code == 0
        return path.read_text("utf-8-sig").splitlines()[0].split(",")[:3]

    english = ("--number", "+8613800000009", "--manager", "+8613800000001", "--language", "en")
    assert head_of() == ["编号", "状态", "客户"]
    assert run("site", "add", "Bay", *english).exit_code == 0
    assert head_of("--site", "湾") == ["编号", "状态", "客户"]
    assert head_of("--site", "Bay") == ["Number", "Status", "Client"]
    assert head_of() == ["Number", "Status", "Client"]
    assert run("register", "--format", "csv").output.splitlines()[0].startswith("number,status,client")


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "table"])
def test_an_exported_file_is_its_owners_alone(tmp_path: Path, form: str) -> None:
    before = os.umask(0o022)
    try:
        path = tmp_path / f"out.{form}"
        assert run("register", "--format", form, "--output", str(path)).exit_code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_say_when_clients_are_expected(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    for words in ("报备 张三 139****5678 2030-11-03 15:00到访", "报备 李梅 139****2233", "报备 张三 139****5678"):
        _text(engine, words, datetime(2030, 11, 1, 2, 0, tzinfo=UTC))
    _text(engine, "报备 赵敏 139****1111 明天下午到", datetime(2030, 11, 2, 2, 0, tzinfo=UTC))
    engine.dispose()
    planned = ["2030-11-03 15:00", "", "", "2030-11-03 afternoon"]
    rows = list(csv.DictReader(io.StringIO(run("register", "--format", "csv").output)))
    assert [row["planned"] for row in rows][-4:] == planned
    assert [row["planned"] for row in json.loads(run("register", "--format", "json").output)][-4:] == planned
    path = tmp_path / "planned.xlsx"
    assert run("register", "--format", "xlsx", "--output", str(path)).exit_code == 0
    header, *cells = load_workbook(path).active.iter_rows(values_only=True)  # type: ignore[union-attr]
    shown = ["2030-11-03 15:00", "", "", "2030-11-03 下午"]
    assert [row[header.index("预计到访")] or "" for row in cells][-4:] == shown


def _text(engine: Engine, words: str, at: datetime) -> None:
    accept(engine, Inbound("sandbox", words, "+8613900000011", "+8613800000000", words), lambda: at)
    decide_site(engine, 1, clock=lambda: at)


def test_what_one_sheet_cannot_hold_stands_on_further_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEET_ROWS", 10)
    path = tmp_path / "long.xlsx"
    assert run("register", "--format", "xlsx", "--output", str(path)).exit_code == 0
    book = load_workbook(path)
    assert [sheet.max_row for sheet in book] == [11, 11, len(HOSTILE) - 20 + 1]
    assert [sheet.auto_filter.ref for sheet in book] == [f"A1:P{sheet.max_row}" for sheet in book]
    assert len({tuple(cell.value for cell in sheet[1]) for sheet in book}) == 1
    column = [cell.value for cell in book.worksheets[0][1]].index("序号")
    assert [row[column].value for sheet in book for row in sheet.iter_rows(min_row=2)] == list(range(len(HOSTILE)))
