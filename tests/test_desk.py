"""`/desk`: whatever is entered there is a text in the line, once; who is here is found, his form opened and signed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.deciding import (
    CONSULTANT,
    LI,
    MANAGER,
    SERVICE,
    WANG,
    deciding,
    outcome,
    send_form,
    staffed_site,
    text,
)
from tests.infrastructure.serving import runtime_of
from tests.infrastructure.visiting import enrol, plain, token_of, visitor
from tests.sending import StandingClock
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow
from worker.line.door import PROGRAM, Entry, enter
from worker.runtime import Runtime
from worker.store.schema import inbox, replies, visits


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> Iterator[SiteRow]:
    site = staffed_site(runtime, clock)
    for name, role, phone in (
        ("经理", "manager", MANAGER),
        ("顾问", "consultant", CONSULTANT),
        ("客服", "service", SERVICE),
    ):
        enrol(runtime, name, role, phone=phone)
    text(runtime, site, LI, "报备 张三 138****5678")
    clock.move(hours=2)
    with deciding(runtime):
        yield site


@pytest.fixture
def app(runtime: Runtime, site: SiteRow) -> Flask:
    return create_app(runtime)


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    return visitor(app, "经理")


@pytest.fixture
def consultant(app: Flask) -> FlaskClient:
    return visitor(app, "顾问")


@pytest.fixture
def service(app: Flask) -> FlaskClient:
    return visitor(app, "客服")


ZHANG = {"client": "张三", "phone": "138****5678", "agent": "李四"}


def forms(runtime: Runtime) -> list[str]:
    """Return the texts of all entries, as the line keeps them."""
    with runtime.engine.connect() as connection:
        query = select(inbox.c.text).where(inbox.c.kind == "form").order_by(inbox.c.seq)
        return list(connection.execute(query).scalars())


def test_an_arrival_that_is_entered_is_a_text_in_the_line(runtime: Runtime, consultant: FlaskClient) -> None:
    answer = send_form(consultant, "/desk/1/arrivals", "a", **ZHANG, time="13:45")
    assert outcome(answer) == "到访开单 V1 当日有效：各方须在24:00前签字。 到访 张三 138****5678 李四 13:45"
    assert forms(runtime) == ["到访 张三 138****5678 李四 13:45"]
    page = plain(answer.text)
    assert "13:45 张三 138****5678 V1 · 李四 · 链家" in page
    assert "业务员 待签" in page
    assert "顾问 14:00:00 顾问" in page


def test_a_form_is_entered_once_however_often_it_is_sent(runtime: Runtime, consultant: FlaskClient) -> None:
    first = send_form(consultant, "/desk/1/arrivals", "a", **ZHANG)
    again = send_form(consultant, "/desk/1/arrivals", "a", **ZHANG)
    assert outcome(first) == outcome(again) != ""
    assert len(forms(runtime)) == 1
    # Another form, and another's form with the same id, are others.
    send_form(consultant, "/desk/1/arrivals", "b", **ZHANG)
    assert len(forms(runtime)) == 2


def test_the_same_id_from_another_user_is_another_form(
    runtime: Runtime, manager: FlaskClient, consultant: FlaskClient
) -> None:
    send_form(consultant, "/desk/1/arrivals", "a", **ZHANG)
    shown = send_form(manager, "/desk/1/signatures", "a", forms="V1")
    assert outcome(shown).startswith("已签字")
    assert len(forms(runtime)) == 2


def test_every_page_gives_its_forms_ids_of_their_own(manager: FlaskClient) -> None:
    def ids() -> set[str]:
        return set(re.findall(r'name="entry" value="([^"]+)"', manager.get("/desk").text))

    first, second = ids(), ids()
    assert first
    assert not first & second


def test_a_visit_is_opened_and_signed_by_all_three(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, consultant: FlaskClient
) -> None:
    text(runtime, site, LI, "到访 张三 138****5678")
    assert "顾问 待签" in plain(consultant.get("/desk").text)
    assert outcome(send_form(consultant, "/desk/1/signatures", "s", forms="V1")).startswith("已签字")
    assert outcome(send_form(manager, "/desk/1/signatures", "s", forms="V1")).startswith("到访确认")
    page = plain(manager.get("/desk").text)
    # L7: of the three only the agent's came by text, from a number that may be forged.
    assert page.count("短信签") == 1
    assert "已确认" in page
    assert "待签" not in page
    with runtime.engine.connect() as connection:
        assert connection.execute(select(visits.c.state)).scalar_one() == "confirmed"
        told = connection.execute(select(replies.c.recipient).where(replies.c.code == "visit_confirmed")).scalars()
        assert set(told) == {LI}


def test_all_that_waits_for_one_is_signed_with_one_tap(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, clock: StandingClock
) -> None:
    text(runtime, site, WANG, "报备 李梅 139****5678")
    clock.move(hours=1)
    text(runtime, site, WANG, "到访 李梅 139****5678")
    text(runtime, site, LI, "到访 张三 138****5678")
    page = manager.get("/desk").text
    assert "全部签字（2 张）" in page
    named = re.search(r'name="forms" value="(V\d V\d)"', page)
    assert named
    assert outcome(send_form(manager, "/desk/1/signatures", "s", forms=named[1])).startswith("已签字")
    assert "全部签字" not in manager.get("/desk").text


def test_however_many_are_signed_at_once_each_is_named_whole(runtime: Runtime, manager: FlaskClient) -> None:
    many = " ".join(f"V{number}" for number in range(1_000, 1_060))
    send_form(manager, "/desk/1/signatures", "s", forms=many)
    assert forms(runtime) == [f"签 {many}"]


def test_the_arrivals_change_by_themselves(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    before = manager.get("/desk/1/arrivals?seed=x")
    mark = {"If-None-Match": before.headers["ETag"]}
    assert manager.get("/desk/1/arrivals?seed=x", headers=mark).status_code == 304
    text(runtime, site, LI, "到访 张三 138****5678")
    after = manager.get("/desk/1/arrivals?seed=x", headers=mark)
    assert "张三" in after.text


def test_who_came_alone_and_names_nobody_is_checked_by_service(
    runtime: Runtime, consultant: FlaskClient, manager: FlaskClient, service: FlaskClient
) -> None:
    alone = {"client": "张三", "phone": "138****5678", "how": "alone"}
    assert outcome(send_form(consultant, "/desk/1/arrivals", "a", **alone)).startswith("待客服核实 V1")
    assert "有联系" in service.get("/desk").text
    assert "有联系" not in manager.get("/desk").text
    assert outcome(send_form(service, "/desk/1/checks", "v", form="V1", answer="yes")).startswith(
        "自行到访 归属报备单位"
    )
    assert forms(runtime) == ["自访 张三 138****5678", "核实 V1 是"]


def test_a_group_is_reported_line_by_line(runtime: Runtime, manager: FlaskClient) -> None:
    clients = "赵敏 150****1111\r\n钱伟 151****2222"
    answer = send_form(manager, "/desk/1/groups", "g", agent="郑丽", clients=clients)
    assert outcome(answer).startswith("团报成功 R2 R3")
    assert forms(runtime) == ["团报 郑丽\n赵敏 150****1111\n钱伟 151****2222"]


@pytest.mark.parametrize(
    ("typed", "clients"),
    [("5678", ["张三", "李梅"]), ("张", ["张三", "张伟"]), ("138****5678", ["张三"]), ("R2", ["李梅"]), ("%", [])],
)
def test_a_live_report_is_found_by_digits_name_or_number(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, typed: str, clients: list[str]
) -> None:
    for words in ("报备 李梅 139****5678", "报备 张伟 150****1234"):
        text(runtime, site, WANG, words)
    rows = manager.get("/desk/1/found", query_string={"q": typed}).text
    assert sorted(re.findall(r"<b>(\w+)</b>", rows)) == sorted(clients)


def test_one_that_fits_fills_the_form_in(manager: FlaskClient, clock: StandingClock, runtime: Runtime) -> None:
    page = manager.get("/desk?q=5678", follow_redirects=True).text
    for name, value in (("client", "张三"), ("phone", "138****5678"), ("agent", "李四")):
        assert re.search(rf'name="{name}" type="text" value="{re.escape(value)}"', page), name
    clock.move(days=8)
    late = visitor(create_app(runtime), "经理")
    assert "没有符合“5678”的有效报备" in late.get("/desk?q=5678").text


@pytest.mark.parametrize("said", ["王五", "我是王五", "我是贝壳的王五", "ww", "这是王五"])
def test_an_agent_who_says_who_he_is_finds_his_clients(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, said: str
) -> None:
    for words in ("报备 李梅 139****5678", "报备 张伟 150****1234"):
        text(runtime, site, WANG, words)
    rows = manager.get("/desk/1/found", query_string={"q": said}).text
    assert sorted(re.findall(r"<b>(\w+)</b>", rows)) == ["张伟", "李梅"]
    page = manager.get("/desk", query_string={"q": f"我是{said.removeprefix('我是')}"}, follow_redirects=True).text
    assert 'name="client" type="text" value=""' in page
    assert re.search(r'name="agent" type="text" value="[^"]+"', page)


def test_an_expired_report_is_shown_as_such_unless_another_holds_its_client(
    runtime: Runtime, site: SiteRow, app: Flask, clock: StandingClock
) -> None:
    clock.move(days=8)
    late = visitor(app, "经理")
    page = late.get("/desk?q=5678").text
    assert "已过期：按此到访不算任何业务员的客户 张三 138****5678 R1 李四 · 链家 11-9 12:00 到期" in plain(page)
    assert 'value="李四"' not in page, "nobody's form is filled in by it"
    assert "R1 11-9 12:00 到期" in plain(late.get("/desk?claim=1").text)
    text(runtime, site, WANG, "报备 张三 138****5678")
    assert "已过期" not in late.get("/desk/1/found?q=5678").text


def test_the_desk_names_its_site_and_keeps_the_hand_in_the_search(manager: FlaskClient) -> None:
    def held(page: str) -> bool:
        return "autofocus" in re.findall(r'<input[^>]* id="q"[^>]*>', page, re.DOTALL)[0]

    page = manager.get("/desk").text
    assert re.search(r"<h1>前台接待 <span[^>]*>翡翠湾</span></h1>", page)
    assert 'href="#open"' in page
    arrived = send_form(manager, "/desk/1/arrivals", "a", client="张三", phone="138****5678", agent="李四")
    assert (held(page), held(arrived.text), held(manager.get("/desk?claim=1").text)) == (True, True, False)
    refused = send_form(manager, "/desk/1/arrivals", "b", client="", phone="138****5678", agent="李四")
    assert not held(refused.text)


def test_a_whole_number_is_taken_out_of_the_address(manager: FlaskClient) -> None:
    answer = manager.get("/desk?q=13912345678")
    assert answer.status_code == 303
    assert "13912345678" not in answer.location + manager.get(answer.location).text


def test_a_whole_number_in_a_form_is_masked_before_it_is_kept(runtime: Runtime, consultant: FlaskClient) -> None:
    send_form(consultant, "/desk/1/arrivals", "a", client="张三", phone="13812345678", agent="李四")
    assert "13812345678" not in forms(runtime)[0]
    assert "到访开单" in consultant.get("/desk?done=a").text


def test_what_is_refused_says_why(consultant: FlaskClient) -> None:
    wrong = {"client": "张三", "phone": "138****5678", "agent": "李四", "time": "23:59"}
    assert outcome(send_form(consultant, "/desk/1/arrivals", "a", **wrong)).startswith(
        "已过时限 时限已过，或日期不是今天。"
    )
    assert outcome(send_form(consultant, "/desk/1/signatures", "s", forms="V9")).startswith("未找到")


def test_who_is_bound_to_no_phone_looks_and_does_not_act(runtime: Runtime, app: Flask) -> None:
    enrol(runtime, "unbound", "manager")
    client = visitor(app, "unbound")
    page = client.get("/desk").text
    assert "baobei user add" in page
    assert 'name="entry"' not in page
    answer = client.post("/desk/1/signatures", data={"token": token_of(client), "entry": "s", "forms": "V1"})
    assert answer.status_code == 409
    assert forms(runtime) == []


def test_who_is_no_staff_of_the_site_is_told_so(runtime: Runtime, app: Flask) -> None:
    enrol(runtime, "elsewhere", "manager", phone="+8613800000077")
    client = visitor(app, "elsewhere")
    page = client.get("/desk").text
    assert "baobei staff add" in page
    assert 'name="entry"' not in page


def test_undecided_entries_show_their_place_and_then_their_outcome(
    tmp_path: Path, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.page_door.PATIENCE_S", 0.01)
    runtime = runtime_of(tmp_path, database_url, redis_url)
    site = staffed_site(runtime)
    text(runtime, site, LI, "报备 张三 138****5678")
    enrol(runtime, "顾问", "consultant", phone=CONSULTANT)
    client = visitor(create_app(runtime), "顾问")
    answer = send_form(client, "/desk/1/arrivals", "a", **ZHANG)
    assert outcome(answer).startswith("已排队，第 4 位")
    assert 'hx-trigger="every 1s"' in answer.text
    text(runtime, site, LI, "查 张三 138****5678")
    assert "到访开单" in client.get("/entries?done=a").text
    assert client.get("/entries?done=b").status_code == 404
    runtime.close()


def test_the_log_and_the_letter_carry_what_the_regime_asks_for(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, consultant: FlaskClient, clock: StandingClock
) -> None:
    text(runtime, site, LI, "到访 张三 138****5678")
    send_form(consultant, "/desk/1/signatures", "s", forms="V1")
    log = plain(manager.get("/desk/1/log").text)
    assert "1 14:00 张三 138****5678 李四 +8613900000011 链家 V1 R1" in log
    letter = plain(manager.get("/desk/1/forms/1").text)
    for copy in ("开发商联", "分销联"):
        assert copy in letter
    assert letter.count("到场时间 2026-11-02 14:00") == 2
    assert letter.count("顾问 顾问 +86138****0002 14:00:00") == 2
    assert letter.count("未签字") == 2
    assert manager.get("/desk/1/forms/9").status_code == 404
    clock.move(days=1)
    later = visitor(create_app(runtime), "经理")
    assert "张三" not in later.get("/desk/1/log").text
    assert "作废" in later.get("/desk/1/log?day=2026-11-02").text
    assert later.get("/desk/1/log?day=yesterday").status_code == 200


def test_another_site_is_nobodys_business(runtime: Runtime, manager: FlaskClient) -> None:
    for path in ("/desk/2/arrivals", "/desk/2/found", "/desk/2/log", "/desk/2/forms/1"):
        assert manager.get(path).status_code == 404, path
    assert send_form(manager, "/desk/2/signatures", "s", forms="V1").status_code == 404


def expected(client: FlaskClient, **query: str) -> str:
    """Return the words of the panel of who is expected, as the desk shows it and as it renews itself."""
    page = client.get("/desk", query_string=query).text
    whole = re.search(r'<section class="panel desk-expected".*?</section>', page, re.DOTALL)
    assert whole
    again = client.get("/desk/1/expected")
    assert again.status_code == 200
    assert again.text.strip() in whole[0]
    return plain(whole[0]).strip()


def test_who_is_expected_today_stands_on_the_desk_by_his_time(
    runtime: Runtime, site: SiteRow, clock: StandingClock, consultant: FlaskClient
) -> None:
    assert expected(consultant) == "今日预计到访 0 今天没有预约到访的客户。"
    text(runtime, site, LI, "报备 周洋 177****3604 今天18:30到")
    text(runtime, site, WANG, "报备 钱伟 151****2222 今天到访")
    text(runtime, site, WANG, "报备 赵敏 150****1111 今天下午到")
    text(runtime, site, LI, "报备 林海 199****8815 明天下午3点到")
    text(runtime, site, LI, "报备 张三 138****5678 今天14:30到")
    assert expected(consultant) == (
        "今日预计到访 4 4 组未到 下午 赵敏 150****1111 R4 王五 · 贝壳 14:30 张三 138****5678 R1 李四 · 链家 "
        "18:30 周洋 177****3604 R2 李四 · 链家 全天 钱伟 151****2222 R3 王五 · 贝壳"
    )
    form = Entry("form", PROGRAM, "form:1:given-up", MANAGER, "撤 R3 不来了")
    enter(runtime.engine, site.id, form, runtime.line_clock)
    decide_site(runtime.engine, site.id, clock=runtime.clock)
    send_form(consultant, "/desk/1/arrivals", "a", client="赵敏", phone="150****1111", agent="王五")
    clock.move(hours=1)
    shown = expected(consultant)
    assert "今日预计到访 3 2 组未到" in shown
    assert "R4 王五 · 贝壳 已到 14:00 V1" in shown
    assert "R1 李四 · 链家 已过时间" in shown
    assert "钱伟" not in shown


def test_who_is_expected_is_a_tap_away_from_his_form(runtime: Runtime, site: SiteRow, consultant: FlaskClient) -> None:
    text(runtime, site, LI, "报备 周洋 177****3604 今天18:30到")
    link = re.search(r'<a class="expected-item[^>]* href="([^"]+)"', consultant.get("/desk").text)
    assert link
    form = consultant.get(link[1].replace("&amp;", "&")).text
    assert 'value="周洋"' in form
    assert 'value="177****3604"' in form


def test_the_desk_speaks_of_who_is_expected_in_english_too(
    runtime: Runtime, site: SiteRow, consultant: FlaskClient
) -> None:
    text(runtime, site, LI, "报备 周洋 177****3604 今天晚上到访")
    consultant.post("/preferences", data={"token": token_of(consultant), "language": "en", "next": "/desk"})
    assert expected(consultant) == "Expected today 1 1 not here yet evening 周洋 177****3604 R2 李四 · 链家"


def faults_of(page: str) -> list[tuple[str, str]]:
    """Return what is said to be wrong beside the fields of a page."""
    return re.findall(r'class="field-fault[^>]*id="f-([^"]+)-fault"[^>]*>([^<]+)<', page)


def held(page: str, name: str) -> str:
    """Return what a field of a page holds."""
    found = re.search(rf'name="{name}" type="\w+" value="([^"]*)"', page)
    assert found
    return found[1]


def test_an_arrival_that_is_typed_wrong_says_where_and_keeps_what_was_typed(
    runtime: Runtime, consultant: FlaskClient
) -> None:
    typed = {"client": "张三", "phone": "138****567", "agent": "李四", "time": "13:45", "how": "alone"}
    answer = send_form(consultant, "/desk/1/arrivals", "a", **typed)
    assert answer.status_code == 422
    assert faults_of(answer.text) == [("phone", "请写前3后4位，如138****5678。")]
    assert [held(answer.text, name) for name in ("client", "phone", "agent", "time")] == list(typed.values())[:4]
    assert re.search(r'value="alone" checked', answer.text)
    assert forms(runtime) == []


def test_an_arrival_that_is_still_to_come_says_so_beside_its_time(consultant: FlaskClient) -> None:
    answer = send_form(consultant, "/desk/1/arrivals", "a", **ZHANG, time="23:59")
    assert faults_of(answer.text) == [("time", "到场时间还没到。")]
    assert [held(answer.text, name) for name in ("client", "agent", "time")] == ["张三", "李四", "23:59"]


def test_a_group_says_what_is_wrong_with_which_line(runtime: Runtime, manager: FlaskClient) -> None:
    answer = send_form(manager, "/desk/1/groups", "g", agent="郑丽", clients="赵敏 150****1111\r\n钱伟")
    assert faults_of(answer.text) == [("clients", "第2行：请写姓名和电话，如张三 138****5678。")]
    assert ">赵敏 150****1111\r\n钱伟</textarea>" in answer.text
    assert forms(runtime) == []
    answer = send_form(manager, "/desk/1/groups", "h", agent="郑丽", clients="赵敏 150****1111")
    assert faults_of(answer.text) == [("clients", "团报须两组以上。")]
    assert ">赵敏 150****1111</textarea>" in answer.text
    answer = send_form(manager, "/desk/1/groups", "i", agent="李四", clients="赵敏 150****1111\n钱伟 151****2222")
    assert faults_of(answer.text) == [("agent", "请写公司业务部的业务员。")]
    clients = "赵敏 150****1111\n钱伟 151****2222 郑丽"
    answer = send_form(manager, "/desk/1/groups", "j", agent="李四", clients=clients)
    assert "钱伟 151****2222 郑丽" in answer.text


def test_a_client_who_is_called_like_a_command_is_a_client(runtime: Runtime, consultant: FlaskClient) -> None:
    """What is typed into a field is that field's, whatever a sentence would make of it."""
    typed = {"client": "安明天", "phone": "139****5678", "agent": "R1 链家是不是", "how": "led"}
    assert outcome(send_form(consultant, "/desk/1/arrivals", "a", **typed)).startswith("现场客")
    with runtime.engine.connect() as connection:
        assert connection.execute(select(visits.c.client, visits.c.first3)).all() == [("安明天", "139")]
