"""Who wants no notices (D13, L8) stands on /ops and in `doctor`; a site whose managers cannot be told is an alarm."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert, select, update

from tests.infrastructure.deciding import LI, MANAGER, WANG, staffed_site, text
from tests.infrastructure.visiting import enrol, plain, visitor
from tests.sending import add_reply
from tests.sql_stage import SqlStage
from webhook.app import create_app
from worker.alerts.alarms import Alarm, alarms
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, put, set_staff, site_named
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.runtime import Runtime
from worker.scenarios.language import read_scenario
from worker.scenarios.rehearsal import rehearse
from worker.store.schema import opt_outs, replies

DISPUTE = """lenient
site 翡翠湾 number=+8613800000000 manager=+8613800000001
policy notify=off reminder_hours=0 quiet_hours=off confirm_acts=off
agent 李四 +8613900000011 链家
agent 周涛 +8613900000012 链家
agent 王五 +8613900000021 贝壳
2026-11-02 10:00:00 +8613900000011 > 报备 张三 138****5678
2026-11-02 10:03:00 +8613800000001 > 首付 R1
2026-11-02 10:04:00 +8613900000021 > 异议 张三 138****5678 客户先来我处
"""
SECOND = "+8613800000009"


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    return staffed_site(runtime)


def noted(runtime: Runtime, site: SiteRow, phone: str, word: str) -> None:
    """Have a gateway say of a text what it does to its sender's consent."""
    message_id = f"{word}-{phone}"
    said = Inbound("sandbox", message_id, phone, site.number, word, opt_out=word)
    accept(runtime.engine, said, runtime.line_clock)
    decide_site(runtime.engine, site.id, clock=runtime.clock)


def untold(runtime: Runtime) -> list[Alarm]:
    return [alarm for alarm in alarms(runtime.engine, runtime.clock()) if alarm.code == "no_manager_told"]


def shown(runtime: Runtime) -> str:
    enrol(runtime, "ops", "ops")
    page = visitor(create_app(runtime), "ops").get("/ops").text
    found = re.search(r'<section class="panel" aria-labelledby="opted-out">.*?</section>', page, re.DOTALL)
    return plain(found[0]).strip() if found else ""


def test_who_opted_out_stands_on_the_page_and_in_doctor(
    runtime: Runtime, site: SiteRow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    assert "opted out of notices" not in CliRunner().invoke(main, ["doctor"]).output
    text(runtime, site, LI, "退订")
    noted(runtime, site, WANG, "stop")
    # No text silences staff, and what it texted counts for nothing; nor does what a stranger wants.
    text(runtime, site, MANAGER, "退订")
    text(runtime, site, "+8613900000099", "退订")
    page = shown(runtime)
    assert re.search(r"李四 链家 \S+ 翡翠湾 本人短信", page)
    assert re.search(r"王五 贝壳 \S+ 翡翠湾 网关告知", page)
    assert LI[1:] not in page
    assert page.count("翡翠湾") == 2
    assert f"2 people of site {site.id} (roster or staff) opted out" in CliRunner().invoke(main, ["doctor"]).output


def test_who_has_taken_it_back_or_left_the_roster_stands_there_no_more(runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, LI, "退订")
    text(runtime, site, WANG, "退订")
    text(runtime, site, LI, "START")
    yesterday = {"name": "王五", "phone": WANG, "unit": "贝壳", "to": "2026-01-01"}
    put(runtime.engine, site, "roster", {"people": [yesterday]})
    assert shown(runtime) == ""


def test_a_site_whose_managers_all_opted_out_is_an_alarm(runtime: Runtime, site: SiteRow) -> None:
    set_staff(runtime.engine, site, {SECOND: "manager"})
    assert untold(runtime) == []
    noted(runtime, site, MANAGER, "stop")
    assert untold(runtime) == []
    noted(runtime, site, SECOND, "stop")
    (alarm,) = untold(runtime)
    assert (alarm.scope, alarm.detail) == (
        f"site:{site.id}",
        {"site": site.id, "managers": 2, "opted_out": 2, "refused": 0},
    )
    assert "baobei staff add manager" in alarm.sentence
    assert MANAGER[1:] not in repr(alarm)
    noted(runtime, site, SECOND, "start")
    assert untold(runtime) == []


def test_an_opt_out_that_the_gateway_tells_when_we_send_counts_as_well(runtime: Runtime, site: SiteRow) -> None:
    with runtime.engine.begin() as connection:
        connection.execute(
            insert(opt_outs).values(site_id=site.id, phone=MANAGER, since=datetime.now(UTC), code="21610")
        )
    (alarm,) = untold(runtime)
    assert alarm.detail["opted_out"] == 1
    assert "经理" in shown(runtime)


def test_yes_takes_an_opt_out_back_also_while_an_act_waits_for_its_code(runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, LI, "报备 何健 186****0917")
    text(runtime, site, LI, "撤 R1")
    row = {"site_id": site.id, "phone": LI, "since": datetime.now(UTC), "code": "21610"}
    with runtime.engine.begin() as connection:
        connection.execute(insert(opt_outs).values(row))
    text(runtime, site, LI, "yes")
    with runtime.engine.connect() as connection:
        assert connection.execute(select(opt_outs)).all() == []
        last = connection.execute(select(replies.c.words).order_by(replies.c.id.desc()).limit(1)).scalar_one()
    assert "请回短信里的6位确认码" in last


def test_a_site_whose_managers_numbers_are_refused_is_an_alarm(runtime: Runtime, site: SiteRow) -> None:
    refused = {"recipient": MANAGER, "state": "failed", "refusal": "number", "error_code": "21211"}
    add_reply(runtime.engine, site.id, "一", **refused)
    assert [alarm.detail["refused"] for alarm in untold(runtime)] == [1]
    # Words that were refused say nothing of the number, and a reply that arrives says that it is reached.
    with runtime.engine.begin() as connection:
        connection.execute(update(replies).values(refusal="content"))
    assert untold(runtime) == []
    add_reply(runtime.engine, site.id, "二", **refused)
    assert len(untold(runtime)) == 1
    add_reply(runtime.engine, site.id, "三", recipient=MANAGER, state="sent")
    assert untold(runtime) == []


def test_a_site_without_a_manager_is_an_alarm(runtime: Runtime, site: SiteRow) -> None:
    put(runtime.engine, site_named(runtime.engine, site.name), "staff", {MANAGER: ""})
    (alarm,) = untold(runtime)
    assert "it has none on its staff" in alarm.sentence


def test_a_judgement_goes_to_the_colleagues_of_whom_the_gateway_refuses(engine: Engine) -> None:
    stage = SqlStage(engine)
    assert rehearse(read_scenario(DISPUTE), stage) == []
    with engine.begin() as connection:
        row = {"site_id": 1, "phone": LI, "since": datetime.now(UTC), "code": "21610"}
        connection.execute(insert(opt_outs).values(row))
    stage.advance(datetime(2026, 11, 6, tzinfo=UTC))
    told = {sent.phone for sent in stage.outbox if sent.code == "dispute_decided"}
    assert told == {MANAGER, "+8613900000012", WANG}
