"""A client's case is exported from the line as a scenario, and played again it comes out as recorded (K8)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from parsers.message import Command
from tests.story import LI, MANAGER, NUMBER, WANG, play
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.line.door import PROGRAM, Entry, enter
from worker.rules.form_payload import to_payload
from worker.scenarios.language import read_scenario

SCENARIOS = sorted(Path(__file__).parent.joinpath("scenarios").glob("*.txt"))


@pytest.fixture(autouse=True)
def there(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def exported(file: Path, *client: str) -> str:
    result = run("register", "--output", str(file), "--format", "scenario", *client)
    assert result.exit_code == 0, result.output
    return file.read_text("utf-8")


@pytest.mark.parametrize(
    "client", [("R1",), ("张四", "138****5678"), ("R3",), ("陈静", "186****0917"), ("赵云", "151****2001")]
)
def test_each_case_of_the_story_comes_out_as_recorded(engine: Engine, tmp_path: Path, client: tuple[str, ...]) -> None:
    play(engine)
    file = tmp_path / "case.txt"
    exported(file, *client)
    result = run("rehearse", str(file))
    assert result.exit_code == 0, result.output


def test_a_case_is_what_concerns_its_client(engine: Engine, tmp_path: Path) -> None:
    play(engine)
    lines = exported(tmp_path / "case.txt", "R1").splitlines()
    assert lines[2] == f"site 湾 number={NUMBER} manager={MANAGER} timezone=Asia/Shanghai language=zh"
    assert f"2026-11-02 10:00:00 {LI} > 报备 张三 138****5678 李四" in lines
    assert f"2026-11-02 10:00:05 {WANG} < duplicate_other" in lines
    assert lines[-1].partition(" owner ")[2].startswith("张三 138****5678 = nobody R8")
    assert not [line for line in lines if "李梅" in line or "王丽" in line]


HARD = f"""
lenient
site 湾 number={NUMBER} manager={MANAGER} consultant=+8613800000002
policy first_number=1020 notify=each
unit 贝壳 kind=referral aliases=贝壳网,贝壳 找房
agent 李四 {LI} 链家
agent 王五 {WANG} 贝壳 from=2026-11-01 to=2026-11-30
2026-11-01 09:00:00 import 周舟 155****0003 李四 链家 reported=2026-10-31T10:00:00
2026-11-02 10:00:00 {LI} > 报备 李梅 139****2233
2026-11-02 10:01:00 {LI} > 报备 客户：张三\\n电话：138****5678\\n业务员：李四  \\\\
2026-11-02 10:02:00 {MANAGER} > 撤 R1022
2026-11-02 10:02:30 {MANAGER} > 000000
2026-11-02 10:03:00 {MANAGER} > $code
2026-11-02 10:04:00 {WANG} > 报备 张三 138****5678
2026-11-02 10:04:30 {WANG} > echo
2026-11-02 10:05:00 {WANG} > -- id=7 查 R1023
2026-11-02 10:05:30 {WANG} > 查 r1023
2026-11-02 10:06:00 staff manager=+8613800000003
2026-11-02 10:07:00 +8613800000003 > 撤 R1023
2026-11-02 10:07:30 +8613800000003 > $code
2026-11-03 10:00:00 {LI} > sent=2026-11-02T09:00:00 报备 张三 138****5678
2026-11-03 10:01:00 {MANAGER} form 查 R1022
"""


def test_what_is_hard_to_write_down(engine: Engine, tmp_path: Path) -> None:
    play(engine, HARD)
    text = exported(tmp_path / "case.txt", "张三", "138****5678")
    result = run("rehearse", str(tmp_path / "case.txt"))
    assert result.exit_code == 0, result.output + text
    lines = text.splitlines()
    assert "policy first_number=1022" in lines
    assert f"2026-11-02 10:02:00 {MANAGER} > 撤 $R1022" in lines
    assert f"2026-11-02 10:02:30 {MANAGER} > 000000" in lines
    assert "2026-11-02 10:07:30 +8613800000003 > $code" in lines
    assert not [line for line in lines if line.startswith("2026-11-02 10:04:30")]  # An echo of our own words.
    assert "2026-11-02 10:06:00 staff manager=+8613800000003" in lines
    assert not [line for line in lines if "李梅" in line or "周舟" in line]


FAMILY = f"""
lenient
site 湾 number={NUMBER} manager={MANAGER}
policy notify=off confirm_acts=off
agent 李四 {LI} 链家
agent 王五 {WANG} 贝壳
2026-11-01 09:00:00 import 周舟 155****0003 李四 链家 reported=2026-10-31T10:00:00
2026-11-02 10:00:00 {LI} > 报备 张三 138****5678
2026-11-02 10:00:00 {LI} < accepted R2
2026-11-02 10:01:00 {LI} > 报备 孙尚 151****2001
2026-11-02 10:02:00 {WANG} > 报备 李梅 139****2233
2026-11-02 10:02:00 {WANG} < accepted R4
2026-11-02 11:00:00 {MANAGER} > 亲属 2 R4 夫妻 结婚证
2026-11-02 11:00:00 {WANG} < duplicate_other
2026-11-02 12:00:00 {WANG} > 报备 孙权 151****2002
2026-11-02 12:01:00 {LI} > 报备 张小雨 137****4455
2026-11-02 12:01:00 {LI} < accepted R6
2026-11-02 13:00:00 {MANAGER} > 更正 6 139****2233 户口本
2026-11-02 13:00:00 {MANAGER} < corrected R6
2026-11-02 14:00:00 {LI} > 跟进 2 电话沟通
2026-11-02 14:00:00 {LI} < followed_up R2
2026-11-02 15:00:00 policy renewal=free
2026-11-03 10:00:00 {LI} > 报备 张三 138****5678
2026-11-03 10:00:00 {LI} < renewed R2
2026-11-03 11:00:00 {MANAGER} > 撤亲属 R4
2026-11-03 11:00:00 {WANG} < family_linked
"""


@pytest.mark.parametrize("number", ["R2", "R4", "R6"])
def test_relatives_and_corrected_numbers_belong_to_the_case(engine: Engine, tmp_path: Path, number: str) -> None:
    play(engine, FAMILY)
    text = exported(tmp_path / "case.txt", number)
    result = run("rehearse", str(tmp_path / "case.txt"))
    assert result.exit_code == 0, result.output + text
    lines = text.splitlines()
    assert f"2026-11-02 11:00:00 {MANAGER} > 亲属 $R2 $R4 夫妻 结婚证" in lines
    assert f"2026-11-02 13:00:00 {MANAGER} > 更正 $R6 139****2233 户口本" in lines
    assert f"2026-11-02 14:00:00 {LI} < followed_up" in lines
    assert f"2026-11-03 10:00:00 {LI} < renewed" in lines
    assert not [line for line in lines if "孙" in line or "周舟" in line]


def test_an_imported_client_is_played_too(engine: Engine, tmp_path: Path) -> None:
    play(engine, HARD)
    text = exported(tmp_path / "case.txt", "周舟", "155****0003")
    assert "2026-11-01 09:00:00 import 周舟 155****0003 李四 链家 reported=2026-10-31T10:00:00" in text.splitlines()
    assert run("rehearse", str(tmp_path / "case.txt")).exit_code == 0


# What is read is the same on both databases, so on the slower one a sample tells.
SAMPLE = [("sqlite", file) for file in SCENARIOS] + [("postgresql", file) for file in SCENARIOS[::8]]


DECIDED_BY_ANOTHER = {"L21-alias-of-a-client": {"R2"}}
"""Claims in whose case a text was answered because of another client, who does not stand in it."""


@pytest.mark.parametrize(
    ("new_database", "file"), SAMPLE, indirect=["new_database"], ids=lambda given: getattr(given, "stem", given)
)
def test_first_cases_of_all_scenarios_come_out_as_recorded(engine: Engine, tmp_path: Path, file: Path) -> None:
    text = file.read_text("utf-8")
    play(engine, text)
    site = next(iter(read_scenario(text).zones))
    rows = run("register", "--json", "--site", site).output
    numbers = {row["number"] for row in json.loads(rows) if row["number"]}
    for number in sorted(numbers - DECIDED_BY_ANOTHER.get(file.stem, set())):
        result = run("register", "--site", site, "--format", "scenario", number)
        assert result.exit_code == 0, result.output
        (tmp_path / "case.txt").write_text(result.output, "utf-8")
        played = run("rehearse", str(tmp_path / "case.txt"))
        assert played.exit_code == 0, played.output + result.output


def test_a_scenario_is_of_one_client(engine: Engine) -> None:
    play(engine)
    for words, code, part in (((), 2, "of one client"), (("R99",), 1, "R99"), (("nobody",), 2, "write R1024")):
        result = run("register", "--format", "scenario", *words)
        assert (result.exit_code, part in result.output) == (code, True)


def test_a_form_is_written_as_it_was_meant(engine: Engine, tmp_path: Path) -> None:
    """Its note names another client, whom its sentence would name as well."""
    play(engine)
    at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    meaning = Command("withdraw", refs=("R1",), words="R3 186****0917 与此无关")
    entry = Entry("form", PROGRAM, "form:1:x", MANAGER, "撤 R1 R3 186****0917 与此无关", to_payload(meaning))
    enter(engine, 1, entry, lambda: at)
    while decide_site(engine, 1, clock=lambda: at).more:
        pass
    written = exported(tmp_path / "case.txt", "R1")
    assert f"{MANAGER} form 撤 $R1\n" in written
    assert run("rehearse", str(tmp_path / "case.txt")).exit_code == 0
