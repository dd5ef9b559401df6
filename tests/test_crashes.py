"""Every crash point: the process dies there, starts again, and the system comes to what its line comes to."""

import ast
from pathlib import Path

import pytest

import webhook
import worker
from tests.crashes.points import POINTS, STEPS
from tests.crashes.proving import dies_in_one_process, dies_in_real_life, journey_on
from worker.settings import load_settings
from worker.up.guard import Guard
from worker.variables import SettingsError

NOT_ON_THE_PATH = {
    *("users.py", "logins.py", "throttle.py", "acts.py", "second_factor.py", "repairs.py"),
    *("heartbeats.py", "book.py", "probe.py"),
    *("backup.py", "restore.py", "seals.py", "heads.py"),
    *("run.py", "elsewhere.py", "revisions.py"),
    *("alert_choice.py", "upkeep.py", "asides.py"),
    *(
        "gateways.py",
        "accounts.py",
        "approvals.py",
        "removal.py",
        "addresses.py",
        "entry.py",
        "receipts.py",
        "canaries.py",
    ),
}
"""Who may commit without a point: what people do on pages, signs of life, alerts, backups, checkpoints and published
heads, retention, migrations, `/readyz`, whose row is of no line, the gateways and phones that people add, what a phone
shows of itself, and trial texts."""

KINDS = ("sqlite", "postgresql")
ALTERNATELY = [(KINDS[(index + index // 2) % 2], point) for index, point in enumerate(POINTS)]
KILLED = [("sqlite", "decide.commit.before"), ("postgresql", "post.after")]


@pytest.mark.parametrize(("kind", "point"), ALTERNATELY)
def test_a_process_that_dies_at_a_point_loses_and_repeats_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, kind: str, point: str
) -> None:
    """Once on one kind of database; `tests/crashes/matrix.py` has all on both."""
    dies_in_one_process(request, tmp_path, redis_url, kind, point)


@pytest.mark.parametrize(("kind", "point"), KILLED)
def test_a_real_process_that_dies_at_a_point_loses_and_repeats_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, guard: Guard, kind: str, point: str
) -> None:
    """A few that stand for all; `tests/crashes/matrix.py` has all on both databases."""
    dies_in_real_life(request, tmp_path, redis_url, guard, kind, point)


@pytest.mark.parametrize("kind", KINDS)
def test_an_undisturbed_journey_comes_by_every_point(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, kind: str
) -> None:
    with journey_on(request, tmp_path, redis_url, kind) as journey:
        journey.travel(None)
        assert journey.reached == set(POINTS)


def test_every_point_of_the_code_is_crashed_at_and_every_commit_is_one() -> None:
    steps, bare = set(), []
    for package in (worker, webhook):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id in ("around", "committing"):
                    steps.add(ast.literal_eval(call.args[-1]))
                if isinstance(call.func, ast.Attribute) and call.func.attr == "begin" and path.parent.name != "rules":
                    bare.append(path.name)
    assert steps == set(STEPS)
    assert set(bare) <= NOT_ON_THE_PATH | {"crash_points.py"}


def test_every_commit_on_the_path_of_a_text_is_repeated_when_the_database_gives_it_up() -> None:
    once = []
    for path in Path(str(worker.__file__)).parent.rglob("*.py"):
        for function in (
            node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
        ):
            named = [part for part in ast.walk(function) if isinstance(part, ast.Name)]
            if any(name.id == "committing" for name in named) and not any(name.id == "repeatable" for name in named):
                once.append(f"{path.name}:{function.name}")
    assert once == []


def test_the_point_comes_from_the_environment_and_never_to_production() -> None:
    assert load_settings({"BAOBEI_CRASH_AT": "post.before"}).crash_at == "post.before"
    assert load_settings({}).crash_at is None
    twilio = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t" * 32}
    with pytest.raises(SettingsError, match="BAOBEI_CRASH_AT"):
        load_settings(twilio | {"BAOBEI_CRASH_AT": "post.before", "PUBLIC_URL": "https://reports.example.com"})
