"""`/cases` and what is entered on a client's page: what waits, until when, and how it is decided with a reason."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.infrastructure.deciding import (
    CONSULTANT,
    LI,
    MANAGER,
    WANG,
    ZHENG,
    outcome,
    send_form,
    text,
)
from tests.infrastructure.visiting import enrol, plain, post, visitor
from tests.sending import StandingClock
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow
from worker.gateways.base import Inbound
from worker.line.door import PROGRAM, Entry, accept, enter
from worker.proof.audit import audit_site
from worker.proof.scratch import scratch_database
from worker.runtime import Runtime
from worker.store.database import snapshot
from worker.store.schema import claims, follow_ups, inbox, sites


@pytest.fixture
def service(site: SiteRow, app: Flask) -> FlaskClient:
    return visitor(app, "service")


CLIENT = "/register/1/3/0"
"""The page of 张三."""


@pytest.fixture
def disputed(runtime: Runtime, site: SiteRow, manager: FlaskClient, clock: StandingClock) -> None:
    """张三 is sold on the second of November, and 贝壳 objects."""
    send_form(manager, f"{CLIENT}/payments", "d", ref="R1", what="deposit")
    clock.move(hours=1)
    text(runtime, site, WANG, "异议 R1 上月由我带看")
    send_form(manager, f"{CLIENT}/payments", "f", ref="R1", what="downpayment")


def case(client: FlaskClient, ref: str) -> str:
    """Return the words of a case."""
    found = re.search(rf'id="case-{ref}".*?</article>', client.get("/cases").text, re.DOTALL)
    assert found, ref
    return plain(found[0])


def last_form(runtime: Runtime) -> str:
    with runtime.engine.connect() as connection:
        query = select(inbox.c.text).where(inbox.c.kind == "form").order_by(inbox.c.seq.desc())
        return str(connection.execute(query).scalars().first())


def state_of(runtime: Runtime, number: int) -> str:
    with runtime.engine.connect() as connection:
        return str(connection.execute(select(claims.c.state).where(claims.c.number == number)).scalar_one())


def test_where_nothing_waits_it_says_so(manager: FlaskClient) -> None:
    assert "没有待判客" in manager.get("/cases").text


def test_however_many_names_come_for_one_number_the_page_stays_small_and_shows_the_others(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, WANG, "报备 何健 139****0001\n报备 张健 138****0001")
    text(runtime, site, LI, "报备 吕布 139****0001")
    for i in range(22):
        names = (f"{surname}{('伟国', '建军')[i % 2]}" for surname in "赵钱孙李周")
        clients = "\n".join(f"{name}{'甲乙丙丁戊己庚辛壬癸子'[i // 2]} 138****5678" for name in names)
        text(runtime, site, f"+86139000009{i:02d}", f"报备\n{clients}\n{('贝壳', '链家')[i // 2 % 2]}")
    html = manager.get("/cases").text
    assert len(html) < 40_000
    assert 'id="case-R4"' in html, "another client's case"
    assert len(re.findall(r'id="case-R', html)) == 1 + 3
    assert "另有 107 组同号待判定" in html
    with runtime.engine.connect() as connection:
        kept = connection.execute(select(claims.c.rivals)).scalars().all()
    assert max(len(rivals) for rivals in kept) == 5
    judged = re.findall(r'id="case-(R\d+)"', html)[1]
    send_form(manager, "/cases/1/judgements", "j", ref=judged, answer="duplicate", reason="同一人")
    assert "另有 106 组同号待判定" in manager.get("/cases").text


def test_a_suspected_client_is_settled_with_a_reason(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    text(runtime, site, WANG, "报备 何健 138****5678")
    words = case(manager, "R2")
    assert "先报备 张三 138****5678 R1 · 李四 · 链家 收到 12:00:00" in words
    assert "后报备 何健 138****5678 R2 · 王五 · 贝壳 收到 13:00:00" in words
    assert "还剩 7 天 0 小时 至 11-9 13:00" in words
    judged = send_form(manager, "/cases/1/judgements", "j", ref="R2", answer="duplicate", reason="同一人，名字写错")
    assert outcome(judged).startswith("已裁定")
    assert last_form(runtime) == "判 R2 重复 同一人，名字写错"
    assert state_of(runtime, 2) == "displaced"
    assert "没有待判客" in judged.text


def test_both_sides_of_every_case_stand_beside_each_other_with_their_texts(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, WANG, "报备 何健 138****5678")
    text(runtime, site, LI, "到访 张三 138****5679")
    words = case(manager, "R2")
    assert "R1 · 李四 · 链家 收到 12:00:00 报备 张三 138****5678 来信第 3 位" in words
    assert "R2 · 王五 · 贝壳 收到 13:00:00 报备 何健 138****5678 来信第 4 位" in words
    form = case(manager, "V1")
    assert "报备 张三 138****5678 李四 · 链家 · 收到 12:00:00 报备 张三 138****5678" in form
    assert "张三 138****5679 李四 · 链家 · 到场 13:00:00 到访 张三 138****5679" in form
    with runtime.engine.begin() as connection:
        connection.execute(update(claims).where(claims.c.number == 2).values(rivals=[]))
    assert "先报备 已不存在。 后报备 何健" in case(manager, "R2")


def test_a_contested_order_is_settled_with_both_times_in_view(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, clock: StandingClock
) -> None:
    sent = clock.now - timedelta(hours=2)
    accept(runtime.engine, Inbound("sandbox", "late", WANG, site.number, "报备 张三 138****5678", sent), clock)
    decide_site(runtime.engine, site.id)
    words = case(manager, "R2")
    assert "现持有 张三 138****5678 R1 · 李四 · 链家 收到 12:00:00" in words
    assert "迟到的短信 张三 138****5678 R2 · 王五 · 贝壳 收到 13:00:00 · 发送 11:00:00" in words
    send_form(manager, "/cases/1/judgements", "j", ref="R2", answer="valid", reason="运营商延误")
    assert (state_of(runtime, 1), state_of(runtime, 2)) == ("displaced", "live")


def test_a_claim_that_only_a_jumped_clock_ended_is_settled_where_that_is_said(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, clock: StandingClock
) -> None:
    inbound = Inbound("sandbox", "then", WANG, site.number, "报备 张三 138****5678")
    accept(runtime.engine, inbound, lambda: clock.now + timedelta(days=10), believed=clock.now)
    decide_site(runtime.engine, site.id)
    assert "先后有争议：按跳快的时钟曾到期" in manager.get("/cases").text
    assert "先报备 张三 138****5678 R1 · 李四 · 链家 收到 12:00:00" in case(manager, "R2")
    send_form(manager, "/cases/1/judgements", "j", ref="R2", answer="duplicate", reason="时钟有误")
    assert (state_of(runtime, 1), state_of(runtime, 2)) == ("live", "displaced")


def test_a_visit_that_does_not_match_is_cured_by_written_proof(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, LI, "到访 张三 138****5679")
    words = case(manager, "V1")
    assert "不一致：电话 R1 · 李四 · 链家" in words
    assert "未签：置业顾问, 经理" in words
    assert "还剩 11 小时 0 分 至 11-2 24:00" in words
    judged = send_form(manager, "/cases/1/judgements", "j", ref="V1", answer="valid", reason="客户签字书面证明")
    assert outcome(judged).startswith("已裁定")
    assert "没有待判客" in judged.text


@pytest.mark.usefixtures("disputed")
def test_a_dispute_is_decided_after_both_sides_papers_and_an_opinion(
    runtime: Runtime, manager: FlaskClient, service: FlaskClient
) -> None:
    words = case(manager, "D1")
    assert "异议期 还剩 5 天 10 小时 至 11-7 24:00" in words
    assert "材料期 还剩 3 天 10 小时 至 11-5 24:00" in words
    assert "裁定前归属：链家 · 李四" in words
    assert "异议方 王五 · 贝壳 上月由我带看 暂无材料" in words
    calls = {"unit": "贝壳", "kind": "通话记录", "words": "王五 11-1"}
    assert outcome(send_form(service, "/cases/1/papers", "p", ref="D1", **calls)).startswith("材料已收")
    assert last_form(runtime) == "材料 D1 贝壳 通话记录 王五 11-1"
    send_form(service, "/cases/1/papers", "q", ref="D1", unit="链家", kind="短信", words="约看房")
    words = case(service, "D1")
    assert "客服意见 还剩 3 天 10 小时" in words
    assert "持有方 李四 · 链家 短信 约看房 14:00:00" in words
    send_form(service, "/cases/1/opinions", "o", ref="D1", words="支持链家")
    assert "支持链家" in case(manager, "D1")
    ruled = send_form(manager, "/cases/1/rulings", "r", ref="D1", unit="贝壳", reason="通话记录在先")
    assert outcome(ruled).startswith("争议裁定 双方均已收到通知")
    assert "已裁定：贝壳 · 王五" in case(manager, "D1")
    page = plain(manager.get(CLIENT).text)
    assert "客户归属 现在 贝壳 · 王五" in page
    assert "裁定归 王五 · 贝壳" in page


@pytest.mark.usefixtures("disputed")
def test_who_decides_and_who_advises(manager: FlaskClient, service: FlaskClient, app: Flask, runtime: Runtime) -> None:
    paths = ("/cases/1/rulings", "/cases/1/papers", "/cases/1/opinions")
    assert [path in manager.get("/cases").text for path in paths] == [True, False, False]
    assert [path in service.get("/cases").text for path in paths] == [False, True, True]
    assert send_form(service, "/cases/1/rulings", "r", ref="D1", unit="贝壳").status_code == 403
    assert visitor(app, "consultant").get("/cases").status_code == 403
    enrol(runtime, "unbound", "manager")
    assert 'name="entry"' not in visitor(app, "unbound").get("/cases").text


@pytest.mark.usefixtures("disputed")
def test_a_deadline_that_is_over_is_shown_as_over(runtime: Runtime, clock: StandingClock) -> None:
    send_form(visitor(create_app(runtime), "service"), "/cases/1/papers", "p", ref="D1", unit="贝壳", kind="短信")
    clock.move(days=3, hours=11)
    assert "材料期 已截止 至 11-5 24:00" in case(visitor(create_app(runtime), "manager"), "D1")


def test_a_sale_stands_open_to_objections_until_the_end_of_their_window(
    manager: FlaskClient, clock: StandingClock, runtime: Runtime
) -> None:
    send_form(manager, f"{CLIENT}/payments", "d", ref="R1", what="deposit", day="2026-11-02", unit="链家")
    assert last_form(runtime) == "定金 R1 2026-11-02 链家"
    page = plain(manager.get("/cases").text)
    assert "张三 138****5678 · R1 · 李四 · 链家 异议期 还剩 5 天 11 小时 至 11-7 24:00" in page
    clock.move(days=6)
    assert "R1" not in plain(visitor(create_app(runtime), "manager").get("/cases").text)


def test_the_cases_change_by_themselves(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    before = manager.get("/cases/1/waiting?seed=x")
    mark = {"If-None-Match": before.headers["ETag"]}
    assert manager.get("/cases/1/waiting?seed=x", headers=mark).status_code == 304
    text(runtime, site, WANG, "报备 何健 138****5678")
    assert "何健" in manager.get("/cases/1/waiting?seed=x", headers=mark).text
    assert manager.get("/cases/2/waiting").status_code == 404


ACTS = {
    "relatives": ({"other": "R2", "relation": "夫妻", "proof": "结婚证"}, "亲属关联", "亲属 R1 R2 夫妻 结婚证"),
    "corrections": ({"phone": "139****1111", "proof": "短信"}, "已更正", "更正 R1 139****1111 短信"),
    "withdrawals": ({"reason": "客户不买了"}, "已撤回", "撤 R1 客户不买了"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_manager_enters_on_a_clients_page(runtime: Runtime, site: SiteRow, manager: FlaskClient, act: str) -> None:
    text(runtime, site, WANG, "报备 李梅 139****5678")
    fields, said, entered = ACTS[act]
    answer = send_form(manager, f"{CLIENT}/{act}", "a", ref="R1", **fields)
    assert outcome(answer).startswith(said)
    assert last_form(runtime) == entered


def test_a_consultant_records_contacts_and_nothing_else(app: Flask, runtime: Runtime, manager: FlaskClient) -> None:
    consultant = visitor(app, "consultant")
    page = consultant.get(CLIENT).text
    assert "/contacts" in page
    assert "/withdrawals" not in page
    answer = send_form(consultant, f"{CLIENT}/contacts", "c", ref="R1", words="电话沟通，周末再来")
    assert outcome(answer).startswith("已跟进")
    assert "电话沟通，周末再来" in answer.text
    assert "/contacts" not in manager.get(CLIENT).text


def test_the_clients_page_shows_visits_with_their_signatures(
    runtime: Runtime, site: SiteRow, manager: FlaskClient, clock: StandingClock
) -> None:
    for phone, words in ((LI, "到访 张三 138****5678"), (CONSULTANT, "签 V1"), (MANAGER, "签 V1")):
        text(runtime, site, phone, words)
    page = plain(manager.get(CLIENT).text)
    assert "V1 2026-11-02 13:00 业务员带访 已确认" in page
    assert "业务员 13:00:00 李四 · 短信签 置业顾问 13:00:00 consultant · 短信签 经理 13:00:00 manager · 短信签" in page
    assert "R13 业务员、顾问、负责人均已签字" in page
    rows = plain(manager.get("/register?q=R1").text)
    assert "张三 138****5678 R1 已到访 7 天 0 小时" in rows
    clock.move(days=3)
    text(runtime, site, LI, "跟进 R1 电话沟通")
    contacted = visitor(create_app(runtime), "manager").get("/register?q=R1").text
    assert "7 天 0 小时" in contacted
    assert 'rect width="100.0"' in contacted
    clock.move(days=8)
    late = visitor(create_app(runtime), "manager")
    assert "张三 138****5678 R1 保护已失效 李四" in plain(late.get("/register?q=R1").text)


@pytest.mark.usefixtures("disputed")
def test_what_silence_decides_stands_with_the_decided(runtime: Runtime, clock: StandingClock) -> None:
    clock.move(days=3, hours=11)
    manager = visitor(create_app(runtime), "manager")
    words = plain(manager.get("/cases").text)
    assert words.index("最近裁定 1") < words.index("D1 张三")
    assert "已裁定：链家 · 李四 R20" in case(manager, "D1")
    assert "/cases/1/rulings" not in manager.get("/cases").text


def test_a_reason_that_names_another_client_settles_nobody_else(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, WANG, "报备 李梅 138****5678")
    text(runtime, site, ZHENG, "报备 陈静 138****5678")
    reason = "陈静 138****5678 与本案无关，R3 有效"
    judged = send_form(manager, "/cases/1/judgements", "j", ref="R2", answer="duplicate", reason=reason)
    assert outcome(judged).startswith("已裁定")
    assert last_form(runtime) == f"判 R2 重复 {reason}"
    assert (state_of(runtime, 2), state_of(runtime, 3)) == ("displaced", "suspected")
    send_form(manager, "/cases/1/judgements", "k", ref="R3", answer="valid", reason="重复？不，是两个人")
    assert state_of(runtime, 3) == "live"


def test_a_proof_may_quote_the_old_number(runtime: Runtime, manager: FlaskClient) -> None:
    proof = {"phone": "139****1111", "proof": "客户签字，原号138****5678，见R9"}
    assert outcome(send_form(manager, f"{CLIENT}/corrections", "c", ref="R1", **proof)).startswith("已更正")
    with runtime.engine.connect() as connection:
        assert connection.execute(select(claims.c.first3, claims.c.last4)).one() == ("139", "1111")


def test_a_contact_that_names_another_number_is_one_contact(runtime: Runtime, site: SiteRow, app: Flask) -> None:
    text(runtime, site, LI, "报备 李梅 139****5678")
    consultant = visitor(app, "consultant")
    words = "与R2李梅 139****5678 同来，问什么时候交房？"
    assert outcome(send_form(consultant, f"{CLIENT}/contacts", "c", ref="R1", words=words)).startswith("已跟进")
    with runtime.engine.connect() as connection:
        assert connection.execute(select(follow_ups.c.number, follow_ups.c.words)).all() == [(1, words)]


@pytest.mark.usefixtures("disputed")
def test_a_ruling_is_for_the_side_that_was_chosen_whatever_its_reason_says(manager: FlaskClient) -> None:
    ruled = send_form(
        manager, "/cases/1/rulings", "r", ref="D1", unit="现场", reason="链家 与贝壳都无带看记录，R1 138****5678"
    )
    assert outcome(ruled).startswith("争议裁定")
    assert "已裁定：案场自有" in case(manager, "D1")


def test_a_form_of_before_is_read_by_its_sentence(runtime: Runtime, site: SiteRow) -> None:
    enter(runtime.engine, site.id, Entry("form", PROGRAM, "form:1:old", MANAGER, "撤 R1"), runtime.line_clock)
    decide_site(runtime.engine, site.id)
    assert state_of(runtime, 1) == "withdrawn"


def test_the_line_with_entries_can_be_audited(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    send_form(manager, f"{CLIENT}/withdrawals", "w", ref="R1", reason="客户不买了，R2 138****5678 另议")
    enter(runtime.engine, site.id, Entry("form", PROGRAM, "form:1:old", MANAGER, "撤 R1 又一次"), runtime.line_clock)
    decide_site(runtime.engine, site.id)
    with snapshot(runtime.engine) as source, scratch_database() as scratch:
        row = source.execute(select(sites)).one()
        assert audit_site(source, scratch, row).faults == ()


def fields_of(answer: TestResponse, form: str) -> dict[str, str]:
    """Return what the fields of a form hold, by name."""
    html = next(f for f in re.findall(r"<form.*?</form>", answer.text, re.DOTALL) if f'{form}"' in f)
    held = dict(re.findall(r'<input class="field"[^>]* name="(\w+)"[^>]* value="([^"]*)"', html))
    for name, options in re.findall(r'<select class="field"[^>]* name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        held[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return held


def faults_of(answer: TestResponse) -> list[str]:
    """Return what is said to be wrong beside the fields of a page."""
    return re.findall(r'class="field-fault[^>]*id="f-([^"]+)-fault"[^>]*>([^<]+)<', answer.text)


def test_what_is_typed_wrong_is_told_beside_its_field_and_stays(runtime: Runtime, manager: FlaskClient) -> None:
    before = last_form(runtime)
    typed = {"phone": "1391111", "proof": ""}
    answer = send_form(manager, f"{CLIENT}/corrections", "c", ref="R1", **(typed | {"phone": "139****111"}))
    assert answer.status_code == 422
    assert faults_of(answer) == [("phone", "请写前3后4位，如138****5678。"), ("proof", "请写明凭什么证明。")]
    assert fields_of(answer, "-correct")["phone"] == "139****111"
    assert last_form(runtime) == before


def test_what_a_decision_refuses_is_told_beside_its_field_and_stays(runtime: Runtime, manager: FlaskClient) -> None:
    paid = {"what": "downpayment", "day": "2026-11-03", "unit": "链家"}
    answer = send_form(manager, f"{CLIENT}/payments", "p", ref="R1", **paid)
    assert faults_of(answer) == [("day", "这一天还没到。")]
    assert fields_of(answer, "-pay") == paid
    answer = send_form(manager, f"{CLIENT}/payments", "q", ref="R1", what="deposit", unit="中原")
    assert faults_of(answer) == [("unit", "案场名单上没有这个单位。")]
    again = send_form(manager, f"{CLIENT}/relatives", "r", ref="R1", other="R1", relation="母女", proof="户口本")
    assert faults_of(again) == [("other", "请写另一位客户。")]
    assert fields_of(again, "-relate") == {"other": "R1", "relation": "母女", "proof": "户口本"}


@pytest.mark.usefixtures("disputed")
def test_a_case_keeps_what_was_typed_into_its_own_form_alone(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, ZHENG, "报备 何健 138****5678")
    answer = send_form(manager, "/cases/1/rulings", "r", ref="D1", unit="", reason="通话记录在先")
    assert faults_of(answer) == [("rule-D1-unit", "请选择客户归谁。")]
    assert fields_of(answer, "-rule-D1")["reason"] == "通话记录在先"
    assert fields_of(answer, "-settle-R2") == {"reason": ""}
    assert "every 5s" not in answer.text


def test_a_form_names_the_agent_who_was_typed_and_both_sides_of_what_differs(app: Flask, manager: FlaskClient) -> None:
    consultant = visitor(app, "consultant")
    arrival = {"client": "张三", "phone": "138****5678", "agent": "王五", "time": "12:45"}
    assert outcome(send_form(consultant, "/desk/1/arrivals", "a", **arrival)).startswith("信息不一致 V1")
    both = "业务员或单位 到访写 王五 · 报备为 李四 · 链家"
    assert both in case(manager, "V1")
    assert both in plain(manager.get(CLIENT).text)
    letter = plain(manager.get("/desk/1/forms/1").text)
    assert letter.count(both) == 2
    assert letter.count("业务员 王五 ") == 2
    assert LI not in letter
    assert "张三 138****5678 王五 报备为 李四 · 链家 V1 R1" in plain(manager.get("/desk/1/log").text)


def test_both_numbers_of_a_visit_that_does_not_match_are_shown(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    text(runtime, site, LI, "到访 张三 138****5679")
    both = "电话 到访写 138****5679 · 报备为 138****5678"
    assert both in case(manager, "V1")
    assert plain(manager.get("/desk/1/forms/1").text).count(both) == 2


def timeline(client: FlaskClient) -> list[str]:
    """Return what the page of 张三 says that happened, the oldest first: time, title and words of each."""
    steps = re.findall(r'<li class="step [^"]*">(.*?)</li>', client.get(CLIENT).text, re.DOTALL)
    return [plain(step).strip() for step in reversed(steps)]


@pytest.mark.usefixtures("disputed")
def test_the_story_has_every_fact_with_its_own_time(
    manager: FlaskClient, service: FlaskClient, clock: StandingClock
) -> None:
    clock.move(minutes=1)
    send_form(service, "/cases/1/papers", "p", ref="D1", unit="贝壳", kind="通话记录", words="王五 11-1")
    clock.move(minutes=1)
    send_form(service, "/cases/1/papers", "q", ref="D1", unit="链家", kind="短信", words="约看房")
    clock.move(minutes=1)
    send_form(service, "/cases/1/opinions", "o", ref="D1", words="支持链家")
    clock.move(minutes=1)
    send_form(manager, "/cases/1/rulings", "r", ref="D1", unit="贝壳", reason="通话记录在先")
    assert timeline(manager) == [
        "12:00:00 报备 链家（李四）报备张三，登记为R1",
        "13:00:00 成交 定金，付清日2026-11-02，成交单位链家（李四）",
        "14:00:00 争议 贝壳（王五）提出异议D1（上月由我带看）",
        "14:00:00 成交 首付，付清日2026-11-02，成交单位链家（李四）",
        "14:01:00 争议 D1收到贝壳材料：通话记录（王五 2026-11-01）",
        "14:02:00 争议 D1收到链家材料：短信（约看房）",
        "14:03:00 争议 D1客服意见：支持链家",
        "14:04:00 争议 D1案场裁定归贝壳（王五）（通话记录在先）",
    ]


def test_an_own_arrival_is_confirmed_by_two_signatures_at_the_time_of_the_last(
    app: Flask, manager: FlaskClient, clock: StandingClock
) -> None:
    consultant = visitor(app, "consultant")
    alone = {"client": "张三", "phone": "138****5678", "agent": "李四", "how": "alone"}
    assert outcome(send_form(consultant, "/desk/1/arrivals", "a", **alone)).startswith("自行到访 V1")
    clock.move(minutes=20)
    send_form(manager, "/desk/1/signatures", "s", forms="V1")
    assert timeline(manager)[1:] == [
        "13:00:00 到访 客户自访，开单V1，到访2026-11-02 13:00:00，归链家（李四）",
        "13:20:00 到访 V1置业顾问、案场经理双方签字，确认",
    ]


def test_a_withdrawal_is_told_with_its_reason(manager: FlaskClient, clock: StandingClock) -> None:
    send_form(manager, f"{CLIENT}/withdrawals", "w", ref="R1", reason="客户不买了")
    assert timeline(manager)[-1] == "13:00:00 报备终止 R1（链家（李四））撤回（客户不买了）"


def test_a_corrected_number_is_the_number_everywhere_with_the_old_one_as_alias(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    send_form(manager, f"{CLIENT}/corrections", "c", ref="R1", phone="139****1111", proof="客户签字书面证明")
    page = plain(manager.get(CLIENT).text)
    assert "张三 139****1111 报备时为 138****5678" in page
    assert "客户归属 现在 链家 · 李四" in page
    assert timeline(manager) == [
        "12:00:00 报备 链家（李四）报备张三，登记为R1",
        "13:00:00 更正 R1号码由138****5678更正为139****1111（客户签字书面证明）",
    ]
    for typed in ("1111", "139****1111", "5678", "138****5678", "R1"):
        for more in ("", "&status=live"):
            rows = plain(manager.get(f"/register?q={typed}{more}").text)
            assert "张三 139****1111 原 138****5678 R1" in rows, (typed, more)
        assert "张三" in manager.get("/desk/1/found", query_string={"q": typed}).text, typed
    exported = post(manager, "/register/1/export/csv", q="1111").data.decode("utf-8-sig")
    assert "139****1111" in exported
    assert "138****5678" not in exported
    text(runtime, site, LI, "报备 李梅 138****5678")
    assert "139****1111" not in plain(manager.get("/register?q=李梅").text)


def test_a_number_that_is_put_right_and_back_again_is_no_further_one(manager: FlaskClient) -> None:
    for key, number in (("c", "139****1111"), ("d", "138****5678")):
        send_form(manager, f"{CLIENT}/corrections", key, ref="R1", phone=number, proof="客户签字书面证明")
    rows = plain(manager.get("/register?q=1111").text)
    assert "张三 138****5678 R1" in rows
    assert "原 138****5678" not in rows
