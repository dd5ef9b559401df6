"""`/setup/gateways`: a phone is added, let in by a person, taken in place of another, shut out; who may do so."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from tests.fake_phone import FakePhone
from tests.infrastructure.deciding import MANAGER
from tests.infrastructure.serving import SITE_NUMBER
from tests.infrastructure.visiting import enrol, hidden_fields, plain, post, post_for_sure, visitor
from tests.sending import AGENT, NOON, StandingClock, add_reply
from webhook.app import create_app
from worker.alerts.alarms import alarms
from worker.decide.set_up import SiteRow, all_sites, open_site
from worker.gateways.base import Inbound, Stopped
from worker.line.canaries import ask_due, to_send, ways_of
from worker.line.door import accept
from worker.outbox.fetch import fetch
from worker.outbox.recall import give_up_recalled
from worker.outbox.stops import stop
from worker.phones.approvals import phones_of
from worker.phones.gateways import added_gateways, let_carry
from worker.runtime import Runtime
from worker.store.schema import acts, phones
from worker.store.states import PhoneState

OTHER_NUMBER = "+8613800000009"
CARD = {"slot": 0, "sim_number": 1, "number": "**********0000", "carrier": "中国移动", "iccid": "****************1234"}
PAGE = "/setup/gateways"


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> SiteRow:
    return open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox", clock=clock)


@pytest.fixture
def app(runtime: Runtime, site: SiteRow) -> Flask:
    return create_app(runtime, kept_s=0)


@pytest.fixture
def ops(app: Flask, runtime: Runtime) -> FlaskClient:
    enrol(runtime, "ops", "ops")
    return visitor(app, "ops")


def registered(runtime: Runtime, phone: str, gateway: str = "desk", **fields: object) -> None:
    """Have a phone as one that has registered by its app."""
    row = {"id": phone, "gateway": gateway, "name": f"Xiaomi/{phone}", "state": PhoneState.WAITING, "token": phone * 9}
    row |= {"sims": [CARD], "address": "203.0.113.7", "app": "1.68.0", "registered_at": NOON, "seen_at": NOON}
    with runtime.engine.begin() as connection:
        connection.execute(insert(phones).values(row | fields))


def said_of(runtime: Runtime, **fields: object) -> None:
    """Have the phones say something else of themselves."""
    with runtime.engine.begin() as connection:
        connection.execute(update(phones).values(fields))


def raised(runtime: Runtime) -> list[str]:
    return [alarm.code for alarm in alarms(runtime.engine, runtime.clock()) if "phone" in alarm.code]


def carried(
    client: FlaskClient, method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, bytes]:
    """Carry a phone's request to us."""
    answer = client.open(url, method=method, headers=headers, data=body)
    return answer.status_code, answer.data


def test_a_phone_is_added_registers_and_is_let_in(
    app: Flask, runtime: Runtime, site: SiteRow, ops: FlaskClient
) -> None:
    told = post(ops, PAGE, name="Desk", site=str(site.id))
    assert told.status_code == 200
    words = plain(told.text)
    assert "/gateways/desk/phone" in words
    assert told.text.count("<svg") >= 2
    token = re.findall(r"<code[^>]*>([^<]{20,})</code>", told.text)[1]
    again = ops.get(PAGE).text
    assert token not in again, "it is shown once"
    assert "尚无手机" in again
    assert all_sites(runtime.engine)[0].gateway == "desk"
    phone = FakePhone(partial(carried, app.test_client()), runtime.clock)
    phone.sims = [
        {"slotIndex": 0, "simNumber": 1, "phoneNumber": "*****0000", "carrierName": "****", "iccid": "***1234"}
    ]
    assert phone.register("/gateways/desk/phone", token) == 201
    news = re.search(rf'hx-get="({PAGE}/waiting[^"]*)"', again)
    assert news
    assert "有手机登记" in ops.get(news[1]).text
    page = ops.get(PAGE).text
    shown = re.search(rf'hx-get="({PAGE}/waiting[^"]*)"', page)
    assert shown
    assert ops.get(shown[1]).text.strip() == "", "the page shows it"
    waiting = plain(page)
    assert "等待批准" in waiting
    assert "来自 127.0.0.1" in waiting
    assert "SMSGate 1.68.0" in waiting
    assert "卡 1 …0000 · 卡号 …1234" in waiting
    assert raised(runtime) == ["phone_waits"]
    nothing = post(ops, f"{PAGE}/desk/phones/{phone.device_id}/approve")
    assert (nothing.status_code, "至少一张" in nothing.text) == (422, True)
    done = post(ops, f"{PAGE}/desk/phones/{phone.device_id}/approve", **{"sim-1": str(site.id)})
    assert done.status_code == 303, "it takes nothing from anybody"
    (known,) = phones_of(runtime.engine, "desk")
    assert (known.state, known.sites, known.approved_by) == (PhoneState.APPROVED, {1: "翡翠湾"}, "ops")
    assert raised(runtime) == []
    assert "desk 正常" in plain(ops.get(PAGE).text)


@pytest.fixture
def desk(runtime: Runtime, site: SiteRow, ops: FlaskClient) -> Iterator[FlaskClient]:
    """Phone a of the gateway desk is approved for the site."""
    post(ops, PAGE, name="desk", site=str(site.id))
    registered(runtime, "a")
    post(ops, f"{PAGE}/desk/phones/a/approve", **{"sim-1": str(site.id)})
    return ops


def test_a_phone_in_place_of_another_is_asked_about_and_ends_it(
    runtime: Runtime, site: SiteRow, desk: FlaskClient
) -> None:
    registered(runtime, "b")
    asked = post(desk, f"{PAGE}/desk/phones/b/approve", **{"sim-1": str(site.id)})
    assert "翡翠湾 现在 Xiaomi/a 之后 Xiaomi/b" in plain(asked.text)
    assert {each.id: each.state for each in phones_of(runtime.engine)}["b"] == PhoneState.WAITING
    back = desk.post(asked.request.path, data=hidden_fields(asked.text) | {"step": "back"})
    assert back.location == PAGE
    desk.post(asked.request.path, data=hidden_fields(asked.text))
    assert {each.id: each.state for each in phones_of(runtime.engine)} == {
        "a": PhoneState.ENDED,
        "b": PhoneState.APPROVED,
    }
    assert "已停用的手机" in desk.get(PAGE).text


def test_a_phone_beside_another_is_asked_about_and_ends_nothing(
    runtime: Runtime, site: SiteRow, desk: FlaskClient
) -> None:
    registered(runtime, "b")
    asked = post(desk, f"{PAGE}/desk/phones/b/approve", **{"sim-1": str(site.id), "how": "beside"})
    assert "翡翠湾 现在 Xiaomi/a 之后 Xiaomi/a和Xiaomi/b" in plain(asked.text)
    desk.post(asked.request.path, data=hidden_fields(asked.text))
    assert {each.id: each.sites for each in phones_of(runtime.engine)} == {"a": {1: "翡翠湾"}, "b": {1: "翡翠湾"}}
    again = post(desk, f"{PAGE}/desk/phones/b/approve", **{"sim-1": str(site.id), "how": "beside"})
    assert again.status_code == 303, "it takes nothing from anybody"


def test_shutting_out_and_a_new_token_are_asked_about(runtime: Runtime, desk: FlaskClient) -> None:
    asked = post(desk, f"{PAGE}/desk/phones/a/end")
    assert "翡翠湾 的回复一直等到另一部手机获批准" in plain(asked.text)
    desk.post(asked.request.path, data=hidden_fields(asked.text))
    assert [each.state for each in phones_of(runtime.engine)] == [PhoneState.ENDED]
    assert post(desk, f"{PAGE}/desk/phones/a/end").status_code in (200, 303)
    told = post_for_sure(desk, f"{PAGE}/desk/token")
    assert "请现在填入手机" in told.text
    with runtime.engine.connect() as connection:
        done = connection.execute(select(acts.c.what).order_by(acts.c.id)).scalars().all()
    assert [each for each in done if each.startswith(("gateway", "phone", "site_"))] == [
        *("gateway_added", "site_gateway", "phone_approved", "phone_ended", "gateway_token")
    ]


def test_a_site_that_another_gateway_carries_is_taken_from_it_only_after_that_was_shown(
    runtime: Runtime, site: SiteRow, desk: FlaskClient
) -> None:
    asked = post(desk, PAGE, name="second", site=str(site.id))
    assert "翡翠湾 现在 短信由 desk 收发 之后 由 second 收发" in plain(asked.text)
    assert all_sites(runtime.engine)[0].gateway == "desk"
    assert "请现在填入手机" in desk.post(PAGE, data=hidden_fields(asked.text)).text
    assert all_sites(runtime.engine)[0].gateway == "second"
    idle = plain(desk.get(PAGE).text)
    assert "desk 尚无手机" in idle
    assert "Xiaomi/a 没有案场的号码" in idle
    taken = post(desk, PAGE, name="second")
    assert (taken.status_code, "已被占用" in taken.text) == (422, True)
    assert "小写字母" in post(desk, PAGE, name="二号").text


def test_a_manager_looks_after_gateways_of_his_site_alone(
    app: Flask, runtime: Runtime, site: SiteRow, desk: FlaskClient, clock: StandingClock
) -> None:
    other = open_site(runtime.engine, "云栖府", OTHER_NUMBER, {"manager": [MANAGER]}, "sandbox", clock=clock)
    enrol(runtime, "own", "manager", site_id=site.id)
    enrol(runtime, "foreign", "manager", site_id=other.id)
    enrol(runtime, "guide", "consultant")
    own, foreign = visitor(app, "own"), visitor(app, "foreign")
    assert "Xiaomi/a" in own.get(PAGE).text
    assert "desk" not in plain(foreign.get(PAGE).text).split("添加手机")[0]
    assert visitor(app, "guide").get(PAGE).status_code == 403
    for path in ("token", "canary", "phones/a/end", "phones/a/approve"):
        assert post(foreign, f"{PAGE}/desk/{path}").status_code == 404, path
    assert post(own, f"{PAGE}/desk/phones/a/approve", **{"sim-1": str(other.id)}).status_code == 404
    assert post(foreign, PAGE, name="mine").status_code == 422, "only for his own site"
    assert post(foreign, PAGE, name="mine", site=str(other.id)).status_code == 200


def test_what_is_wrong_with_a_phone_is_an_alarm_and_stands_on_the_page(
    runtime: Runtime, desk: FlaskClient, clock: StandingClock
) -> None:
    clock.move(minutes=4)
    assert raised(runtime) == []
    clock.move(minutes=2)
    assert raised(runtime) == ["phone_silent"]
    assert "Xiaomi/a 失去联系已 6" in plain(desk.get(PAGE).text)
    said_of(runtime, seen_at=clock(), sims=[CARD | {"number": "+8613800000000", "iccid": "89860012345678901234"}])
    assert raised(runtime) == [], "the same card, which the app tells without a mask when it starts"
    said_of(runtime, sims=[CARD | {"number": None, "carrier": None}])
    assert raised(runtime) == [], "what it does not tell says nothing"
    said_of(runtime, app="1.66.0", sims=[CARD | {"iccid": "89860012345678909999"}])
    assert raised(runtime) == ["phone_sim_changed", "phone_app_too_old"]
    said_of(runtime, app="1.62.0")
    assert raised(runtime) == ["phone_sim_changed", "phone_app_too_old"], "every version with a fault that is known"
    said_of(runtime, app="1.66.0")
    words = plain(desk.get("/ops").text)
    assert "desk 翡翠湾 需要查看 Xiaomi/a 与批准时不是同一张卡" in words
    words = plain(desk.get(PAGE).text)
    assert "与批准时不是同一张卡" in words
    assert "同一人第二次发相同内容时永远收不到" in words
    assert "1.66.2" in words
    with runtime.engine.begin() as connection:
        stop(connection, "desk", "", Stopped("NO_SERVICE", "no service"), clock())
    assert re.search("desk 翡翠湾 已停 .*自 12:0", plain(desk.get("/ops").text))
    found = [alarm for alarm in alarms(runtime.engine, clock()) if "phone" in alarm.code]
    assert "SIM 1" in found[0].sentence
    assert "9999" not in found[0].sentence
    assert found[0].detail == {"site": 1, "gateway": "desk", "phone": "a"}, "its site's manager is told"


def test_trial_texts_are_turned_on_for_numbers_of_ones_own_and_off(
    runtime: Runtime, site: SiteRow, desk: FlaskClient, clock: StandingClock
) -> None:
    foreign = post(desk, f"{PAGE}/desk/canary", every="60", recipient="+8613911112222")
    assert (foreign.status_code, ways_of(runtime.engine)) == (422, {})
    assert post(desk, f"{PAGE}/desk/canary", every="5").status_code == 400
    assert post(desk, f"{PAGE}/desk/canary", every="60", recipient=SITE_NUMBER).status_code == 303
    assert ways_of(runtime.engine) == {"desk": (60, SITE_NUMBER)}
    ask_due(runtime.engine, clock())
    to_send(runtime.engine, [site.id], clock())
    said_of(runtime, seen_at=clock() + timedelta(minutes=10))
    clock.move(minutes=10)
    assert "试发短信未返回" in plain(desk.get(PAGE).text)
    post(desk, f"{PAGE}/desk/canary", every="")
    assert ways_of(runtime.engine) == {}


def test_the_page_is_there_in_english_too(desk: FlaskClient) -> None:
    desk.set_cookie("language", "en")
    words = plain(desk.get(PAGE).text)
    assert "A phone in ten steps" in words
    assert "desk well" in words


def test_a_gateway_whose_replies_wait_is_not_well(
    runtime: Runtime, site: SiteRow, ops: FlaskClient, clock: StandingClock
) -> None:
    add_reply(runtime.engine, site.id, "撤回R3？回483915确认", cause="m:2", created_at=clock.now)
    assert "sandbox 正常" in plain(ops.get(PAGE).text)
    clock.move(minutes=6)
    assert "sandbox 需要查看" in plain(ops.get(PAGE).text)


def test_what_goes_through_a_phone_is_seen_by_whoever_looks_after_it_also_from_the_trial_phones(
    app: Flask, runtime: Runtime, site: SiteRow, desk: FlaskClient, clock: StandingClock
) -> None:
    accept(runtime.engine, Inbound("desk", "m1", AGENT, SITE_NUMBER, "报备 张三 13812345678"), clock)
    add_reply(runtime.engine, site.id, "撤回R3？回483915确认", cause="m:2")
    words = plain(desk.get(f"{PAGE}/desk/texts").text)
    assert "报备 张三 138▒▒▒▒5678" in words
    assert "待发 撤回R3" in words
    assert AGENT not in words
    assert f"{PAGE}/desk/texts" in desk.get("/phones").text
    assert "desk" not in app.test_client().get("/phones").text
    assert app.test_client().get(f"{PAGE}/desk/texts").status_code == 303


def test_a_gateway_is_removed_once_no_site_goes_by_it(runtime: Runtime, site: SiteRow, desk: FlaskClient) -> None:
    add_reply(runtime.engine, site.id)
    fetch(runtime.engine, "a", {1: site.id}, NOON)
    refused = post_for_sure(desk, f"{PAGE}/desk/remove")
    assert (refused.status_code, "的短信经 desk 收发" in plain(refused.text)) == (422, True)
    let_carry(runtime.engine, "sandbox", site.id, None, NOON)
    held = post_for_sure(desk, f"{PAGE}/desk/remove")
    assert (held.status_code, "最后的回复" in plain(held.text)) == (422, True)
    give_up_recalled(runtime.engine, NOON + timedelta(minutes=6))
    assert post_for_sure(desk, f"{PAGE}/desk/remove").status_code == 303
    assert (phones_of(runtime.engine), [each.name for each in added_gateways(runtime.engine)]) == ([], [])
    with runtime.engine.connect() as connection:
        assert "gateway_removed" in connection.execute(select(acts.c.what)).scalars().all()
