"""The night whose hour from 2 to 3 comes twice, and the one that has none; the days around it are a scenario (R8)."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from tests.sql_stage import SqlStage
from worker.cli.main import main
from worker.scenarios.stage import MemoryStage, Stage

AGENT, MANAGER, NUMBER = "+8613900000011", "+8613800000001", "+8613800000000"
ZONES = {
    "Europe/Berlin": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
}
"""Zone → the instant at which its clocks go back by an hour; to 2 in Berlin, to 1 in New York."""


@pytest.fixture(params=["memory", "database"])
def stage(request: pytest.FixtureRequest, engine: Engine) -> Stage:
    return MemoryStage() if request.param == "memory" else SqlStage(engine)


def found(stage: Stage, zone: str, at: datetime, **policy: str) -> None:
    """Open a site in a zone, with an agent."""
    policy = {"quiet_hours": "off", "daily_digest": "off", "reminder_hours": "0"} | policy
    payload = {"name": "苑", "number": NUMBER, "timezone": zone, "staff": {MANAGER: "manager"}, "policy": policy}
    stage.set_up("苑", "site", payload, at)
    stage.set_up("苑", "roster", {"people": [{"name": "李四", "phone": AGENT, "unit": "链家"}]}, at)


def texts_at(stage: Stage, zone: str, back: datetime, *minutes: int) -> list[tuple[datetime, str, str]]:
    """Let a text come at each of these minutes around the change; return the digests, when and with how many texts."""
    found(stage, zone, back - timedelta(days=1), daily_digest="02:30" if zone == "Europe/Berlin" else "01:30")
    for index, minute in enumerate(minutes):
        at = back + timedelta(minutes=minute)
        stage.advance(at)
        stage.receive("苑", AGENT, f"报备 张三 138****{5000 + index} 李四", at, None, None, form=False)
    stage.advance(back + timedelta(days=2))
    said = [sent for sent in stage.outbox if sent.code == "digest"]
    return [(sent.at, sent.params["span"], str(sent.params.get("texts") or sent.params.get("count"))) for sent in said]


@pytest.mark.parametrize(("zone", "back"), ZONES.items())
def test_a_digest_at_an_hour_that_comes_twice_is_told_once(
    stage: Stage, engine: Engine, zone: str, back: datetime
) -> None:
    """At its first half past, and what comes in the hour's second turn stands in the next day's."""
    first = back - timedelta(minutes=30)
    digests = texts_at(stage, zone, back, -40, 10, 40)
    assert digests == [(first, "day", "1"), (first + timedelta(days=1, hours=1), "day", "2")]


@pytest.mark.parametrize(("zone", "back"), ZONES.items())
def test_the_hour_that_comes_twice_is_one_hour_of_digests(stage: Stage, zone: str, back: datetime) -> None:
    """E25: six are told one by one, and the rest once, when both of its turns are over."""
    digests = texts_at(stage, zone, back, *range(-45, -37), *range(5, 8))
    assert [each for each in digests if each[1] == "hour"] == [(back + timedelta(hours=1), "hour", "5")]


def test_both_can_be_computed_again(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    texts_at(SqlStage(engine), "Europe/Berlin", ZONES["Europe/Berlin"], -40, 10, 40)
    assert CliRunner().invoke(main, ["audit"]).exit_code == 0


@pytest.mark.parametrize(("zone", "back"), ZONES.items())
def test_an_end_in_the_second_turn_is_not_told_in_the_first(stage: Stage, zone: str, back: datetime) -> None:
    """Quiet hours are over at the first half past, and the claim ten minutes into the second turn of the hour."""
    found(
        stage, zone, back - timedelta(days=8), quiet_hours="21:00-02:30" if zone == "Europe/Berlin" else "21:00-01:30"
    )
    reported = back + timedelta(minutes=10) - timedelta(days=7)
    stage.receive("苑", AGENT, "报备 张三 138****5678 李四", reported, None, None, form=False)
    stage.advance(back + timedelta(days=2))
    assert [sent.at - reported for sent in stage.outbox if sent.code == "expired"] == [timedelta(days=7)]
