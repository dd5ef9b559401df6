"""Unsure and amended readings where people see them: register, desk, a client's page, files, audit, erasing."""

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.infrastructure.deciding import LI, MANAGER, WANG, deciding, send_form, staffed_site, text
from tests.infrastructure.visiting import enrol, token_of, visitor
from tests.infrastructure.waiting import eventually
from tests.sending import StandingClock
from webhook.app import create_app
from worker.cli.main import main
from worker.decide.set_up import SiteRow
from worker.readers.flags import FLAGS, flagged
from worker.readers.search import Search, read_search
from worker.retention.run import retain
from worker.runtime import Runtime
from worker.store.schema import claims, roster, sites


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> Iterator[SiteRow]:
    site = staffed_site(runtime, clock)
    enrol(runtime, "manager", "manager", phone=MANAGER)
    text(runtime, site, LI, "报备 张三 138****5678")
    text(runtime, site, WANG, "报备 李梅 139****2233")
    with deciding(runtime):
        yield site


@pytest.fixture
def manager(runtime: Runtime, site: SiteRow) -> FlaskClient:
    return visitor(create_app(runtime), "manager")


def doubt(runtime: Runtime, number: int) -> None:
    """Let a claim be one whose reading was not sure, whatever the reader makes of its text."""
    with runtime.engine.begin() as connection:
        connection.execute(update(claims).where(claims.c.number == number).values(flags=["unsure", "told"]))


def flags_of(runtime: Runtime, number: int) -> list[str]:
    with runtime.engine.connect() as connection:
        query = select(claims.c.flags).where(claims.c.number == number)
        return list(connection.execute(query).scalar_one())


def found(client: FlaskClient, **query: str) -> list[str]:
    page = client.get("/register", query_string=query)
    assert page.status_code == 200
    return re.findall(r'class="r-client"><a[^>]*>([^<]+)<', page.text)


def test_a_claim_of_somebody_on_no_roster_shows_as_such_in_list_filter_export_and_desk(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    page = manager.get("/register").text
    assert page.count('chip-tone tone-warn">不在名单') == 0
    text(runtime, site, "+8613900000099", "报备 秦朗 137****4444 小马 链家")
    eventually(lambda: "秦朗" in found(manager), "the report is decided")
    assert found(manager, flag="unlisted") == ["秦朗"]
    assert manager.get("/register").text.count('chip-tone tone-warn">不在名单') == 1
    assert "不在名单" in manager.get(f"/desk/{site.id}/found?q=秦朗").text
    form = {"token": token_of(manager), "flag": "unlisted"}
    exported = manager.post(f"/register/{site.id}/export/csv", data=form).text
    assert "业务员不在名单" in exported


def test_the_register_marks_and_finds_what_is_to_be_checked(runtime: Runtime, manager: FlaskClient) -> None:
    assert found(manager, flag="unsure") == []
    doubt(runtime, 2)
    assert found(manager, flag="unsure") == ["李梅"]
    assert found(manager, flag="unsure", status="live", q="李") == ["李梅"]
    assert found(manager, flag="unsure", status="expired") == []
    assert found(manager, flag="no-such-flag") == ["李梅", "张三"]
    page = manager.get("/register").text
    assert page.count('chip-tone tone-warn">待核对') == 1
    assert 'class="filter-chip" href="/register?site=1&amp;flag=unsure"' in page
    assert 'aria-current="true">待核对' in manager.get("/register?flag=unsure").text


def test_the_register_finds_what_names_a_project_that_nobody_knows(
    runtime: Runtime, manager: FlaskClient, site: SiteRow
) -> None:
    text(runtime, site, LI, "项目：龙湖春江\n客户：王芳\n电话：139****7788\n业务员：李四")
    assert found(manager, flag="project") == ["王芳"]
    assert 'aria-current="true">陌生项目' in manager.get("/register?flag=project").text


def test_files_say_and_choose_by_flag(
    runtime: Runtime, manager: FlaskClient, site: SiteRow, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    doubt(runtime, 1)
    form = {"token": token_of(manager), "flag": "unsure"}
    taken = manager.post(f"/register/{site.id}/export/csv", data=form).data.decode("utf-8-sig")
    assert [(row["客户"], row["备注"]) for row in csv.DictReader(io.StringIO(taken))] == [("张三", "读法待核对")]
    monkeypatch.setenv("DATABASE_URL", database_url)
    shown = CliRunner().invoke(main, ["register", "--json"])
    assert [(row["client"], row["flags"]) for row in json.loads(shown.stdout)] == [("张三", "unsure"), ("李梅", "")]
    chosen = CliRunner().invoke(main, ["register", "--flag", "unsure", "--json"])
    assert [row["client"] for row in json.loads(chosen.stdout)] == ["张三"]
    assert CliRunner().invoke(main, ["register", "--flag", "told"]).exit_code == 2


def test_the_desk_marks_it(runtime: Runtime, manager: FlaskClient, site: SiteRow) -> None:
    doubt(runtime, 1)
    assert "待核对" in manager.get(f"/desk/{site.id}/found?q=张").text
    assert "待核对" not in manager.get(f"/desk/{site.id}/found?q=李").text
    assert "待核对" in manager.get(f"/desk?site={site.id}&claim=1").text
    assert "待核对" not in manager.get(f"/desk?site={site.id}&claim=2").text


def test_the_manager_checks_it_on_the_client_s_page(runtime: Runtime, manager: FlaskClient, site: SiteRow) -> None:
    doubt(runtime, 1)
    text(runtime, site, WANG, "查 R2")
    page = client_page(manager, runtime, 1)
    assert "核对无误" in page
    assert "核对无误" not in client_page(manager, runtime, 2)
    send_form(manager, f"{page_of(runtime, 1)}/checks", "checks", ref="R1")
    assert "unsure" not in flags_of(runtime, 1)
    page = client_page(manager, runtime, 1)
    assert "核对无误" not in page
    assert "案场已核对" in page


def test_what_was_amended_is_shown_as_it_is_and_told_as_it_was(
    runtime: Runtime, manager: FlaskClient, site: SiteRow, clock: StandingClock
) -> None:
    clock.move(minutes=2)
    text(runtime, site, LI, "报备 章珊 138****5678")
    assert found(manager, status="live") == ["李梅", "章珊"]
    page = client_page(manager, runtime, 1)
    assert "章珊" in re.findall(r"<h1>(.+?)<", page)[0]
    assert "R1原读作张三，更正为章珊，链家（李四）" in page
    assert "链家 · 李四" in page or "李四" in page


def client_page(manager: FlaskClient, runtime: Runtime, number: int) -> str:
    return manager.get(page_of(runtime, number)).text


def page_of(runtime: Runtime, number: int) -> str:
    with runtime.engine.connect() as connection:
        claim = connection.execute(select(claims).where(claims.c.number == number)).one()
    return f"/register/{claim.site_id}/{claim.seq}/{claim.part}"


def test_是_of_a_listed_sender_finds_his_last_report_in_the_tables(
    runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    text(runtime, site, LI, "报备 何健 137****1111 孙悦")
    assert "asked" in flags_of(runtime, 3)
    clock.move(minutes=10)
    text(runtime, site, LI, "是")
    assert "asked" not in flags_of(runtime, 3)
    with runtime.engine.connect() as connection:
        called = connection.execute(select(roster.c.aliases).where(roster.c.phone == LI)).scalar_one()
        agent = connection.execute(select(claims.c.agent).where(claims.c.number == 3)).scalar_one()
    assert (called, agent) == (["孙悦"], "李四")


def test_the_audit_holds_with_a_seal_between_the_first_text_and_its_amending(
    runtime: Runtime, site: SiteRow, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    text(runtime, site, LI, "报备 何健 137****1111 孙悦")
    assert CliRunner().invoke(main, ["audit", "--seal"]).exit_code == 0
    clock.move(minutes=2)
    text(runtime, site, LI, "报备 孙悦 137****1111")
    text(runtime, site, LI, "报备 韩梅 137****1111")
    for words in (["audit"], ["audit", "--since-seal"]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    with runtime.engine.connect() as connection:
        row = connection.execute(select(claims).where(claims.c.number == 3)).one()
    assert (row.client, row.agent, len(row.readings)) == ("韩梅", "李四", 2)


def test_erasing_takes_the_words_of_the_first_text_and_every_name(
    runtime: Runtime, site: SiteRow, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    text(runtime, site, LI, "报备 何健 137****1111 孙悦")
    text(runtime, site, LI, "报备 孙悦 137****1111")
    clock.move(days=60)
    text(runtime, site, WANG, "查 R2")
    with runtime.engine.connect() as connection:
        row = connection.execute(select(sites).where(sites.c.id == site.id)).one()
    assert retain(runtime.engine, row, clock.now, dry_run=False).counts["claims"] == 3
    with runtime.engine.connect() as connection:
        row = connection.execute(select(claims).where(claims.c.number == 3)).one()
    assert (row.client, row.said, row.readings) == ("—", "", [])
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert CliRunner().invoke(main, ["audit", "--since-seal"]).exit_code == 0


def test_flags_are_known_words_only() -> None:
    assert read_search("张", flag="told") == Search(words=("张",))
    assert {read_search("", flag=flag).flag for flag in FLAGS} == set(FLAGS)
    with pytest.raises(ValueError, match="unsure"):
        flagged("x' OR 1=1 --")
