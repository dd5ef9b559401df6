"""The walls between the rooms stand: each is tried with a breach that it must report."""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from worker.clock import utc_now
from worker.gateways.table import ADAPTERS
from worker.store.database import reading, snapshot
from worker.store.schema import heartbeats

ROOT = Path(__file__).parents[1]
RULES = sorted((ROOT / "worker/rules").glob("*.py"))
PARSERS = sorted((ROOT / "parsers").glob("*.py"))
READERS = sorted((ROOT / "worker/readers").glob("*.py"))
PAGES = [path for path in (ROOT / "webhook").rglob("*") if path.suffix in (".py", ".html", ".js")]

PURE = {"bisect", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "importlib", "itertools"}
PURE |= {"array", "json", "math", "operator", "re", "threading", "tomllib", "typing", "unicodedata", "zoneinfo"}
PURE |= {"base64", "marisa_trie", "phonenumbers", "parsers"}
"""What the pure rooms may import, besides themselves."""

BREACHES = {
    "worker/rules/turn.py": "worker.clock",
    "worker/store/facts.py": "worker.line.door",
    "worker/outbox/pace.py": "worker.line.spool",
    "worker/readers/lines.py": "worker.outbox.leases",
    "parsers/mask.py": "worker.rules.policy",
    "worker/rules/part.py": "sqlalchemy",
    "webhook/edge.py": "worker.gateways.twilio",
    "webhook/home.py": "sqlalchemy",
    "webhook/times.py": "twilio",
}
"""A module, and what it must not import."""


def module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what import-linter says of a copy of the program with every breach in it."""
    copy = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("parsers", "worker", "webhook"):
        for source in (ROOT / package).rglob("*.py"):
            target = copy / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (copy / "worker/attic.py").write_text("")
    for path, unwanted in BREACHES.items():
        (copy / path).write_text((copy / path).read_text(encoding="utf-8") + f"\nimport {unwanted}\n")
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("path", BREACHES)
def test_an_import_through_a_wall_is_reported(breached: str, path: str) -> None:
    assert f"{module(path)} -> {BREACHES[path]} " in breached


def test_a_module_without_a_place_is_reported(breached: str) -> None:
    assert "attic" in breached


def imports_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def impure(source: str) -> list[str]:
    """Return what a module has that makes two runs of it differ: a foreign import, or a look at a clock."""
    foreign = [name for name in imports_of(source) if name.partition(".")[0] not in PURE]
    looks = [
        f"{node.attr}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "fromtimestamp")
        if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    ]
    return [name for name in foreign if not name.startswith("worker.rules")] + looks


@pytest.mark.parametrize("path", [*RULES, *PARSERS], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_rules_and_parsers_are_pure(path: Path) -> None:
    assert impure(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["from worker.clock import utc_now", "import os", "from time import time", "x = datetime.now(UTC)", "date.today()"],
)
def test_what_is_not_pure_is_found(source: str) -> None:
    assert impure(source) != []


def writes(source: str) -> list[str]:
    """Return by what a module would write, or could: a statement, or a connection that is not a reader's."""
    found = [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sqlalchemy", "worker.crash_points"))
        for alias in node.names
        if alias.name in ("insert", "update", "delete", "text", "committing")
    ]
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, on = node.func.attr, node.func.value
        if called in ("begin", "commit", "insert", "update", "delete", "exec_driver_sql"):
            found.append(f"{called}()")
        if called == "connect" and not (isinstance(on, ast.Call) and ast.unparse(on.func) == "reading"):
            found.append("connect()")
    return found


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.name)
def test_readers_never_write(path: Path) -> None:
    assert writes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import Engine, insert",
        "with engine.begin() as connection: pass",
        "with engine.connect() as connection: pass",
        "connection.commit()",
        "inbox.delete()",
    ],
)
def test_what_writes_is_found(source: str) -> None:
    assert writes(source) != []


def test_the_database_itself_refuses_what_a_reader_writes(engine: Engine) -> None:
    row = {"name": "reader", "host": "here", "pid": 1, "at": utc_now()}
    for opened in (reading(engine).connect, lambda: snapshot(engine)):
        with opened() as connection, pytest.raises(DBAPIError, match=r"read-only|readonly"):
            connection.execute(insert(heartbeats).values(row))
    with engine.begin() as connection:
        connection.execute(insert(heartbeats).values(row))
    with reading(engine).connect() as connection:
        assert connection.execute(select(heartbeats.c.name)).scalars().all() == ["reader"]


def named(words: str) -> list[str]:
    return [name for name in ADAPTERS if name in words.lower()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_webhook_names_no_gateway(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8")) == []


def test_a_gateways_name_is_found() -> None:
    assert named('if site.gateway == "twilio": pass') == ["twilio"]
    assert named("class OfSandbox: pass") == ["sandbox"]


def test_no_two_classes_have_one_name() -> None:
    defined = Counter(
        node.name
        for room in ("worker", "webhook")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in defined.items() if times > 1] == []


COMMANDS_OF_RULES = re.compile(r"^def decide_|^def decide\b", re.MULTILINE)


def participles() -> Iterator[str]:
    for room in ("worker", "webhook"):
        for path in (ROOT / room).rglob("*.py"):
            command = path.parent.name == "rules" and COMMANDS_OF_RULES.search(path.read_text(encoding="utf-8"))
            if re.fullmatch(r"\w+(ing|ed)", path.stem) and not command:
                yield str(path.relative_to(ROOT))


def test_only_the_commands_of_rules_are_named_by_participles() -> None:
    assert list(participles()) == []


GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_picture_of_the_rooms_shows_every_room() -> None:
    picture = GUIDE.partition("## Rooms")[2].split("```")[1]
    rooms = {path.stem for path in (ROOT / "worker").iterdir() if path.suffix == ".py" or path.is_dir()}
    unseen = {"__init__", "__main__", "__pycache__", "errors", "patience"}
    assert {room for room in rooms - unseen if room not in picture} == set()


def test_the_path_of_a_text_fits_on_one_screen() -> None:
    assert len(GUIDE.partition("## The path of a text")[2].partition("## ")[0].splitlines()) <= 45


def test_every_module_that_the_guide_names_is_there() -> None:
    there = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    named = set(re.findall(r"`([\w/]+\.py)", GUIDE))
    named = {name for name in named if "NAME" not in name and "NNNN" not in name}
    assert [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)] == []
