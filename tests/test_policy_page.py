"""A site's policy on a page: every key explained, checked, shown once more before it holds, and its history."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.deciding import LI, deciding, staffed_site, text
from tests.infrastructure.visiting import enrol, plain, post, post_for_sure, visitor
from tests.sending import StandingClock
from webhook.app import create_app
from webhook.policy_words import GROUPS, WORDS
from worker.decide.set_up import SiteRow, open_site, set_policy, site_named
from worker.rules.policy import KEYS, KINDS, Policy, PolicyError, checked, settable, written
from worker.runtime import Runtime
from worker.store.schema import acts

OTHER_NUMBER = "+8613800000009"


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> SiteRow:
    site = staffed_site(runtime, clock)
    with deciding(runtime):
        text(runtime, site, LI, "报备 张三 138****5678")
    return site


@pytest.fixture
def app(runtime: Runtime, site: SiteRow) -> Flask:
    enrol(runtime, "local", "manager", site_id=site.id)
    return create_app(runtime, kept_s=0)


@pytest.fixture
def local(app: Flask) -> FlaskClient:
    return visitor(app, "local")


def place(client: FlaskClient) -> str:
    found = re.search(r'name="place" value="(\d+)"', client.get("/setup/policy").text)
    assert found
    return found[1]


def test_every_key_is_explained_once_and_every_choice_has_words() -> None:
    assert sorted(key for _, _, group in GROUPS for key in group) == sorted(KEYS) == sorted(KINDS)
    for key, words in WORDS.items():
        assert set(words.choices) == set(KINDS[key].choices), key


@pytest.mark.parametrize("key", KEYS)
def test_a_default_is_written_as_it_is_read(key: str) -> None:
    usual = getattr(Policy(), key)
    assert settable(key, written(usual)) == usual


def test_what_is_beyond_the_most_cannot_be_set_and_is_read_where_an_old_line_has_it() -> None:
    assert checked("report_days", "5000") == 5000
    with pytest.raises(PolicyError, match="from 1 to 366"):
        settable("report_days", "5000")


def test_a_change_shows_what_it_will_do_then_holds_and_stands_in_the_history(
    local: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    given = {"place": place(local), "report_days": "10", "daily_digest": "", "notify": "each", "visit_days": "30"}
    asked = plain(post(local, f"/setup/policy/{site.id}", **given).text)
    assert "报备有效 现在 7 天 之后 10 天" in asked
    assert "每日汇总 现在 20:00 之后 无" in asked
    assert "现有 1 条有效登记 之后 期限不变；以后的按新期限" in asked
    assert "到访确认后保护" not in asked
    assert site_named(runtime.engine, site.name).state["policy"] == {}
    post_for_sure(local, f"/setup/policy/{site.id}", **given)
    policy = site_named(runtime.engine, site.name).state["policy"]
    assert policy == {"report_days": "10", "daily_digest": "off", "notify": "each"}
    set_policy(runtime.engine, site_named(runtime.engine, site.name), ["gap_reminder=48h"], runtime.line_clock)
    page = plain(local.get("/setup/policy").text)
    history = page[page.rindex("变更记录") :]
    later, earlier = history.index("48 小时"), history.index("10 天")
    assert later < earlier
    assert "在服务器命令行" in history[:later]
    assert "local" in history[later:earlier]
    with runtime.engine.connect() as connection:
        assert connection.execute(select(acts.c.about).where(acts.c.what == "policy_set")).scalars().all() == [
            f"site {site.id} text {int(place(local)) - 1}"
        ]


WRONG = {
    "report_days": ("0", "请填 1 到 366 的整数"),
    "min_lead": ("seven", "请填 0 到 1440 的整数"),
    "gap_reminder": ("x", "请填 1 到 999 的整数"),
    "daily_digest": ("25:00", "请写成 18:00"),
    "quiet_hours": ("21", "请写成 21:00-08:00"),
    "countries": ("Atlantis", "两个字母"),
    "telephone": ("13800000001", "工作人员的手机"),
    "notify": ("perhaps", "请选其中一项"),
}


def test_what_is_wrong_stands_beside_its_field(local: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    typed = {key: value for key, (value, _) in WRONG.items()} | {"visit_days": "40"}
    answer = post(local, f"/setup/policy/{site.id}", place=place(local), **typed)
    assert answer.status_code == 422
    for key, (_, why) in WRONG.items():
        assert re.search(rf'id="f-{key}-fault" role="alert">[^<]*{why}', answer.text), key
    assert 'value="40"' in answer.text
    assert site_named(runtime.engine, site.name).state["policy"] == {}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    local: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    before = place(local)
    set_policy(runtime.engine, site, ["report_days=14"], runtime.line_clock)
    answer = post(local, f"/setup/policy/{site.id}", place=before, report_days="7", notify="off")
    assert answer.status_code == 422
    assert "您的改动未被采用" in answer.text
    assert 'name="report_days" type="number" inputmode="numeric" min="1" max="366" value="14"' in answer.text


def test_a_policy_of_another_s_site_is_nobody_s_business(local: FlaskClient, runtime: Runtime) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
    assert post(local, f"/setup/policy/{other.id}", place="0", report_days="9").status_code == 404
