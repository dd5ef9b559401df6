"""Alerts by text: one when something is raised, one when it is over, one of a storm; and a test text to oneself."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, update

from tests.infrastructure.deciding import LI, reported_site
from tests.infrastructure.visiting import enrol, plain, post, visitor
from tests.sending import NOON, NUMBER, StandingClock, add_reply, add_site
from webhook.app import create_app
from worker.accounts.alert_choice import want_alerts
from worker.accounts.users import add_user
from worker.alerts.alerts import Alerts
from worker.cli.main import main
from worker.gateways.base import Stopped
from worker.line.spool import Spool
from worker.outbox.courier import Courier
from worker.outbox.stops import resume, stop
from worker.runtime import Runtime
from worker.store.schema import acts, replies, unrouted
from worker.words.alarms import alerts_said
from worker.words.segments import segments

OPS, OTHER = "+8613800000077", "+8613800000078"


@pytest.fixture
def watch(engine: Engine, tmp_path: Path, clock: StandingClock) -> Alerts:
    """The alerts of two sites, 1 at twilio and 2 at the sandbox; one of operations wants them by text."""
    add_site(engine)
    add_site(engine, "sandbox", "+8613800000009")
    user, _ = add_user(engine, "ops", ["ops"], None, OPS, NOON)
    want_alerts(engine, user, wanted=True, now=NOON, by=None)
    here, _ = add_user(engine, "here", ["ops"], [1], OTHER, NOON)
    want_alerts(engine, here, wanted=True, now=NOON, by=None)
    add_user(engine, "silent", ["ops"], None, "+8613800000079", NOON)
    return Alerts(engine, Spool(tmp_path / "spool"), None, clock)


def stop_gateway(engine: Engine) -> None:
    with engine.begin() as connection:
        stop(connection, "twilio", "", Stopped("20003", "Twilio refuses our account or token"), NOON)


def texted(engine: Engine, to: str = OPS) -> list[tuple[int, str]]:
    query = select(replies.c.site_id, replies.c.words).where(replies.c.code == "alert", replies.c.recipient == to)
    with engine.connect() as connection:
        return [(row.site_id, row.words) for row in connection.execute(query.order_by(replies.c.id))]


def look(engine: Engine, watch: Alerts, clock: StandingClock, minutes: int) -> None:
    """Let minutes pass, in which all that is written goes out."""
    for _ in range(minutes):
        watch.look()
        with engine.begin() as connection:
            connection.execute(update(replies).where(replies.c.code == "alert").values(state="sent"))
        clock.move(minutes=1)
    watch.look()


def test_raised_once_and_cleared_once_by_a_site_that_sends(
    engine: Engine, watch: Alerts, clock: StandingClock, tmp_path: Path
) -> None:
    stop_gateway(engine)
    watch.look()
    assert texted(engine) == [], "what comes and goes within a minute is not told"
    look(engine, watch, clock, 30)
    assert [words for _, words in texted(engine)] == ["报备系统：新警报1项：网关已停(twilio 11-02 12:00)。详见运维页"]
    assert {site for site, _ in texted(engine)} == {2}, "not through the gateway that is stopped"
    Alerts(engine, Spool(tmp_path / "spool"), None, clock).look()
    before = len(texted(engine))
    resume(engine, "twilio")
    anew = Alerts(engine, Spool(tmp_path / "spool"), None, clock)
    look(engine, anew, clock, 30)
    over = texted(engine)[before:]
    assert [("已解除1项：网关已停" in words) for _, words in over] == [True], "a restart forgets no end"
    look(engine, anew, clock, 30)
    assert len(texted(engine)) == before + 1


def test_a_storm_is_one_text_and_the_next_waits(engine: Engine, watch: Alerts, clock: StandingClock) -> None:
    stop_gateway(engine)
    for number in range(20):
        add_reply(engine, 1, f"第{number}条", NOON, state="review", updated_at=NOON)
    text = {"received_at": NOON, "gateway": "twilio", "sender": LI, "recipient": NUMBER, "text": "", "body": b""}
    with engine.begin() as connection:
        connection.execute(insert(unrouted).values(text | {"provider_id": "one"}))
    look(engine, watch, clock, 2)
    (storm,) = texted(engine)
    assert "有回复需人工处理(site" in storm[1]
    assert "发到无主号码的短信" in storm[1]
    ((_, here),) = texted(engine, OTHER)
    assert "有回复需人工处理" in here
    assert "发到无主号码的短信" not in here, "it concerns every site"
    with engine.begin() as connection:
        stop(connection, "sandbox", "", Stopped("1", "x"), clock())
    look(engine, watch, clock, 5)
    assert len(texted(engine)) == 1, "ten minutes of quiet"
    look(engine, watch, clock, 10)
    assert len(texted(engine)) == 2


def test_what_comes_and_goes_all_day_is_told_a_dozen_times(engine: Engine, watch: Alerts, clock: StandingClock) -> None:
    for times in range(24 * 60 // 11):
        if times % 2:
            resume(engine, "twilio")
        else:
            stop_gateway(engine)
        # It is looked at when something is new, and when that was gathered.
        for minutes in (2, 9):
            watch.look()
            clock.move(minutes=minutes)
        with engine.begin() as connection:
            connection.execute(update(replies).where(replies.c.code == "alert").values(state="sent"))
    assert 6 <= len(texted(engine)) <= 12
    clock.move(days=1)
    stop_gateway(engine)
    before = len(texted(engine))
    look(engine, watch, clock, 3)
    assert len(texted(engine)) == before + 1, "what is wrong the next day is told again"


def test_nobody_is_told_who_does_not_want_it_nor_what_was_over_before(
    engine: Engine, watch: Alerts, clock: StandingClock
) -> None:
    look(engine, watch, clock, 30)
    before = len(texted(engine))
    stop_gateway(engine)
    watch.look()
    resume(engine, "twilio")
    look(engine, watch, clock, 30)
    assert len(texted(engine)) == before
    with engine.connect() as connection:
        assert set(connection.execute(select(replies.c.recipient)).scalars()) <= {OPS, OTHER}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_however_much_is_wrong_it_fits_three_segments(language: str) -> None:
    much = [("acts_closed", "一个名字特别长的案场的名字", NOON)] * 300
    words = alerts_said(language, StandingClock().now.tzinfo, much, much)  # type: ignore[arg-type]
    assert segments(words) <= 3
    assert "300" in words


@pytest.fixture
def ops(runtime: Runtime, clock: StandingClock) -> FlaskClient:
    reported_site(runtime, clock)
    enrol(runtime, "ops", "ops", phone=OPS)
    return visitor(create_app(runtime, kept_s=0), "ops")


def test_a_test_text_goes_to_ones_own_phone_and_is_recorded_and_capped(
    ops: FlaskClient, runtime: Runtime, clock: StandingClock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        sent = post(ops, "/ops/sites/1/test-text", phone=LI)
        clock.move(seconds=1)
    Courier(runtime.engine, runtime.gateways, runtime.clock).drain()
    assert "测试短信 已送达" in plain(ops.get(sent.location).text)
    assert post(ops, "/ops/sites/1/test-text").location == "/ops"
    assert "每小时最多" in ops.get("/ops").text
    with runtime.engine.connect() as connection:
        sent_to = connection.execute(select(replies.c.recipient).where(replies.c.code == "test_text")).scalars().all()
        at_site = connection.execute(select(acts.c.site_id).where(acts.c.what == "test_text")).scalars().all()
    assert (sent_to, at_site) == ([OPS] * 3, [1] * 3)
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(main, ["audit"]).exit_code == 0, "no audit misses a message behind it"
    enrol(runtime, "unbound", "ops")
    unbound = visitor(ops.application, "unbound")
    assert post(unbound, "/ops/sites/1/test-text").status_code == 409
    assert post(unbound, "/account/alerts", alerts="on").status_code == 409
    assert "没有绑定手机" in unbound.get("/account").text


def test_alerts_by_text_are_chosen_on_the_account_page_or_for_somebody_at_the_server(
    ops: FlaskClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "警报发到 +86138****0077" in ops.get("/account").text
    post(ops, "/account/alerts", alerts="on")
    assert "警报不再发到 +86138****0077" in ops.get("/account").text
    assert "开启短信警报" in ops.get("/ops/acts").text
    manager = visitor(ops.application, "manager")
    assert "短信警报" not in plain(manager.get("/account").text)
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(main, ["user", "set", "ops", "--alerts", "off"]).exit_code == 0
    assert "警报发到 +86138****0077" in ops.get("/account").text
    refused = CliRunner().invoke(main, ["user", "set", "manager", "--alerts", "on"])
    assert (refused.exit_code, "role ops and a phone" in refused.output) == (2, True)
