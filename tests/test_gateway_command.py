"""`baobei gateway`: what is stopped, and letting it send again."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from tests.sending import AGENT, NOON, NUMBER, add_reply, add_site, reply
from worker.cli.main import main
from worker.clock import utc_now
from worker.gateways.base import SenderStopped, Stopped
from worker.outbox.stops import stop, stops
from worker.store.schema import acts


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


@pytest.fixture
def review(engine: Engine) -> int:
    """Return a reply of which nobody can tell whether it arrived."""
    doubt = {"state": "review", "error_code": "ReadTimeout", "error_words": "no answer", "cause": "m:7"}
    return add_reply(engine, add_site(engine), "geheim R1", utc_now(), **doubt)


def test_shows_replies_that_stand_still_without_numbers_or_words(run: CliRunner, engine: Engine, review: int) -> None:
    failed = add_reply(
        engine, 1, "geheim R2", utc_now(), cause="m:8", state="failed", error_code="21211", error_words="not valid"
    )
    add_reply(engine, 1, "geheim R3", utc_now(), state="sent")
    shown = run.invoke(main, ["gateway", "replies"]).output
    assert [line.split()[0] for line in shown.splitlines()] == [str(failed), str(review)]
    assert "accepted R1  failed  0 min  21211: not valid" in shown
    as_json = run.invoke(main, ["gateway", "replies", "--state", "review", "--json"]).output
    assert [(row["id"], row["seq"], row["state"], row["error_code"]) for row in json.loads(as_json)] == [
        (review, 7, "review", "ReadTimeout")
    ]
    assert json.loads(run.invoke(main, ["gateway", "replies", "--state", "stale", "--json"]).output) == []
    assert "No reply stands still" in run.invoke(main, ["gateway", "replies", "--state", "stale"]).output
    for secret in ("geheim", AGENT[1:]):
        assert secret not in shown + as_json


def test_sends_a_reply_once_more_and_says_who(run: CliRunner, engine: Engine, review: int) -> None:
    assert "once more" in run.invoke(main, ["gateway", "resend", str(review)]).output
    assert reply(engine, review).state == "pending"
    again = run.invoke(main, ["gateway", "resend", str(review)])
    assert (again.exit_code, "nothing was changed" in again.output) == (1, True)
    with engine.connect() as connection:
        noted = connection.execute(select(acts.c.user_id, acts.c.what, acts.c.about)).all()
    assert [tuple(row) for row in noted] == [(None, "resend", f"reply {review}")]


@pytest.mark.parametrize(("how", "state"), [("sent", "sent"), ("lost", "failed")])
def test_settles_a_reply_in_doubt(run: CliRunner, engine: Engine, review: int, how: str, state: str) -> None:
    assert f"counts as {how}" in run.invoke(main, ["gateway", "settle", str(review), how]).output
    assert reply(engine, review).state == state
    assert run.invoke(main, ["gateway", "settle", str(review), how]).exit_code == 1


def test_a_reply_that_is_not_there_is_a_sentence(run: CliRunner, review: int) -> None:
    refused = run.invoke(main, ["gateway", "settle", "999", "sent"])
    assert refused.exit_code == 1
    assert "There is no reply 999" in refused.output
    assert run.invoke(main, ["gateway", "settle", str(review), "perhaps"]).exit_code == 2
