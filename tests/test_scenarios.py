"""Every scenario file holds in memory and, through the real line and decider, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.story import play
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.scenarios.stage import MemoryStage
from worker.scenarios.values import ScenarioError

FILES = sorted(Path(__file__).parent.joinpath("scenarios").glob("*.txt"))


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_scenario_in_memory(file: Path) -> None:
    assert rehearse(read_scenario(file.read_text("utf-8")), MemoryStage()) == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_scenario_on_a_database(file: Path, engine: Engine) -> None:
    play(engine, file.read_text("utf-8"))


HEAD = "site 湾 number=+8613800000000 manager=+8613800000001\nagent 李四 +8613900000011 链家\n"
TEXT = "2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678 李四\n"
ANSWER = "2026-11-02 10:00:00 +8613900000011 < accepted R1\n"
NOTICE = "2026-11-02 10:00:00 +8613800000001 < new_report\n"
UNLISTED = TEXT.replace("5678 李四", "5678 赵云")
ROW = "register R1 live 张三 138****5678 链家/李四"


def broken(text: str) -> list[int]:
    return [b.line for b in rehearse(read_scenario(text), MemoryStage())]


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (TEXT + ANSWER + NOTICE, []),
        (TEXT + NOTICE, [3]),  # The answer was not expected: the text that caused it is named.
        (TEXT + ANSWER.replace("accepted", "suspected") + NOTICE, [4]),
        (TEXT + ANSWER.replace("R1", "R2") + NOTICE, [4]),
        (TEXT + ANSWER.replace("R1", "R1 *有效至11-8*") + NOTICE, [4]),
        (TEXT + ANSWER.replace("10:00:00", "10:00:01") + NOTICE.replace("10:00:00", "10:00:01"), [4, 5]),
        (TEXT + ANSWER + NOTICE + NOTICE, [6]),
        ("lenient\n" + TEXT + ANSWER, []),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 +8613900000011 !< accepted *链家*\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 +8613800000001 !<\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:01 +8613800000001 !<\n", []),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 = 链家/李四 R8\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 != 链家\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 = nobody\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 李梅 138****5678 = nobody\n", []),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 = 链家/李四\n", []),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/李四 R7\n", []),
        # A rule too few, a rule too many, a flag that there is not.
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/李四\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/李四 R7 R11\n", [5]),
        ("lenient\n" + TEXT + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/李四 R7 flag=unlisted\n", [5]),
        ("lenient\n" + UNLISTED + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/赵云 R7\n", [5]),
        ("lenient\n" + UNLISTED + "2026-11-02 10:00:00 owner 张三 138****5678 == 链家/赵云 R7 flag=unlisted\n", []),
        ("lenient\n" + TEXT + f"2026-11-02 10:00:00 {ROW} until=2026-11-09T10:00:00\n", []),
        ("lenient\n" + TEXT + f"2026-11-09 10:00:00 {ROW.replace('live', 'expired')}\n", []),
        ("lenient\n" + TEXT + f"2026-11-09 09:59:59 {ROW.replace('live', 'expired')}\n", [5]),
        ("lenient\n" + TEXT + f"2026-11-02 10:00:00 {ROW} until=2026-11-09T10:00:01\n", [5]),
        ("lenient\n" + TEXT + f"2026-11-02 10:00:00 {ROW} visited=2026-11-02T10:00:00\n", [5]),
        ("lenient\n" + TEXT + f"2026-11-02 10:00:00 {ROW.replace('R1', 'R2')}\n", [5]),
        ("lenient\n" + TEXT + f"2026-11-02 10:00:00 {ROW.replace('/李四', '/王五')}\n", [5]),
    ],
)
def test_broken_expectations_are_found(lines: str, at: list[int]) -> None:
    assert broken(HEAD + lines) == at


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("agent 李四 +8613900000011 链家\n", 1, "site"),
        (HEAD + "policy no_such=1\n", 3, "no_such"),
        (HEAD + "policy notify=perhaps\n", 3, "auto"),
        (HEAD + "policy notify\n", 3, "KEY=VALUE"),
        ("site 湾 number=+8613800000000 timezone=Mars/Base\n", 1, "zone"),
        ("site 湾 number=+8613800000000 language=fr\n", 1, "en"),
        (HEAD + "import 张三 138****5678 李四 链家 reported=2026-11-01T10:00:00 seen=2026-11-02T10:00:00\n", 3, "seen"),
        (HEAD + "2026-11-02 10:00 +8613900000011 > x\n", 3, "seconds"),
        (HEAD + TEXT + "2026-11-02 09:00:00 +8613900000011 > x\n", 4, "back"),
        (HEAD + TEXT + "agent 周涛 +8613900000012 链家\n", 4, "beginning"),
        (HEAD + "2026-11-02 10:00:00 +8613900000011 ? x\n", 3, "form"),
        (HEAD + "dance\n", 3, "dance"),
        (HEAD + "2026-11-02 10:00:00 owner 张三 138 = nobody\n", 3, "mask"),
        (HEAD + "2026-11-02 10:00:00 +8613900000011 > @海 x\n", 3, "海"),
        (HEAD + "2026-11-02 10:00:00 register R1 张三 138****5678 链家/李四\n", 3, "STATUS"),
        (HEAD + "2026-11-02 10:00:00 register R1 live 张三 138****5678 链家/李四 ends=1\n", 3, "ends"),
        (HEAD + TEXT + "2026-11-02 09:00:00 register R1 live 张三 138****5678 链家/李四\n", 4, "back"),
    ],
)
def test_what_is_not_of_the_language_is_named(text: str, line: int, part: str) -> None:
    with pytest.raises(ScenarioError, match=part) as raised:
        read_scenario(text)
    assert raised.value.line == line


def test_a_broken_end_and_a_missing_flag_are_shown() -> None:
    line = "2026-11-02 10:00:00 owner 张三 138****5678 = 链家/李四 until=2026-11-08T10:00:00 flag=suspected\n"
    (found,) = rehearse(read_scenario("lenient\n" + HEAD + TEXT + line), MemoryStage())
    assert found.expected.endswith("= 链家/李四 until=2026-11-08T10:00:00 flag=suspected")
    assert found.got.endswith("until=2026-11-09T10:00:00")


def test_what_the_register_holds_instead_is_shown() -> None:
    line = "2026-11-02 10:00:00 register R1 renewed 张三 138****5678 链家/李四\n"
    (found,) = rehearse(read_scenario("lenient\n" + HEAD + TEXT + line), MemoryStage())
    assert found.expected == "R1 renewed 张三 138****5678 链家/李四"
    assert found.got == "R1 live 张三 138****5678 链家/李四 until=2026-11-09T10:00:00"


def test_texts_keep_what_looks_like_options_and_comments() -> None:
    text = HEAD + "2026-11-02 10:00:00 +8613900000011 > -- id=1 a\\nb\\\\n 138#5678  # a comment\n"
    incoming = read_scenario("\ufeff" + text.replace("\n", "\r\n")).lines[-1]
    assert incoming.text == "id=1 a\nb\\n 138#5678"  # type: ignore[union-attr]
