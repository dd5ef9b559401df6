"""The command line as a whole: help comes at once, and whatever is typed wrongly ends in a sentence."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from worker.accounts.users import ROLES as USER_ROLES
from worker.cli.commands import options
from worker.cli.main import main
from worker.cli.program import function_of
from worker.gateways.table import ADAPTERS
from worker.readers.flags import FLAGS
from worker.readers.register import STATUSES
from worker.rules.model import ROLES
from worker.store.states import UNDELIVERED

HEAVY = ("sqlalchemy", "redis", "rq", "twilio", "openpyxl", "requests", "alembic", "psutil", "phonenumbers")
# Prints what a command line has imported, once it has ended.
IMPORTED = """
import json, sys
from worker.cli.main import main
try:
    main(sys.argv[1:], prog_name="baobei")
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that lead to it."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


COMMANDS = dict(commands(main))


def imported_by(*words: str) -> set[str]:
    """Return the modules that a command line imports."""
    environ = os.environ | {"PYTHONPATH": os.getcwd()}
    run = subprocess.run([sys.executable, "-c", IMPORTED, *words], capture_output=True, env=environ, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_needs_nothing_of_what_the_command_does(path: tuple[str, ...]) -> None:
    imported = imported_by(*path, "--help")
    assert "click" in imported
    assert sorted(imported.intersection(HEAVY)) == []
    assert [name for name in imported if name.startswith(("parsers.", "worker.rules", "worker.store"))] == []


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
