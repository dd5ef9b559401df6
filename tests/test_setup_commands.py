"""Set-up and register by the command line, on both databases."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from worker.cli.main import main

SITE = ["site", "add", "湾", "--number", "+8613800000000", "--manager", "+8613800000001"]


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_from_an_empty_database_to_an_exported_register(tmp_path: Path) -> None:
    assert run(*SITE).exit_code == 0
    assert run(*SITE).exit_code == 2
    roster = tmp_path / "roster.csv"
    roster.write_bytes("姓名,电话,单位,类别\n李四,13900000011,链家,分销\n".encode("gb18030"))
    assert "1 people" in run("roster", "import", str(roster), "--site", "湾").output
    assert "already" in run("roster", "import", str(roster), "--site", "湾").output
    register = tmp_path / "register.csv"
    rows = "client,phone,agent,unit,reported_at\n=1+1,13812345678,李四,链家,2026-01-02 10:00\n"
    register.write_text(rows, "utf-8")
    assert "1 rows: imported" in run("register", "import", str(register), "--site", "湾").output
    exported = run("register", "--format", "csv").output
    assert "'=1+1,138****5678,李四,链家,2026-01-02 10:00:00" in exported
    assert json.loads(run("register", "--format", "json").output)[0]["status"] == "expired"
    found = {status: run("register", "--json", "--status", status).output for status in ("expired", "none", "live")}
    assert {status: len(json.loads(rows)) for status, rows in found.items()} == {"expired": 1, "none": 0, "live": 0}


def test_bad_lists_are_refused_as_a_whole_and_named_by_line(tmp_path: Path) -> None:
    run(*SITE)
    roster = tmp_path / "roster.csv"
    roster.write_text("name,phone,unit\n李四,+8613900000011,链家\n,1,链家\n王五,12,贝壳\n", "utf-8")
    refused = run("roster", "import", str(roster), "--site", "湾")
    assert refused.exit_code == 1
    assert "line 3:" in refused.output
    assert "line 4:" in refused.output
    assert json.loads(run("roster", "list", "--site", "湾", "--json").output) == []


def test_wrong_words_end_in_a_sentence() -> None:
    run(*SITE)
    for words, part in (
        (("site", "policy", "湾", "notify=perhaps"), "auto"),
        (("site", "policy", "湾", "none=1"), "there is no policy"),
        (("site", "policy", "湾", "countries=CN,XX"), "countries as CN,HK"),
        (("site", "policy", "湾", "messages_per_hour=0"), "a whole number from 1"),
        (("site", "policy", "湾", "telephone=call us"), "0571-88880000"),
        (("site", "set", "湾", "--telephone", "13800000000"), "the site's number for texts"),
        (("site", "set", "湾", "--telephone", "+8613800000001"), "a member of its staff"),
        (("site", "set", "湾"), "--telephone"),
        (("staff", "remove", "+8613800000001", "--site", "湾"), "at least one manager"),
        (("staff", "list", "--site", "海"), "湾"),
    ):
        result = run(*words)
        assert result.exit_code == 2
        assert part.lower() in result.output.lower()
        assert "Traceback" not in result.output


def test_a_sites_telephone_is_set_with_it_or_later_and_is_no_persons() -> None:
    assert run(*SITE, "--telephone", "13800000001").exit_code == 2
    assert run(*SITE, "--telephone", "0571-88880000").exit_code == 0
    assert "0571-88880000" in run("site", "policy", "湾").output
    assert "057188880001" in run("site", "set", "湾", "--telephone", "057188880001").output
    assert "names no telephone" in run("site", "set", "湾", "--telephone", "").output
    assert run("site", "policy", "湾", "countries=cn,hk").exit_code == 0
