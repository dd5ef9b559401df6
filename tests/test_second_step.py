"""The second step: acts that cannot be undone show what will happen and ask once more (L9)."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.infrastructure.addresses import rules
from tests.infrastructure.deciding import (
    CONSULTANT,
    LI,
    MANAGER,
    WANG,
    outcome,
    text,
)
from tests.infrastructure.visiting import hidden_fields, plain, post, token_of, visitor
from tests.sending import add_reply
from worker.decide.set_up import SiteRow
from worker.line.door import Entry, enter
from worker.runtime import Runtime
from worker.store.schema import inbox, replies

CLIENT = "/register/1/3/0"
WITHDRAW = {"entry": "w", "ref": "R1", "reason": "客户不买了"}


def main_words(html: str) -> str:
    return plain(html[html.index("<main") :]).strip()


def entries(runtime: Runtime) -> int:
    with runtime.engine.connect() as connection:
        return int(connection.execute(select(func.count()).where(inbox.c.kind == "form")).scalar_one())


def sure(client: FlaskClient, asked: TestResponse) -> TestResponse:
    return client.post(asked.request.path, data=hidden_fields(asked.text), follow_redirects=True)


def test_withdrawing_shows_what_will_happen_and_does_nothing_yet(runtime: Runtime, manager: FlaskClient) -> None:
    asked = post(manager, f"{CLIENT}/withdrawals", **WITHDRAW)
    assert asked.status_code == 200
    assert main_words(asked.text) == (
        "撤回 R1 将会发生什么 张三 138****5678 · R1 现在 链家 · 李四 · 有效至 11-9 12:00 之后 无人，公共资源 "
        "录入内容 撤 R1 客户不买了 "
        "将短信告知 李四 · 链家 +86139****0011 案场已撤回您的报备：张三138****5678(R1) "
        "此操作不可撤销。 确定 返回，不作改动"
    )
    assert entries(runtime) == 0
    assert outcome(sure(manager, asked)).startswith("已撤回")
    with runtime.engine.connect() as connection:
        told = connection.execute(
            select(replies.c.recipient, replies.c.words).where(replies.c.code == "withdrawn")
        ).one()
    assert (told.recipient, told.words) == (LI, "案场已撤回您的报备：张三138****5678(R1)")


def test_it_speaks_the_language_of_the_page_and_quotes_texts_as_they_go_out(manager: FlaskClient) -> None:
    manager.set_cookie("language", "en")
    asked = main_words(post(manager, f"{CLIENT}/withdrawals", **WITHDRAW).text)
    assert asked.startswith(
        "Withdraw R1 What will happen 张三 138****5678 · R1 now 链家 · 李四 · until 11-9 12:00 then"
    )
    assert "案场已撤回您的报备：张三138****5678(R1)" in asked
    assert asked.endswith("This cannot be undone. Yes, do it Go back, change nothing")


def test_a_reason_that_is_blank_is_said_beside_its_field(runtime: Runtime, manager: FlaskClient) -> None:
    answer = post(manager, f"{CLIENT}/withdrawals", **WITHDRAW | {"reason": "  "})
    assert answer.status_code == 422
    assert re.search(r'id="f-reason-fault" role="alert">请写明理由', answer.text)
    assert entries(runtime) == 0


def test_going_back_keeps_what_was_typed(runtime: Runtime, manager: FlaskClient) -> None:
    asked = post(manager, f"{CLIENT}/withdrawals", **WITHDRAW)
    back = manager.post(asked.request.path, data=hidden_fields(asked.text) | {"step": "back"})
    assert back.status_code == 200
    assert 'value="客户不买了"' in back.text
    assert "<h1>张三" in back.text
    assert entries(runtime) == 0


def test_a_double_click_does_it_once_and_shows_the_outcome_twice(runtime: Runtime, manager: FlaskClient) -> None:
    asked = post(manager, f"{CLIENT}/withdrawals", **WITHDRAW)
    first, second = sure(manager, asked), sure(manager, asked)
    assert outcome(first) == outcome(second) != ""
    assert entries(runtime) == 1


def test_what_has_changed_meanwhile_is_shown_anew(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    asked = post(manager, f"{CLIENT}/payments", entry="p", ref="R1", what="deposit")
    assert "现在 链家 · 李四 · 有效至 11-9 12:00 之后 链家 · 李四 录入" in main_words(asked.text)
    for phone, words in ((LI, "到访 张三 138****5678"), (CONSULTANT, "签 V1"), (MANAGER, "签 V1")):
        text(runtime, site, phone, words)
    anew = sure(manager, asked)
    assert "期间情况有变" in anew.text
    assert entries(runtime) == 0
    assert outcome(sure(manager, anew)).startswith("成交登记")


def test_what_was_not_shown_is_not_done(runtime: Runtime, manager: FlaskClient) -> None:
    for seen in ("", "0" * 64, "确定"):
        assert "确定" in post(manager, f"{CLIENT}/withdrawals", **WITHDRAW, seen=seen).text
    assert entries(runtime) == 0


def test_a_number_typed_in_full_is_masked_on_its_way_through_the_browser(manager: FlaskClient) -> None:
    asked = post(manager, f"{CLIENT}/corrections", entry="c", ref="R1", phone="13912341111", proof="短信")
    assert "13912341111" not in asked.text
    assert "张三 139****1111 · 链家 · 李四" in main_words(asked.text)


def test_what_would_be_refused_is_refused_without_a_question(manager: FlaskClient) -> None:
    answer = post(manager, f"{CLIENT}/withdrawals", **WITHDRAW | {"ref": "R99"})
    assert answer.status_code == 303


def test_of_the_services_answers_only_no_is_asked_about(
    app: Flask, runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    service, form = visitor(app, "service"), {"phone": "138****5678", "how": "alone"}
    manager.post("/desk/1/arrivals", data=form | {"token": token_of(manager), "entry": "a", "client": "张三"})
    assert "未建立联系" in main_words(post(service, "/desk/1/checks", entry="v", form="V1", answer="no").text)
    assert post(service, "/desk/1/checks", entry="w", form="V1", answer="yes").status_code == 303


def test_a_ruling_shows_both_sides(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    text(runtime, site, WANG, "异议 R1 上月由我带看")
    asked = main_words(post(manager, "/cases/1/rulings", entry="r", ref="D1", unit="贝壳", reason="通话记录在先").text)
    assert asked.startswith("裁定 D1 归贝壳")
    assert "现在 链家 · 李四" in asked
    assert "之后 贝壳 · 王五" in asked
    assert asked.index("李四 · 链家 +86139****0011") < asked.index("王五 · 贝壳 +86139****0021")


def test_giving_to_a_colleague_and_giving_more_days_show_who_is_told(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    lines = [
        {"name": name, "phone": f"+8613900000{n}", "unit": "链家"} for name, n in (("周涛", "014"), ("周涛", "015"))
    ]
    enter(runtime.engine, site.id, Entry("roster", "program", "more", "", payload={"people": lines}), runtime.clock)
    text(runtime, site, LI, "我的")
    shown = manager.get(CLIENT).text
    assert re.findall(r'<option value="(周涛 \d+|李四[^"]*)"', shown) == ["周涛 0014", "周涛 0015"]
    asked = post(manager, f"{CLIENT}/handovers", entry="h", ref="R1", agent="周涛 0015")
    words = main_words(asked.text)
    assert words.startswith("把 R1 转交 周涛 0015")
    assert "现在 链家 · 李四 · 有效至 11-9 12:00 之后 链家 · 周涛 · 有效至 11-9 12:00" in words
    assert words.index("李四 · 链家 +86139****0011") < words.index("周涛 · 链家 +86139****0015")
    assert outcome(sure(manager, asked)).startswith("已转交")
    over = post(manager, f"{CLIENT}/extensions", entry="f", ref="R1", days="8", why="客户出差")
    assert 'id="f-days-fault"' in manager.get(over.location).text
    asked = post(manager, f"{CLIENT}/extensions", entry="e", ref="R1", days="7", why="客户出差")
    assert "之后 链家 · 周涛 · 有效至 11-16 12:00 · 已延期" in main_words(asked.text)
    assert outcome(sure(manager, asked)).startswith("已延期")
    assert "/extensions" not in manager.get(CLIENT).text, "more days are given once"


def test_an_arrival_is_taken_at_its_word_as_by_text(site: SiteRow, app: Flask) -> None:
    consultant, form = visitor(app, "consultant"), {"client": "张三", "phone": "138****5678", "agent": "李四"}
    early = consultant.post(
        "/desk/1/arrivals", data=form | {"token": token_of(consultant), "entry": "a", "time": "11:30"}
    )
    assert early.status_code == 303


def test_a_text_goes_out_again_or_counts_as_sent_only_after_its_words_were_shown(
    runtime: Runtime, site: SiteRow, manager: FlaskClient
) -> None:
    doubtful = add_reply(runtime.engine, site.id, "R1已登记", cause="m:9", state="unknown", error_code="lease")
    for act, said in (("resend", "再发送一次这条短信"), ("settle", "记为这条短信已送达")):
        asked = post(manager, f"/ops/sites/{site.id}/replies/{doubtful}/{act}", next="/ops/texts/1/3")
        assert main_words(asked.text).startswith(said)
        assert "短信内容 R1已登记" in main_words(asked.text)
        back = manager.post(asked.request.path, data=hidden_fields(asked.text) | {"step": "back"})
        assert back.location == "/ops/texts/1/3"
    with runtime.engine.connect() as connection:
        assert connection.execute(select(replies.c.state).where(replies.c.id == doubtful)).scalar_one() == "unknown"
    assert sure(manager, asked).status_code == 200
    with runtime.engine.connect() as connection:
        assert connection.execute(select(replies.c.state).where(replies.c.id == doubtful)).scalar_one() == "sent"
    assert post(manager, f"/ops/sites/{site.id}/replies/{doubtful}/settle").status_code == 303, "it has gone on"


def test_every_login_ends_only_after_all_were_shown(app: Flask, manager: FlaskClient) -> None:
    asked = post(manager, "/account/end")
    other = visitor(app, "manager")
    anew = sure(manager, asked)
    assert "期间情况有变" in main_words(anew.text)
    assert anew.text.count("已登录") == 2
    assert sure(manager, anew).request.path == "/login"
    assert other.get("/account").status_code == 303


ASKED = {
    *("unsign", "verify", "settle", "rule", "pay", "relate", "correct", "hand", "extend", "withdraw"),
    *("ops_acts.resend", "ops_acts.settle", "ops_acts.mend", "ops_acts.resume", "accounts.end_everywhere"),
    *(
        "setup_gateways.add",
        "setup_gateways.renew",
        "setup_gateways.remove",
        "setup_gateways.let_in",
        "setup_gateways.shut_out",
    ),
    *("setup_site.change", "setup_policy.change"),
    *("people_end.end", "setup_staff.remove", "setup_users.link", "setup_users.off", "setup_users.remove"),
}
"""Endpoints that ask once more, of `enter` by the entry's name."""
NOT_ASKED = {
    "people.add": "it can be ended or changed",
    "people.change": "it can be changed back",
    "setup_staff.add": "it can be taken away",
    "setup_staff.change": "it can be changed back",
    "setup_staff.move": "it asks for the password already",
    "setup_users.add": "it can be removed",
    "setup_users.rights": "it can be changed back",
    "setup_users.phone": "it asks for the password already",
    "setup_users.logins": "one logs in again",
    "people_files.take": "it reads",
    "people_import.preview": "it reads",
    "people_import.carry_out": "its preview was the question",
    "arrive": "it is taken at its word, as by text",
    "sign": "the signer may take it back",
    "group": "it reports",
    "paper": "it adds to what is told",
    "opine": "it adds to what is told",
    "follow": "it adds to what is told",
    "check": "it confirms what stands",
    "account_security.end_login": "one logs in again",
    "account_security.take_code": "it asks for a code already",
    "accounts.login": "it begins something",
    "accounts.logout": "one logs in again",
    "accounts.accept": "it begins something",
    "accounts.change_password": "it asks for the password already",
    "accounts.remove_code": "it asks for password and code already",
    "closings.open_for_another": "it gives something back",
    "closings.open_own": "it gives something back",
    "desk.find": "it reads",
    "desk.found": "it reads",
    "register.search": "it reads",
    "texts.search": "it reads",
    "own_texts.send_test": "it goes to oneself alone",
    "own_texts.choose_alerts": "it is chosen again",
    "phones.news": "it reads",
    "phones.add": "it shows one more",
    "exports.take": "it reads",
    "gateways.refuse": "it is no page",
    "phone_doors.enter": "it is no page",
    "ops_acts.backfill": "what is compared already changes nothing",
    "ops_acts.requeue": "a job may run any number of times",
    "phones.send": "it is a text",
    "setup_gateways.try_out": "it is chosen again",
    "setup_site.add": "it begins something",
    "preferences.choose": "it is chosen again",
}


def test_of_every_form_it_is_written_down_whether_it_asks_once_more(app: Flask) -> None:
    posts = {rule.endpoint.removeprefix("enter.") for rule in rules(app) if "POST" in (rule.methods or ())}
    assert posts == ASKED | NOT_ASKED.keys()
    assert not ASKED & NOT_ASKED.keys()
