"""README names everything that an operator can set, run or meet: what stands in the code and not there is listed."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from prometheus_client.core import Metric

from tests.infrastructure.databases import Databases
from tests.infrastructure.serving import runtime_of
from tests.sending import add_site
from webhook.ops_words import FAULTS
from worker.bell.heartbeats import SWEEPER, beat
from worker.cli.main import main
from worker.clock import utc_now
from worker.doctor.table import CHECKS
from worker.readers.metrics import Metrics
from worker.rules.policy import Policy
from worker.settings import SECRET_VARIABLES, VARIABLES
from worker.words.alarms import alarm_words

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text("utf-8")


def table(heading: str) -> str:
    """Return the rows of the tables under a heading."""
    part = README.split(f"\n{heading}\n", 1)[1]
    part = re.split(r"\n#{2,3} ", part, maxsplit=1)[0]
    return "\n".join(line for line in part.splitlines() if line.startswith("|"))


def missing(names: Iterable[str], where: str = README) -> list[str]:
    """Return the names that do not stand there as words of their own."""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", where)]


def commands(command: click.Command, path: str = "") -> Iterator[str]:
    """Yield the words of every command beneath this one."""
    if not isinstance(command, click.Group):
        yield path
        return
    if command.invoke_without_command:
        yield path
    for name, below in command.commands.items():
        yield from commands(below, f"{path} {name}".strip())


def alert_codes() -> set[str]:
    """Return the code of each alarm that the program can raise, as it is written where it is raised."""
    constants = {"SPOOLED": "texts_spooled", "UNREADABLE": "texts_unreadable"}
    trees = [ast.parse(path.read_text("utf-8")) for path in (PROJECT / "worker").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    raised = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Alarm"]
    literal = {first.value for first in raised if isinstance(first, ast.Constant) and isinstance(first.value, str)}
    return literal | {constants[first.id] for first in raised if isinstance(first, ast.Name)}


@pytest.fixture
def families(tmp_path: Path, sqlite_databases: Databases, redis_url: str) -> Iterator[list[Metric]]:
    """Yield every family of metrics, as a process gives them while everything answers."""
    runtime = runtime_of(tmp_path, sqlite_databases.create(), redis_url)
    add_site(runtime.engine)
    beat(runtime.engine, SWEEPER, utc_now())
    yield list(Metrics(runtime).collect())
    runtime.close()
    sqlite_databases.drop()


def test_every_variable_stands_in_the_table_of_the_environment() -> None:
    assert missing(VARIABLES, table("## Environment")) == []


def test_every_secret_that_may_come_from_a_file_is_named() -> None:
    assert missing([f"{name}_FILE" for name in SECRET_VARIABLES]) == []


def test_every_policy_key_stands_in_its_table() -> None:
    assert missing([field.name for field in fields(Policy)], table("## Set up a site")) == []


def test_every_command_stands_in_their_table() -> None:
    found = list(commands(main))
    assert "gateway settle" in found
    assert missing(found, table("## Commands")) == []


def test_every_alert_stands_in_their_table_and_has_words_for_people() -> None:
    codes = alert_codes()
    assert {"line_stands", "database_away", "texts_spooled"} <= codes
    assert missing(codes, table("### What each alert means")) == []
    assert [codes - set(alarm_words(language)) for language in ("zh", "en")] == [set(), set()]


def test_every_check_of_the_doctor_stands_in_their_table() -> None:
    assert missing([check.name for check in CHECKS], table("### What `baobei doctor` checks")) == []


def test_every_metric_stands_in_their_table(families: list[Metric]) -> None:
    suffix = {"counter": "_total", "info": "_info"}
    names = [family.name + suffix.get(family.type, "") for family in families]
    assert "baobei_sweeper_silent_seconds" in names
    assert "baobei_queue_jobs" in names
    assert missing(names, table("### `GET /metrics`")) == []


def test_everything_that_can_be_degraded_is_named() -> None:
    assert missing([*FAULTS, "stopped_NAME"]) == []


def test_what_is_missing_is_listed() -> None:
    assert missing(["audit", "no-such-command", "PORT", "POR"], "`audit` · `PORT`") == ["no-such-command", "POR"]
