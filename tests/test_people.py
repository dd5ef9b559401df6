"""The people of a site by commands: who leaves the roster, what staff and accounts may, whose phone moves."""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from worker.cli.main import main
from worker.decide.people import enlist, move_phone, roster_line
from worker.decide.set_up import SiteRow, all_sites, open_site, put, set_staff
from worker.errors import SetUpError
from worker.store.database import open_engine
from worker.store.schema import replies

OPEN = ["site", "add", "湾", "--number", "+8613800000000", "--manager", "+8613800000001", "--manager", "+8613800000009"]
LI = "13900000011"
FIRST, SECOND, NEW = "+8613800000001", "+8613800000009", "+8613800000777"


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))
    assert run("migrate").exit_code == 0
    assert run(*OPEN).exit_code == 0
    (tmp_path / "roster.csv").write_text(f"name,phone,unit\n李四,{LI},链家\n", encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def listed() -> dict[str, str]:
    """Return until when each phone is on the roster."""
    rows = json.loads(run("roster", "list", "--site", "湾", "--json").output)
    return {row["phone"]: row["to"] for row in rows}


def told(tmp_path: Path) -> list[tuple[str, str]]:
    """Return what is in the outbox: codes and recipients."""
    engine = open_engine(f"sqlite:///{tmp_path}/var/baobei.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(select(replies.c.code, replies.c.recipient).order_by(replies.c.id)).all()
    engine.dispose()
    return [(row.code, row.recipient) for row in rows]


def test_who_was_taken_off_the_roster_comes_back_by_the_same_file_and_leaves_again(tmp_path: Path) -> None:
    enlist = ("roster", "import", str(tmp_path / "roster.csv"), "--site", "湾")
    assert run(*enlist).exit_code == 0
    for _ in range(2):
        assert "off the roster" in run("roster", "remove", LI, "--site", "湾").output
        assert listed()["+8613900000011"] != ""
        assert "is not on the roster" in run("roster", "remove", LI, "--site", "湾").output
        assert "1 people" in run(*enlist).output
        assert listed()["+8613900000011"] == ""
    assert "in force already" in run(*enlist).output
    assert run("roster", "remove", "13900000012", "--site", "湾").exit_code == 2


def test_staff_has_names_and_no_agents_phone(tmp_path: Path) -> None:
    run("roster", "import", str(tmp_path / "roster.csv"), "--site", "湾")
    assert run("staff", "add", "consultant", "13800000002", "--site", "湾", "--name", " 陈洁 ").exit_code == 0
    assert "陈洁" in run("staff", "list", "--site", "湾").output
    # In another role she is called the same; who has no role has no name.
    run("staff", "add", "service", "13800000002", "--site", "湾")
    rows = json.loads(run("staff", "list", "--site", "湾", "--json").output)
    assert {"role": "service", "name": "陈洁", "phone": "+8613800000002"} in rows
    refused = run("staff", "add", "consultant", LI, "--site", "湾")
    assert refused.exit_code == 2
    assert "李四 of 链家" in refused.output
    assert run("staff", "add", "service", "13800000003", "--site", "湾", "--name", "很" * 31).exit_code == 2
    run("roster", "remove", LI, "--site", "湾")
    assert run("staff", "add", "consultant", LI, "--site", "湾").exit_code == 0


def test_an_account_gets_other_rights_and_another_phone_of_which_the_old_one_is_told(tmp_path: Path) -> None:
    run("site", "add", "云栖府", "--number", "+8613800000100", "--manager", "+8613800000101")
    run("roster", "import", str(tmp_path / "roster.csv"), "--site", "湾")
    added = ("user", "add", "周", "--role", "manager", "--site", "湾", "--phone", "13800000001")
    assert run(*added).exit_code == 0
    assert (
        run("user", "set", "周", "--role", "ops", "--role", "manager", "--site", "湾", "--site", "云栖府").exit_code
        == 0
    )
    account = {"name": "周", "roles": "ops manager", "sites": "湾、云栖府", "phone": "+8613800000001"}
    assert account.items() <= json.loads(run("user", "list", "--json").output)[0].items()
    # Neither an agent's phone nor a colleague's becomes his, and he is told nothing.
    for taken in (LI, "13800000009"):
        assert run("user", "set", "周", "--phone", taken).exit_code == 2
    assert account.items() <= json.loads(run("user", "list", "--json").output)[0].items()
    assert run("user", "set", "周", "--phone", "13800000077").exit_code == 0
    staff = json.loads(run("staff", "list", "--site", "湾", "--json").output)
    assert [row["phone"] for row in staff] == ["+8613800000077", "+8613800000009"]
    hears = [number for code, number in told(tmp_path) if code == "phone_moved"]
    assert hears == ["+8613800000001", "+8613800000001", "+8613800000077"], (
        "of being bound, of being left, of being bound"
    )
    for wrong in (("周",), ("周", "--site", "湾", "--all-sites"), ("吴", "--phone", "")):
        assert run("user", "set", *wrong).exit_code == 2
    assert run("user", "set", "周", "--all-sites", "--phone", "").exit_code == 0
    assert json.loads(run("user", "list", "--json").output)[0]["sites"] == "all"
    # Names, and phones that moved, follow from the line like all else.
    run("staff", "add", "manager", "13800000009", "--site", "湾", "--name", "周敏")
    audited = run("audit")
    assert audited.exit_code == 0, audited.output


def test_an_account_acts_by_no_agents_phone_and_its_own_is_told(tmp_path: Path) -> None:
    run("roster", "import", str(tmp_path / "roster.csv"), "--site", "湾")
    add = ("user", "add", "--role", "manager", "--site", "湾")
    assert run(*add, "甲", "--phone", "13800000077").exit_code == 0
    assert told(tmp_path)[-1] == ("phone_moved", "+8613800000077")
    assert "is on the roster" in run("user", "set", "甲", "--phone", LI).output
    assert "is on the roster" in run(*add, "乙", "--phone", LI).output


def test_a_phone_is_held_to_the_rights_that_are_given_with_it(tmp_path: Path) -> None:
    run("site", "add", "云栖府", "--number", "+8613800000100", "--manager", "+8613800000101")
    run("roster", "import", str(tmp_path / "roster.csv"), "--site", "云栖府")
    run("staff", "add", "consultant", "13800000002", "--site", "湾")
    run("user", "add", "甲", "--role", "service", "--site", "湾")
    as_consultant = ("user", "set", "甲", "--role", "consultant", "--phone", "13800000002")
    assert run(*as_consultant).exit_code == 0
    assert "is on the roster" in run("user", "set", "甲", "--site", "云栖府", "--phone", LI).output


# ---- Two changes at once: what each was checked against is over when it gets its place -----------------------------


@pytest.fixture
def site(engine: Engine) -> SiteRow:
    """A site with two managers, as somebody has read it before others change it."""
    return open_site(engine, "湾", "+8613800000000", {"manager": [FIRST, SECOND]}, "sandbox")


def staff_of(engine: Engine) -> dict[str, str]:
    staff: dict[str, str] = all_sites(engine)[0].state["staff"]
    return staff


def test_two_managers_who_are_taken_away_at_once_leave_one(engine: Engine, site: SiteRow) -> None:
    set_staff(engine, site, {FIRST: ""})
    for take in (partial(set_staff, engine, site, {SECOND: ""}), partial(move_phone, engine, site, SECOND, "")):
        with pytest.raises(SetUpError, match="at this moment"):
            take()
    assert staff_of(engine) == {SECOND: "manager"}
    set_staff(engine, site, {FIRST: "manager"})
    # What was refused in its place is no repeat when it is said again.
    set_staff(engine, site, {SECOND: ""})
    assert staff_of(engine) == {FIRST: "manager"}


def test_a_phone_that_two_make_agent_and_staff_at_once_has_one_role(
    engine: Engine, site: SiteRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = [{"name": "李四", "phone": f"+86{LI}", "unit": "链家"}]
    enlist(engine, site, agent)
    with pytest.raises(SetUpError, match="at this moment"):
        set_staff(engine, site, {f"+86{LI}": "consultant"})
    monkeypatch.setattr("worker.decide.people.check_free", lambda *_: None)
    with pytest.raises(SetUpError, match="at this moment"):
        move_phone(engine, site, SECOND, f"+86{LI}")
    set_staff(engine, site, {NEW: "service"})
    with pytest.raises(SetUpError, match="at this moment"):
        enlist(engine, site, [agent[0] | {"phone": NEW}])
    assert staff_of(engine) == {FIRST: "manager", SECOND: "manager", NEW: "service"}
    assert roster_line(engine, site, NEW) is None


def test_a_line_from_before_decides_as_it_did(engine: Engine, site: SiteRow) -> None:
    put(engine, site, "staff", {FIRST: "", SECOND: ""})
    assert staff_of(engine) == {}
