"""The command line as a whole: help comes at once, and whatever is typed wrongly ends in a sentence."""

import inspect
import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.infrastructure.databases import Databases
from worker.accounts.users import ROLES as USER_ROLES
from worker.cli.commands import options
from worker.cli.main import main
from worker.cli.program import function_of
from worker.gateways.table import ADAPTERS
from worker.readers.flags import FLAGS
from worker.readers.register import STATUSES
from worker.rules.model import ROLES
from worker.store.states import UNDELIVERED

PROJECT = str(Path(__file__).parents[1])
HEAVY = ("sqlalchemy", "redis", "rq", "twilio", "openpyxl", "requests", "alembic", "psutil", "phonenumbers")
# Prints what a process has imported that showed the help of each of these commands.
IMPORTED = """
import json, sys
from contextlib import suppress
from worker.cli.main import main
for path in json.loads(sys.argv[1]):
    with suppress(SystemExit):
        main([*path, "--help"], prog_name="baobei")
print(json.dumps(sorted(sys.modules)))
"""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that lead to it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


COMMANDS = dict(commands(main))


def test_help_needs_nothing_of_what_the_commands_do() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED, json.dumps([*COMMANDS])],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": PROJECT},
        check=True,
    )
    assert run.stdout.count(b"Usage: baobei") == len(COMMANDS) > 40
    imported = set(json.loads(run.stdout.splitlines()[-1]))
    assert "click" in imported
    assert sorted(imported.intersection(HEAVY)) == []
    assert [name for name in imported if name.startswith(("parsers.", "worker.rules", "worker.store"))] == []


def test_texts_are_read_and_scenarios_played_without_a_database_or_gateway() -> None:
    program = "import sys, worker.cli.parse, worker.cli.rehearse; print(*sys.modules)"
    environ = os.environ | {"PYTHONPATH": PROJECT}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True)
    assert sorted(set(run.stdout.split()).intersection(HEAVY)) == ["phonenumbers"]


def test_the_process_that_only_watches_over_the_others_holds_none_of_what_they_need() -> None:
    program = "import sys, worker.cli.up; print(*sys.modules)"
    environ = os.environ | {"PYTHONPATH": PROJECT}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True)
    needed = {*HEAVY, "flask", "gunicorn", "http.client", "ssl", "parsers", "worker.rules", "worker.store", "webhook"}
    assert set(run.stdout.split()).intersection(needed) == {"psutil"}


@pytest.mark.parametrize("path", [path for path, each in COMMANDS.items() if hasattr(each.callback, "where")])
def test_each_command_is_done_by_a_function_that_takes_what_it_takes(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    function = function_of(command.callback.where)  # type: ignore[union-attr]
    wanted = {parameter.name for parameter in command.params}
    assert set(inspect.signature(function).parameters) == wanted


def test_choices_are_those_that_the_program_knows() -> None:
    assert options.STAFF_ROLES == ROLES
    assert options.USER_ROLES == USER_ROLES
    assert set(options.GATEWAYS) == set(ADAPTERS)
    assert options.STATUSES == STATUSES
    assert options.FLAGS == FLAGS
    assert options.UNDELIVERED == UNDELIVERED


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_databases: Databases) -> Iterator[Path]:
    """Yield a folder to stand in, with a database that has one site, and files that nobody can mean."""
    monkeypatch.setenv("DATABASE_URL", sqlite_databases.create())
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x\n")
    (tmp_path / "binary").write_bytes(b"\xff\x00\x9d" * 999)
    (tmp_path / "empty").touch()
    (tmp_path / "wide.csv").write_text("name,phone,unit\n" + "x" * 200_000 + ",1,1\n")
    (tmp_path / "roster.csv").write_text("name,phone,unit\n李四,13900000011,链家\n", "utf-8")
    row = "client,phone,agent,unit,reported_at\n张三,138****5678,李四,链家,"
    (tmp_path / "early.csv").write_text(f"{row}0001-01-01 00:00\n", "utf-8")
    (tmp_path / "far.csv").write_text(f"{row}{'9' * 30}-01-01 00:00\n", "utf-8")
    site = "site 湾 number=+8613800000000 manager=+8613800000001\n"
    (tmp_path / "early.txt").write_text(f"{site}0001-01-01 00:00:00 +8613900000011 > 报备\n", "utf-8")
    run("site", "add", "湾", "--number", "+8613800000000", "--manager", "+8613800000001")
    run("roster", "import", "roster.csv", "--site", "湾")
    yield tmp_path
    sqlite_databases.drop()


def run(*words: str, given: bytes = b"") -> Result:
    """Run a command line; nothing but an exit may end it."""
    result = CliRunner().invoke(main, words, input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


WRONG = [
    (("register", "--output", "nofolder/x.csv"), 1, "nofolder/x.csv: No such file"),
    (("register", "--output", "nofolder/x.xlsx", "--format", "xlsx"), 1, "nofolder/x.xlsx: No such file"),
    (("register", "--output", "file/x.csv"), 1, "file/x.csv: Not a directory"),
    (("register", "--output", "folder"), 2, "is a directory"),
    (("register", "--format", "scenario", "--output", "nofolder/x", "张三 138****5678"), 1, "nofolder/x: No such"),
    (("register", "--status", "nix"), 2, "There is no status “nix”; write live, renewed"),
    (("register", "--flag", "nix"), 2, "'nix' is not one of"),
    (("register", "--site", "nix"), 2, "There is no site “nix”"),
    (("register", "import", "early.csv", "--site", "湾"), 1, "line 2: “0001-01-01 00:00” is no time"),
    (("register", "import", "far.csv", "--site", "湾"), 1, "is no time"),
    (("register", "import", "folder", "--site", "湾"), 2, "is a directory"),
    (("register", "import", "binary", "--site", "湾"), 1, "neither UTF-8 nor GB18030"),
    (("roster", "import", "wide.csv", "--site", "湾"), 1, "line 2: this is no CSV"),
    (("roster", "import", "nofile", "--site", "湾"), 2, "does not exist"),
    (("roster", "import", "empty", "--site", "湾"), 1, "the header lacks"),
    (("gateway", "resume", "nix"), 1, "There is no gateway “nix”; there are: sandbox, twilio."),
    (("gateway", "resend", "9" * 30), 2, "is not in the range"),
    (("gateway", "settle", "1", "perhaps"), 2, "is not one of"),
    (("staff", "remove", "+8613911111111", "--site", "湾"), 1, "+8613911111111 has no role at 湾"),
    (("staff", "remove", "nonsense", "--site", "湾"), 2, "is not a phone number"),
    (("site", "add", " ", "--number", "+8613800000009", "--manager", "+8613800000001"), 2, "needs a name"),
    (("site", "add", "a\nb", "--number", "+8613800000009", "--manager", "+8613800000001"), 2, "needs a name"),
    (("user", "add", "a\nb", "--role", "ops"), 2, "letters, digits and signs only"),
    (("user", "remove", "nobody"), 2, "There is no user “nobody”"),
    (("explain", "张三 138****5678", "--at", "yesterday"), 2, "“yesterday” is no time"),
    (("explain", "张三 138****5678", "--at", "0001-01-01"), 2, "“0001-01-01” is no time"),
    (("explain", "张三 138****5678", "--at", "9999-12-31T23:59-10:00"), 2, "is no time"),
    (("explain", "\udcff 138****5678"), 2, "holds bytes that are no UTF-8 text"),
    (("explain", "R999999999999"), 1, "has no registration R999999999999"),
    (("backfill", "--since", "yesterday"), 2, "“yesterday” is no duration"),
    (("backfill", "--since", "1m"), 2, "out of reach"),
    (("backfill", "--since", "2h", "--gateway", "nix"), 2, "There is no gateway “nix”"),
    (("backup", "nofolder/x"), 1, "There is no folder"),
    (("backup", "file"), 1, "is no backup, so it stays as it is"),
    (("backup", "/dev/null"), 1, "is no file of the ordinary kind"),
    (("restore", "binary"), 1, "is no backup of baobei"),
    (("restore", "nofile"), 1, "There is no file nofile"),
    (("rehearse", "folder"), 2, "is a directory"),
    (("rehearse", "binary"), 2, "is not UTF-8"),
    (("rehearse", "early.txt"), 2, "early.txt:2 “0001-01-01T00:00:00” lies in no year that can be played"),
]


@pytest.mark.usefixtures("var")
@pytest.mark.parametrize(("words", "code", "sentence"), WRONG, ids=[" ".join(words)[:50] for words, _, _ in WRONG])
def test_what_cannot_be_meant_is_a_sentence(words: tuple[str, ...], code: int, sentence: str) -> None:
    result = run(*words)
    assert sentence in result.output
    assert result.exit_code == code


@pytest.mark.parametrize("name", ["file", "file/below"])
@pytest.mark.parametrize(
    "words",
    [["up"], ["migrate"], ["register"], ["retention"], ["backfill", "--since", "2h"], ["work", "decide"], ["sweep"]],
)
def test_a_file_is_no_folder_for_everything(
    var: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: list[str]
) -> None:
    monkeypatch.setenv("BAOBEI_VAR", str(var / name))
    result = run(*words)
    assert result.exit_code == 2
    assert f"BAOBEI_VAR is {var / name}, but {var / 'file'} is no folder" in result.output


@pytest.mark.parametrize("command", ["migrate", "restore x"])
def test_the_folder_of_everything_is_its_owners_alone(tmp_path: Path, command: str) -> None:
    (tmp_path / "x").touch()
    ended = baobei(f"umask 022; cd {shlex.quote(str(tmp_path))} && $B {command}", BAOBEI_VAR="made")
    assert "Traceback" not in ended.stderr
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700


def test_a_bom_before_texts_says_nothing() -> None:
    result = run("parse", given='\ufeff{"id": 7, "text": "报备 张三 138****5678 李四"}\n'.encode())
    assert (result.exit_code, result.stderr, json.loads(result.stdout)["id"]) == (0, "", 7)


BAD_LINES = [b"\xff", b"[" * 100_000, b"[]", b'{"id": 1}', b'{"id": 1, "text": 5}', b'{"id": 1e999, "text": "x"}', b"{"]


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:20].decode("latin-1"))
def test_a_bad_line_of_texts_is_named_and_the_others_are_read(line: bytes) -> None:
    result = run("parse", given=line + '\n\n{"id": 7, "text": "报备 张三 138****5678 李四"}\n'.encode())
    assert result.exit_code == 1
    assert result.stderr == 'line 1: write {"id": …, "text": "…"} in UTF-8, on one line.\n'
    (told,) = result.stdout.splitlines()
    assert (json.loads(told)["id"], json.loads(told)["kind"]) == (7, "report")


def baobei(words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell in which $B is the program."""
    names = {"PYTHONPATH": PROJECT, "B": f"{sys.executable} -m worker"} | environ
    return subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, env=os.environ | names, check=False)


TEXT = '{\\"id\\": 1, \\"text\\": \\"报备 张三 138****5678 李四\\"}'


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_json_whatever_the_terminal_can_show(encoding: str) -> None:
    ended = baobei(f'echo "{TEXT}" | $B parse', PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["reports"][0]["client"] == "张三"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (f'yes "{TEXT}" | head -n 300 | $B parse | head -n 1 >/dev/null', 0, ""),
        (f'echo "{TEXT}" | $B parse >/dev/full', 1, "Error: The system refused: No space left on device.\n"),
        ("$B parse <&-", 0, ""),
        ("cd $(mktemp -d) && rmdir $PWD && $B up", 1, "Error: The system refused: No such file or directory.\n"),
        ("$B --help >/dev/full", 1, "Error: The system refused: No space left on device.\n"),
    ],
)
def test_an_output_that_takes_nothing_is_a_sentence(words: str, code: int, sentence: str) -> None:
    ended = baobei(words)
    assert (ended.returncode, ended.stderr) == (code, sentence)


@pytest.mark.parametrize("form", ["table", "csv", "json", "xlsx"])
def test_a_register_into_what_takes_nothing_is_a_sentence(var: Path, form: str) -> None:
    ended = baobei(f"cd {shlex.quote(str(var))} && $B register --format {form} >/dev/full")
    assert (ended.returncode, ended.stderr) == (1, "Error: The system refused: No space left on device.\n")
    assert "Traceback" not in baobei(f"$B register --format {form} | true").stderr
