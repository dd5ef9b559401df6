"""The set-up on pages: its frame, and who finds which page there."""

import re
from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.infrastructure.deciding import LI, MANAGER, deciding, text
from tests.infrastructure.serving import SITE_NUMBER
from tests.infrastructure.visiting import enrol, plain, post, post_for_sure, visitor
from webhook.app import create_app
from worker.decide.people import enlist
from worker.decide.set_up import SiteRow, all_sites, open_site, put, site_named
from worker.errors import N_
from worker.gateways.base import Flaw, flaw
from worker.phones.gateways import add_gateway
from worker.runtime import Runtime
from worker.store.schema import acts, replies

OTHER_NUMBER = "+8613800000009"


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime, kept_s=0)


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    return open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox")


@pytest.fixture
def local(app: Flask, runtime: Runtime, site: SiteRow) -> FlaskClient:
    """The manager of 翡翠湾 alone."""
    enrol(runtime, "local", "manager", site_id=site.id)
    return visitor(app, "local")


@pytest.fixture
def admin(app: Flask, runtime: Runtime, site: SiteRow) -> FlaskClient:
    enrol(runtime, "admin", "ops", "manager")
    return visitor(app, "admin")


def acts_of(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.engine.connect() as connection:
        rows = connection.execute(select(acts.c.what, acts.c.about).order_by(acts.c.id)).all()
    return [(what, about) for what, about in rows if what.startswith(("site_", "policy_"))]


def test_an_empty_installation_opens_on_the_set_up(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "admin", "ops", "manager")
    admin = visitor(app, "admin")
    assert admin.get("/").location == "/setup"
    assert admin.get("/setup").status_code == 200
    open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox")
    assert admin.get("/").location == "/desk"


def test_whoever_sees_several_sites_chooses_one_and_a_site_s_manager_hears_of_no_other(
    app: Flask, runtime: Runtime, site: SiteRow
) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    enrol(runtime, "admin", "ops", "manager")
    enrol(runtime, "local", "manager", site_id=site.id)
    enrol(runtime, "guide", "consultant", site_id=site.id)
    page = visitor(app, "admin").get(f"/setup?site={other.id}").text
    assert f'href="/setup?site={other.id}" aria-current="true"' in page
    assert f'href="/setup?site={site.id}"' in page
    own = visitor(app, "local").get(f"/setup?site={other.id}").text
    assert "翡翠湾" in plain(own)
    assert "云栖府" not in plain(own)
    guide = visitor(app, "guide")
    assert guide.get("/setup").status_code == 403
    assert "/setup" not in guide.get("/desk").text


def test_a_manager_changes_what_his_site_is_called_when_he_saw_what_will_be(
    local: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    names = {
        "form": "names",
        "name": "翡翠湾一期",
        "aliases": "翡翠, 湾区",
        "telephone": "0571-88880000",
        "language": "en",
    }
    asked = post(local, f"/setup/site/{site.id}", **names)
    assert "翡翠湾 之后 翡翠湾一期" in plain(asked.text)
    assert site_named(runtime.engine, "翡翠湾").state.get("aliases", []) == []
    assert post_for_sure(local, f"/setup/site/{site.id}", **names).location == f"/setup/site?site={site.id}"
    changed = site_named(runtime.engine, "翡翠湾一期")
    assert changed.state["aliases"] == ["翡翠", "湾区"]
    assert (changed.state["language"], changed.state["policy"]["telephone"]) == ("en", "0571-88880000")
    assert [what for what, _ in acts_of(runtime)] == ["site_changed"] * 3
    again = post(local, f"/setup/site/{site.id}", **names)
    assert again.status_code == 303, "nothing is left to change"


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(
    local: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    answer = post(
        local, f"/setup/site/{site.id}", form="names", name="翡翠湾", aliases="云栖府", telephone="x", language="zh"
    )
    assert answer.status_code == 422
    assert "“云栖府”已是案场“云栖府”的名称，请换一个。" in answer.text
    assert 'value="云栖府"' in answer.text
    assert "“x”不是电话号码" in answer.text
    wrong = post(local, f"/setup/site/{site.id}", form="zone", timezone="Asia/Shanghia")
    assert "没有“Asia/Shanghia”这个时区" in wrong.text
    assert acts_of(runtime) == []


def test_whose_name_a_site_takes_at_another_operations_hear_and_its_manager_does_not(
    local: FlaskClient, admin: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    enlist(runtime.engine, other, [{"name": "周涛", "phone": "+8613900000099", "unit": "秘密渠道"}])
    names = {"form": "names", "name": "翡翠湾", "telephone": "", "language": "zh"}
    for name in ("周涛", "秘密渠道"):
        mine, nobodys = (
            plain(post(local, f"/setup/site/{site.id}", **names, aliases=each).text) for each in (name, "无此人")
        )
        assert mine.replace(name, "无此人") == nobodys
        assert "在云栖府的名单上" in plain(post(admin, f"/setup/site/{site.id}", **names, aliases=name).text)


def test_a_zone_is_put_right_by_the_manager_and_a_number_by_operations(
    local: FlaskClient, admin: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    asked = post(local, f"/setup/site/{site.id}", form="zone", timezone="Asia/Tokyo")
    assert "时刻不变，按新时区说出" in plain(asked.text)
    post_for_sure(local, f"/setup/site/{site.id}", form="zone", timezone="Asia/Tokyo")
    assert post(local, f"/setup/site/{site.id}", form="number", number=OTHER_NUMBER).status_code == 403
    assert "仍转来" in plain(post(admin, f"/setup/site/{site.id}", form="number", number=OTHER_NUMBER).text)
    assert "请把号码写成" in post(admin, f"/setup/site/{site.id}", form="number", number="12").text
    post_for_sure(admin, f"/setup/site/{site.id}", form="number", number=OTHER_NUMBER)
    changed = site_named(runtime.engine, "翡翠湾")
    assert (changed.zone.key, changed.number) == ("Asia/Tokyo", OTHER_NUMBER)


def test_operations_have_another_gateway_carry_a_site(
    local: FlaskClient, admin: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    add_gateway(runtime.engine, "phone-a", [], None, runtime.clock())
    wanted = {"form": "gateway", "gateway": "phone-a"}
    assert post(local, f"/setup/site/{site.id}", **wanted).status_code == 403
    assert post(admin, f"/setup/site/{site.id}", **wanted | {"gateway": "nobody"}).status_code == 422
    asked = plain(post(admin, f"/setup/site/{site.id}", **wanted).text)
    assert "现在 sandbox 之后 phone-a" in asked
    assert site_named(runtime.engine, site.name).gateway == "sandbox"
    post_for_sure(admin, f"/setup/site/{site.id}", **wanted)
    assert site_named(runtime.engine, site.name).gateway == "phone-a"
    assert "手机" in steps(admin.get("/setup").text)["gateway"][1]


def test_another_s_site_is_nobody_s_business(local: FlaskClient, runtime: Runtime) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    assert post(local, f"/setup/site/{other.id}", form="zone", timezone="Asia/Tokyo").status_code == 404
    assert local.get("/setup/site/new").status_code == 403
    assert post(local, "/setup/site/new", name="x").status_code == 403


def test_operations_open_a_site_on_a_page(admin: FlaskClient, runtime: Runtime) -> None:
    given = {"name": "云栖府", "number": OTHER_NUMBER, "manager": "13800000021", "timezone": "Asia/Shanghai"}
    missing = post(admin, "/setup/site/new", **given | {"manager": ""}, gateway="sandbox", language="zh")
    assert "此项必填" in missing.text
    taken = post(admin, "/setup/site/new", **given | {"name": "翡翠湾"}, gateway="sandbox", language="zh")
    assert "已有名为“翡翠湾”" in taken.text
    assert len(all_sites(runtime.engine)) == 1
    opened = post(admin, "/setup/site/new", **given, gateway="sandbox", language="zh")
    site = site_named(runtime.engine, "云栖府")
    assert opened.location == f"/setup?site={site.id}"
    assert site.state["staff"] == {"+8613800000021": "manager"}
    assert acts_of(runtime) == [("site_added", f"site {site.id}")]


STEPS = re.compile(r'<li class="setup-step is-(\w+)" id="step-(\w+)">(.*?)</li>', re.DOTALL)


def steps(page: str) -> dict[str, tuple[str, str]]:
    """Return state and words of each step."""
    return {key: (state, plain(html).strip()) for state, key, html in STEPS.findall(page)}


def test_the_overview_leads_from_nothing_to_the_first_answered_text(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "admin", "ops", "manager")
    admin = visitor(app, "admin")
    empty = steps(admin.get("/setup").text)
    assert {key: state for key, (state, _) in empty.items()} == {
        "users": "advice", "gateway": "todo", "site": "todo", "manager": "waits", "roster": "waits", "text": "waits",
    }  # fmt: skip
    assert "TWILIO_ACCOUNT_SID" in empty["gateway"][1]
    assert "新增案场" in empty["site"][1]
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox")
    opened = steps(admin.get("/setup").text)
    assert opened["site"][0] == opened["manager"][0] == "done"
    assert opened["roster"][0] == "todo"
    assert "报备 张三 138****5678 试用手机" in opened["text"][1]
    put(runtime.engine, site, "roster", {"people": [{"name": "李四", "phone": LI, "unit": "链家"}]})
    with deciding(runtime):
        text(runtime, site, LI, "报备 张三 138****5678")
    came = steps(admin.get(f"/setup/steps?site={site.id}").text)
    assert came["roster"][0] == "done"
    assert came["text"][0] == "waits"
    assert "报备成功" in came["text"][1]
    with runtime.engine.begin() as connection:
        connection.execute(update(replies).where(replies.c.role == "reply").values(state="sent"))
    assert steps(admin.get("/setup/steps").text)["text"][0] == "done"


def test_what_the_gateway_says_of_its_set_up_is_told_to_who_can_mend_it(
    app: Flask, runtime: Runtime, site: SiteRow, local: FlaskClient, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, kept = "https://example.org", "https://example.com/gateways/x/messages"
    words = N_(
        "%(whose)s posts its texts to %(shown)s, but we check them for %(url)s: enter that "
        "at Twilio, or mend PUBLIC_URL; the two must agree to the letter."
    )
    found = [flaw(words, whose=SITE_NUMBER, shown=shown, url=kept), Flaw("Something else.", advice=True)]
    asked = []

    def examine(numbers: Sequence[str], url: str) -> Iterator[Flaw]:
        asked.append((numbers, url))
        yield from found

    monkeypatch.setattr(type(runtime.gateways["sandbox"]), "examine", lambda _self, numbers, url: examine(numbers, url))
    told = plain(admin.get(f"/setup/address/{site.id}").text)
    assert f"{SITE_NUMBER} 把来信转到 {shown}，而我们按 {kept} 核验" in told
    assert "可改进 Something else." in told
    assert asked == [([SITE_NUMBER], f"{runtime.settings.base_url}/gateways/sandbox/messages")]
    others = plain(local.get(f"/setup/address/{site.id}").text)
    assert "需由负责全部案场的人处理" in others
    assert shown not in others
    assert len(asked) == 1, "it is asked once in a while"


def test_a_manager_is_told_what_he_can_do_and_not_of_the_server_s_variables(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "boss", "manager")
    found = steps(visitor(app, "boss").get("/setup").text)
    assert "--role ops" in found["users"][1]
    assert "安卓手机" in found["gateway"][1]
    assert "TWILIO" not in found["gateway"][1]
    assert "新增案场" not in found["site"][1]
    assert "还没有案场" in visitor(app, "boss").get("/setup/site").text


def test_steps_of_another_s_site_are_nobody_s_business(local: FlaskClient, runtime: Runtime) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox")
    assert local.get(f"/setup/address/{other.id}").status_code == 404
    assert OTHER_NUMBER not in local.get(f"/setup/steps?site={other.id}").text
