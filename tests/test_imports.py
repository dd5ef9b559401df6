"""Lists as spreadsheets save them: what cannot be read for certain is a bad line, and nothing of the file enters."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook

from worker.cli.main import main
from worker.errors import SetUpError
from worker.files.workbooks import (
    LARGEST_PART,
    MOST_OTHERS,
    MOST_TAGS,
    MOST_TEXTS,
    MOST_TOGETHER,
    MOST_UNPACKED,
    sheet_rows,
)

SITE = ["site", "add", "湾", "--number", "+8613800000000", "--manager", "+8613800000001"]
ROSTER = "name,phone,unit,kind,from,to\n"
REGISTER = "client,phone,agent,unit,reported_at,visited_at\n"
LI = "李四,13900000011,链家\n"


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))
    assert run("migrate").exit_code == 0
    assert run(*SITE).exit_code == 0


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def take(tmp_path: Path, what: str, content: str | bytes) -> Result:
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    result = run(what, "import", str(path), "--site", "湾")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def people() -> list[tuple[str, str, str]]:
    listed = json.loads(run("roster", "list", "--site", "湾", "--json").output)
    return [(line["name"], line["phone"], line["unit"]) for line in listed]


def clients() -> list[tuple[str, str, str]]:
    rows = json.loads(run("register", "--format", "json").output)
    return [(row["client"], row["phone"], row["reported_at"]) for row in rows]


def refused(result: Result, *sentences: str) -> None:
    assert result.exit_code == 1
    assert people() == []
    for sentence in sentences:
        assert sentence in result.output


# ---- Phones --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        *("13900000011", "13900000011.0", "'13900000011", '"=""13900000011"""', "139 0000 0011", "139-0000-0011"),
        *(
            "\u202d13900000011\u202c",
            "\xa013900000011\u3000",
            "+86 13900000011",
            "008613900000011",
            "１３９０００００011",
        ),
        "139.0000.0011",
    ],
)
def test_a_phone_is_read_however_a_spreadsheet_keeps_it(tmp_path: Path, written: str) -> None:
    result = take(tmp_path, "roster", f"name,phone,unit\n李四,{written},链家\n")
    assert result.exit_code == 0, result.output
    assert people() == [("李四", "+8613900000011", "链家")]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("1.39E+10", "lost its digits"),
        ("1.39000E10", "lost its digits"),
        ("139000000110", "possible phone number"),
        ("139000000", "no mobile number in CN"),
        ("23900000011", "no mobile number in CN"),
        ("02161234567", "no mobile number in CN"),
        ("10086", "no mobile number in CN"),
        ("13900000011.5", "not a phone number"),
        ("13900000011.00", "no mobile number in CN"),
        ("13900000011/13900000012", "not a phone number"),
        ("13900000011转8", "not a phone number"),
        ("13900000011 x8", "not a phone number"),
        ('"13,900,000,011"', "not a phone number"),
        ("李四", "not a phone number"),
    ],
)
def test_what_is_no_mobile_of_a_country_is_a_bad_line(tmp_path: Path, written: str, sentence: str) -> None:
    result = take(tmp_path, "roster", f"name,phone,unit\n王五,13900000012,链家\n李四,{written},链家\n")
    refused(result, "line 3:")
    assert "line 2:" not in result.output


def test_staff_have_mobiles_as_well() -> None:
    result = run("staff", "add", "consultant", "139000000110", "--site", "湾")
    assert result.exit_code == 2
    assert "write" in result.output


def test_a_phone_of_two_units_is_a_bad_line_that_names_both(tmp_path: Path) -> None:
    result = take(tmp_path, "roster", f"{ROSTER}{LI}王五,13900000012,链家\n李四,+86 139 0000 0011,贝壳\n")
    refused(result, "line 4: line 2 lists +8613900000011 as 李四, 链家", "as 李四, 贝壳")


def test_a_phone_of_two_names_or_terms_is_a_bad_line_and_a_line_twice_is_none(tmp_path: Path) -> None:
    refused(take(tmp_path, "roster", f"{ROSTER}{LI}张五,13900000011,链家\n"), "line 3: line 2", "张五")
    refused(
        take(tmp_path, "roster", f"{ROSTER}{LI}李四,13900000011,链家,,2026-01-01,\n"), "line 3: line 2", "otherwise"
    )
    assert "1 people" in take(tmp_path, "roster", f"{ROSTER}{LI}\n{LI}").output
    assert people() == [("李四", "+8613900000011", "链家")]


@pytest.mark.parametrize(
    "written", ["1381***678", "5678/138", "138****567", "1.38E+10", "138****5678 139****5678", "5678"]
)
def test_a_register_reads_masks_as_texts_are_read(tmp_path: Path, written: str) -> None:
    take(tmp_path, "roster", ROSTER + LI)
    result = take(tmp_path, "register", f"{REGISTER}张三,{written},李四,链家,2026-01-02 10:00,\n")
    assert result.exit_code == 1
    assert "line 2: phone must have the first 3 and last 4 digits" in result.output
    assert clients() == []


@pytest.mark.parametrize(
    "written", ["138****5678", "'138****5678", "138 xxxx 5678", "13812345678.0", "+86 138····5678"]
)
def test_a_register_takes_every_mask_that_a_text_may_have(tmp_path: Path, written: str) -> None:
    take(tmp_path, "roster", ROSTER + LI)
    result = take(tmp_path, "register", f"{REGISTER}张三,{written},李四,链家,2026/1/2 9:05,\n")
    assert result.exit_code == 0, result.output
    assert clients() == [("张三", "138****5678", "2026-01-02T09:05:00+08:00")]


# ---- Days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["26/12/31", "0202-12-31", "2100-01-01", "1999-12-31", "46387", "12/31/2026", "年底"]
)
def test_a_day_of_another_century_or_none_is_a_bad_line(tmp_path: Path, written: str) -> None:
    refused(take(tmp_path, "roster", f"{ROSTER}王五,13900000012,链家,,,{written}\n"), f"line 2: “{written}”")
    take(tmp_path, "roster", ROSTER + LI)
    result = take(tmp_path, "register", f"{REGISTER}张三,138****5678,李四,链家,{written},\n")
    assert result.exit_code == 1
    assert f"line 2: “{written}”" in result.output


@pytest.mark.parametrize("written", ["2026-12-31", "2026/12/31", "2026.12.31", "2026年12月31日", "2026-12-31 00:00:00"])
def test_a_day_is_read_in_every_usual_form(tmp_path: Path, written: str) -> None:
    assert take(tmp_path, "roster", f"{ROSTER}李四,13900000011,链家,,,{written}\n").exit_code == 0
    assert json.loads(run("roster", "list", "--site", "湾", "--json").output)[0]["to"] == "2026-12-31"


# ---- The file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        '张三,13900000012,"链家\n李四,13900000011,贝壳\n王五,13900000013,中原\n',
        '张三,13900000012,"链家\n李四,13900000011,贝壳\n王五,13900000013,"中原"\n',
        '张三,13900000012,"链家\n李四,13900000011,贝壳"\n王五,13900000013,中原\n',
        '张三,13900000012,"链家"地产\n',
        '"张\n三",13900000012,链家\n',
        '张三,13900000012,链家,,,,"备注\n李四,13900000011,贝壳,,,,\n王五,13900000013,中原,,,,"\n',
        '张三,13900000012,"链家' + "\n李四,13900000011,贝壳" * 20_000,
        f"张三,13900000012,{'链' * 200_000}\n",
        f"张三,13900000012,{'链' * 300}\n",
        "张三,13900000012,中原\0地产\n",
        "张三,13900000012,链家,,,,好的,多了\n",
    ],
)
def test_a_quotation_mark_that_is_not_closed_swallows_nothing(tmp_path: Path, rows: str) -> None:
    result = take(tmp_path, "roster", f"name,phone,unit,kind,from,to,备注\n刘六,13900000014,链家\n{rows}")
    refused(result, "line 3:")


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "########", "Err:502"])
def test_what_a_formula_did_not_find_is_no_name(tmp_path: Path, error: str) -> None:
    for row in (f"{error},13900000012,链家", f"李四,13900000012,{error}"):
        refused(take(tmp_path, "roster", f"name,phone,unit\n{row}\n"), "line 2:", f"“{error}”, an error of the spread")


def test_unseen_signs_within_a_name_are_no_part_of_it(tmp_path: Path) -> None:
    assert take(tmp_path, "roster", "name,phone,unit\n李\u200b四\ufe00,139\u200e00000011,链\u2060家\n").exit_code == 0
    assert people() == [("李四", "+8613900000011", "链家")]
    row = "client,phone,agent,unit,reported_at\n张\u200b三,138****5678,李四,链家,2026-11-01 10:00\n"
    assert take(tmp_path, "register", row).exit_code == 0
    assert [name for name, _, _ in clients()] == ["张三"]


def test_a_note_of_several_lines_is_none_of_our_business(tmp_path: Path) -> None:
    content = '姓名,电话,单位,备注\n李四,13900000011,链家,"先,\n再"\n王五,13900000012,链家,\n赵,1,链家,\n'
    assert "line 5:" in take(tmp_path, "roster", content).output
    assert take(tmp_path, "roster", content.removesuffix("赵,1,链家,\n")).exit_code == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
def test_every_encoding_and_separator_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [["姓名", "手机号（必填）", "分销单位 *", ""], ["李四", "13900000011", "链家", ""], ["", "", "", ""], [" "]]
    content = "".join(separator.join(row) + "\r\n" for row in rows)
    bom = "\ufeff" if encoding == "utf-16-be" else ""
    result = take(tmp_path, "roster", (bom + content).encode(encoding))
    assert result.exit_code == 0, result.output
    assert people() == [("李四", "+8613900000011", "链家")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04rest", "line 1: this is a workbook"),
        (b"\xd0\xcf\x11\xe0rest", "line 1: this is a workbook"),
        ("name,phone,unit\n李四,13900000011,链家\n王五,13900000012,链".encode() + b"\xe5\n", "line 3: there are bytes"),
        (
            "姓名,电话,单位\n李四,13900000011,链家\n".encode("utf-16-le"),
            "line 1: ",
        ),
        (b"\x81", "line 1: the file is neither UTF-8 nor GB18030"),
        ("姓名,电话,手机,单位\n李四,1,13900000011,链家\n", "line 1: 2 columns may be phone: 电话, 手机"),
        ("姓名,单位\n李四,链家\n", "line 1: the header lacks phone"),
        ("\n\n姓名,单位\n李四,链家\n", "line 3: the header lacks phone"),
        ("姓名,电话,单位\n", "line 1: the file has no lines below its header"),
        ("", "line 1: the header lacks"),
    ],
)
def test_a_file_that_cannot_be_read_for_certain_is_one_sentence(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    refused(take(tmp_path, "roster", content), sentence)


def test_a_separator_that_the_file_names_goes_before_all(tmp_path: Path) -> None:
    assert take(tmp_path, "roster", "sep=;\r\nname;phone;unit\r\n李四;13900000011;链家\r\n").exit_code == 0
    refused_again = take(tmp_path, "roster", "sep=;\r\nname;phone;unit\r\n李四;1;链家\r\n")
    assert "line 3:" in refused_again.output


def test_what_is_exported_can_be_imported_elsewhere(tmp_path: Path) -> None:
    take(tmp_path, "roster", ROSTER + LI)
    row = "=张三,138****5678,李四,链家,2026-01-02 10:00,2026-01-03 15:00\n"
    assert take(tmp_path, "register", REGISTER + row).exit_code == 0
    before = clients()
    for number, language in (("+8613800000007", "zh"), ("+8613800000008", "en")):
        path = tmp_path / f"{language}.csv"
        assert run("register", "--site", "湾", "--format", "csv", "--output", str(path)).exit_code == 0
        more = ("--number", number, "--manager", "+8613800000001", "--language", language)
        assert run("site", "add", language, *more).exit_code == 0
        (tmp_path / "roster.csv").write_text(ROSTER + LI)
        assert run("roster", "import", str(tmp_path / "roster.csv"), "--site", language).exit_code == 0
        assert run("register", "import", str(path), "--site", language).exit_code == 0
        assert [tuple(row) for row in clients()[-1:]] == before


def test_a_workbook_pasted_into_a_text_file_is_read(tmp_path: Path) -> None:
    """Copied from a spreadsheet: parted by tabs, with what a cell of text begins with."""
    sheet = Workbook().active
    assert sheet is not None
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows([["业务员", "联系电话", "所属公司"], ["李四", "'13900000011", "'链家"]])
    assert take(tmp_path, "roster", out.getvalue()).exit_code == 0
    assert people() == [("李四", "+8613900000011", "链家")]


# ---- Workbooks -----------------------------------------------------------------------------------------------------


def workbook(*rows: Sequence[object]) -> bytes:
    """Return a workbook whose first sheet has these rows below a title that nobody wrote into a cell."""
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.create_sheet("别的").append(["王五", "13900000012", "链家"])
    book.save(content)
    return content.getvalue()


def test_the_first_sheet_of_a_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    head: list[object] = ["姓名", "手机号", "分销单位", "起", "别名"]
    phone_as_a_number: list[object] = ["李四", 13900000011, "链家", date(2026, 11, 1), None]
    content = workbook(head, phone_as_a_number, [None] * 5, ["周涛", "139 0000 0013", "链家"])
    assert take(tmp_path, "roster", content).exit_code == 0
    assert people() == [("周涛", "+8613900000013", "链家"), ("李四", "+8613900000011", "链家")]
    assert json.loads(run("roster", "list", "--site", "湾", "--json").output)[1]["from"] == "2026-11-01"


def test_what_a_workbook_may_hide_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head: list[object] = ["name", "phone", "unit", "to"]
    unread = take(tmp_path, "roster", workbook(head, ["李四", "13900000011", "链家", "=TODAY()"]))
    refused(unread, "line 2 holds a formula without its result")
    refused(take(tmp_path, "roster", workbook(head, ["李四", "#N/A", "链家"])), "line 2: phone is “#N/A”")
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", bytes(MOST_UNPACKED + 1))
    refused(take(tmp_path, "roster", packed.getvalue()), "unpacks to too much")
    monkeypatch.setattr("worker.files.tables.MOST_LINES", 2)
    many = [["李四", f"1390000001{n}", "链家"] for n in range(4)]
    refused(take(tmp_path, "roster", workbook(head, *many)), "more than 2 lines")
    refused(take(tmp_path, "roster", ROSTER + LI + LI + LI), "more than 2 lines")


def repacked(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook of one line, of which one part is another."""
    head: list[object] = ["name", "phone", "unit"]
    content = io.BytesIO()
    book = ZipFile(io.BytesIO(workbook(head, ["李四", "13900000011", "链家"])))
    with book, ZipFile(content, "w", ZIP_DEFLATED) as other:
        for name in {*book.namelist(), part}:
            before = book.read(name) if name in book.namelist() else b""
            other.writestr(name, change(before) if name == part else before)
    return content.getvalue()


SST = "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"


@pytest.mark.parametrize(
    ("part", "found", "instead"),
    [
        ("xl/styles.xml", "</cellXfs>", "<xf/>" * MOST_OTHERS + "</cellXfs>"),
        ("xl/workbook.xml", "</sheets>", "<ä:sheet/>" * MOST_OTHERS + "</sheets>"),
        ("xl/workbook.xml", "</sheets>", " " * LARGEST_PART + "</sheets>"),
        ("xl/sharedStrings.xml", "", SST + "<si/>" * (MOST_TEXTS + 1) + "</sst>"),
        ("xl/sharedStrings.xml", "", SST + "<si>" + "<t/>" * MOST_TOGETHER + "</si></sst>"),
        ("xl/worksheets/sheet1.xml", "</sheetData>", "<row>" + "<c/>" * MOST_TOGETHER + "</row></sheetData>"),
        ("xl/worksheets/sheet1.xml", "</sheetData>", "<row/>" * MOST_TAGS + "</sheetData>"),
        ("xl/worksheets/sheet1.xml", "</sheetData>", "</sheetData>" + "<mergeCell/>" * MOST_OTHERS),
    ],
)
def test_what_openpyxl_would_make_too_many_objects_of_is_never_given_to_it(
    monkeypatch: pytest.MonkeyPatch, part: str, found: str, instead: str
) -> None:
    monkeypatch.setattr("worker.files.workbooks.load_workbook", None)
    flooded = repacked(part, lambda before: before.replace(found.encode(), instead.encode(), 1))
    with pytest.raises(SetUpError, match="unpacks to too much"):
        list(sheet_rows(flooded, 20))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_words_of_a_workbooks_own_are_never_written_out(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.files.workbooks.load_workbook", None)
    entity = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE a [<!ENTITY a 'aaaa'>]><a>&a;</a>"
    with pytest.raises(SetUpError, match="cannot be read"):
        list(sheet_rows(repacked("xl/styles.xml", lambda _before: entity.encode(encoding)), 20))


def test_titles_may_stand_above_the_headings(tmp_path: Path) -> None:
    head: list[object] = ["姓名", "电话", "单位"]
    title: list[object] = ["分销人员名单"]
    content = workbook(title, [None, "2026年11月"], head, ["李四", "13900000011", "链家"])
    assert take(tmp_path, "roster", content).exit_code == 0
    assert take(tmp_path, "roster", "名单，十一月\n姓名;电话;单位\n王五;13900000012;链家\n").exit_code == 0
    assert {name for name, _phone, _unit in people()} == {"李四", "王五"}


def test_a_line_above_the_headings_is_no_title(tmp_path: Path) -> None:
    refused(take(tmp_path, "roster", "赵六,13900000013,链家\n姓名,电话,单位\n"), "line 1: the header lacks")


def test_a_phone_of_the_staff_or_the_sites_own_is_no_agents(tmp_path: Path) -> None:
    refused(
        take(tmp_path, "roster", f"{ROSTER}王五,13800000001,链家\n"), "line 2: +8613800000001 is staff of this site"
    )
    refused(take(tmp_path, "roster", f"{ROSTER}王五,13800000000,链家\n"), "line 2: +8613800000000 is the site's own")
