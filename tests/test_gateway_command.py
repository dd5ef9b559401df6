"""`baobei gateway`: what is stopped, and letting it send again."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from tests.sending import NOON, NUMBER
from worker.cli.main import main
from worker.gateways.base import SenderStopped, Stopped
from worker.stops import stop, stops


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    return CliRunner()


def test_shows_what_is_stopped_and_resumes_it(run: CliRunner, engine: Engine) -> None:
    with engine.begin() as connection:
        stop(connection, "twilio", "", Stopped("20003", "Twilio refuses our account or token"), NOON)
        stop(connection, "twilio", NUMBER, SenderStopped("21603", "no number"), NOON)
    shown = run.invoke(main, ["gateway", "stops"])
    assert shown.exit_code == 0
    assert "twilio: stopped since 2026-11-02 04:00 UTC, 20003" in shown.output
    as_json = json.loads(run.invoke(main, ["gateway", "stops", "--json"]).output)
    assert {(row["number"], row["code"]) for row in as_json} == {("", "20003"), (NUMBER, "21603")}
    assert "sends again" in run.invoke(main, ["gateway", "resume", "twilio"]).output
    assert stops(engine) == []


def test_says_when_nothing_is_stopped(run: CliRunner) -> None:
    assert "Every gateway sends" in run.invoke(main, ["gateway", "stops"]).output
    assert json.loads(run.invoke(main, ["gateway", "stops", "--json"]).output) == []
    assert "was not stopped" in run.invoke(main, ["gateway", "resume", "twilio"]).output
