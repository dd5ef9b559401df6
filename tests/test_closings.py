"""Acts by text that wrong codes have closed (L6): who is told, and who opens them again, on pages and by command."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, deciding, staffed_site, text
from tests.infrastructure.visiting import enrol, post, visitor
from webhook.app import create_app
from worker.alerts.alarm import Alarm
from worker.alerts.alarms import alarms
from worker.cli.main import main
from worker.decide.set_up import SiteRow, drain, open_site
from worker.runtime import Runtime
from worker.store.schema import acts, inbox, replies

_times = count(1)


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    return staffed_site(runtime)


@pytest.fixture
def app(runtime: Runtime, site: SiteRow) -> Iterator[Flask]:
    app = create_app(runtime)
    enrol(runtime, "ops", "ops")
    enrol(runtime, "manager", "manager")
    other = open_site(runtime.engine, "云栖府", "+8613700000000", {"manager": [MANAGER]}, "sandbox")
    enrol(runtime, "elsewhere", "manager", site_id=other.id)
    enrol(runtime, "consultant", "consultant", phone=CONSULTANT)
    enrol(runtime, "own", "consultant", phone=MANAGER)
    with deciding(runtime):
        yield app


def close(runtime: Runtime, site: SiteRow, phone: str = LI) -> int:
    """Have a phone text five wrong codes for an act, and return the place of the last."""
    text(runtime, site, LI, "报备 何健 186****0917")
    text(runtime, site, phone, f"撤 R1 第{next(_times)}次")
    for _ in range(5):
        # Another code each time: the same one at once would be a text brought twice.
        text(runtime, site, phone, f"{next(_times):06}")
    assert not acts_are_taken(runtime, site, phone)
    return standing(runtime)[-1].detail["text"]  # type: ignore[return-value]


def standing(runtime: Runtime) -> list[Alarm]:
    return [alarm for alarm in alarms(runtime.engine, runtime.clock()) if alarm.code == "acts_closed"]


def acts_are_taken(runtime: Runtime, site: SiteRow, phone: str = LI) -> bool:
    """Tell whether a withdrawal is asked for its code."""
    text(runtime, site, phone, f"撤 R1 第{next(_times)}次")
    drain(runtime.engine, site.id)
    newest = select(replies.c.code).where(replies.c.recipient == phone).order_by(replies.c.id.desc()).limit(1)
    with runtime.engine.connect() as connection:
        asked = connection.execute(newest).scalar_one() == "confirm_code"
    if asked:
        text(runtime, site, phone, "否")
    return asked


def reopenings(runtime: Runtime) -> int:
    with runtime.engine.connect() as connection:
        return len(connection.execute(select(inbox.c.seq).where(inbox.c.kind == "reopen")).all())


def test_operations_are_alerted_of_each_closing_without_a_number(runtime: Runtime, site: SiteRow) -> None:
    seq = close(runtime, site)
    (alarm,) = standing(runtime)
    assert (alarm.scope, alarm.detail) == (f"text:{site.id}:{seq}", {"site": site.id, "text": seq})
    assert LI[1:] not in repr(alarm)
    close(runtime, site, MANAGER)
    assert len({alarm.scope for alarm in standing(runtime)}) == 2
    assert not [a for a in alarms(runtime.engine, runtime.clock() + timedelta(hours=25)) if a.code == "acts_closed"]


@pytest.mark.parametrize("who", ["ops", "manager"])
def test_a_manager_or_operations_open_acts_again_on_the_page(
    app: Flask, runtime: Runtime, site: SiteRow, who: str
) -> None:
    seq = close(runtime, site)
    client = visitor(app, who)
    page = client.get("/ops").text
    assert "短信办理已关闭" in page
    assert f"/ops/sites/{site.id}/closings/{seq}/open" in page
    assert LI[1:] not in page
    assert post(client, f"/ops/sites/{site.id}/closings/{seq}/open").status_code == 303
    page = client.get("/ops").text
    assert "该手机又可以短信办理" in page
    assert "短信办理已关闭" not in page
    assert acts_are_taken(runtime, site)
    assert standing(runtime) == []
    with runtime.engine.connect() as connection:
        done = connection.execute(select(acts.c.about).where(acts.c.what == "acts_opened")).scalars().all()
    assert done == [f"site {site.id} text {seq}"]
    # The same button once more, from a page that was loaded before: nothing is put in line.
    assert post(client, f"/ops/sites/{site.id}/closings/{seq}/open").status_code == 303
    assert "本来就没有关闭" in client.get("/ops").text
    assert reopenings(runtime) == 1


def test_an_old_button_opens_no_later_closing(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    client = visitor(app, "manager")
    first = close(runtime, site)
    post(client, f"/ops/sites/{site.id}/closings/{first}/open")
    second = close(runtime, site)
    post(client, f"/ops/sites/{site.id}/closings/{first}/open")
    assert not acts_are_taken(runtime, site)
    post(client, f"/ops/sites/{site.id}/closings/{second}/open")
    assert acts_are_taken(runtime, site)
    assert reopenings(runtime) == 2


def test_who_has_logged_in_opens_his_own_phone_and_no_others(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    seq = close(runtime, site, MANAGER)
    other, own = visitor(app, "consultant"), visitor(app, "own")
    path = f"/account/sites/{site.id}/closings/{seq}/open"
    assert path not in other.get("/account").text
    assert post(other, path).status_code == 303
    assert post(other, f"/ops/sites/{site.id}/closings/{seq}/open").status_code == 403
    assert not acts_are_taken(runtime, site, MANAGER)
    assert path in own.get("/account").text
    assert post(own, path).status_code == 303
    assert path not in own.get("/account").text
    assert acts_are_taken(runtime, site, MANAGER)


def test_another_sites_manager_opens_nothing_here(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    seq = close(runtime, site)
    client: FlaskClient = visitor(app, "elsewhere")
    assert "closings" not in client.get("/ops").text
    assert post(client, f"/ops/sites/{site.id}/closings/{seq}/open").status_code == 404
    assert not acts_are_taken(runtime, site)


def test_the_command_lists_and_opens_what_is_closed(
    runtime: Runtime, site: SiteRow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["acts", *words])

    assert "taken from every phone" in run("list").output
    nothing = run("open", LI, "--site", "翡翠湾")
    assert (nothing.exit_code, "No act of" in nothing.output) == (1, True)
    seq = close(runtime, site)
    assert f"翡翠湾: 李四, {LI}, by text {seq}, until" in run("list").output
    (row,) = json.loads(run("list", "--json").output)
    assert (row["site"], row["phone"], row["text"]) == ("翡翠湾", LI, seq)
    assert "taken from" in run("open", LI, "--site", "翡翠湾").output
    assert acts_are_taken(runtime, site)
    assert run("open", LI, "--site", "翡翠湾").exit_code == 1
    audited = CliRunner().invoke(main, ["audit"])
    assert audited.exit_code == 0, audited.output
