"""`/phones`: what is typed on a phone goes through the real edge, and what comes back is shown on the right phone."""

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.infrastructure.serving import SITE_NUMBER, TWILIO, client_of, open_line, runtime_of, spool_away
from webhook.codes import CODES, words_of
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put
from worker.gateways.base import Inbound
from worker.line.door import NotDurableError
from worker.outbox.courier import Courier
from worker.processes.feeder import feeder_of
from worker.runtime import Runtime
from worker.store.schema import inbox
from worker.words.render import catalogue

LI, WANG, STRANGER = "+8613900000011", "+8613900000021", "+8613900000099"
MANAGER, CONSULTANT = "+8613800000001", "+8613800000002"
REPORT = "报备 张三 138****5678"


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    """A site with a manager, a consultant, and two agents of two units."""
    staff = {"manager": [MANAGER], "consultant": [CONSULTANT]}
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, staff, "sandbox")
    enlist(
        runtime, site, {"name": "李四", "phone": LI, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}
    )
    return site


def enlist(runtime: Runtime, site: SiteRow, *people: dict[str, str]) -> None:
    put(runtime.engine, site, "roster", {"people": [{"kind": "distributor"} | person for person in people]})


def work(runtime: Runtime, site: SiteRow) -> None:
    """Do what the decider and the sender do."""
    decide_site(runtime.engine, site.id)
    Courier(runtime.engine, runtime.gateways, lambda: datetime.now(UTC)).drain()


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', client.get("/phones").text)
    assert found
    return found[1]


def send(client: FlaskClient, site: SiteRow, sender: str, text: str, **headers: str) -> TestResponse:
    form = {"token": token_of(client), "sender": sender, "text": text}
    return client.post(f"/phones/{site.id}/texts", data=form, headers={"HX-Request": "true"} | headers)


def add(client: FlaskClient, site: SiteRow, number: str) -> TestResponse:
    return client.post("/phones", data={"token": token_of(client), "site": str(site.id), "other": number})


BUBBLE = re.compile(
    r'<div class="text (?P<side>mine|theirs)[^>]*?data-day="(?P<day>[^"]*)"(?P<done> data-done)?>.*?'
    r'<p class="words">(?P<words>.*?)</p>.*?datetime="(?P<at>[^"]+)">(?P<time>[^<]+)<',
    re.DOTALL,
)
PLACE = re.compile(
    r'<li class="entry tone-(?P<tone>\w+)".*?entry-words">(?P<words>.*?)</span>.*?entry-ref">(?P<ref>.*?)</span>.*?'
    r'entry-who">(?P<who>.*?)</span>.*?<time[^>]*>(?P<time>[^<]+)<',
    re.DOTALL,
)
THREAD = re.compile(
    r'<div class="thread" id="phone-(?P<phone>\d+)-thread".*?(?=<div class="thread"|<section|\Z)', re.DOTALL
)


def news(client: FlaskClient, site: SiteRow, *shown: str) -> TestResponse:
    # As the page asks: no number stands in an address (L14).
    answer = client.post(f"/phones/{site.id}/news", data={"token": token_of(client), "sender": list(shown)})
    assert answer.status_code == 200
    return answer


def bubbles(client: FlaskClient, site: SiteRow, *shown: str) -> list[dict[str, Any]]:
    """Return what the news show on all phones, in the order of the page."""
    return [
        {"phone": f"+{thread['phone']}", "mine": each["side"] == "mine", "done": bool(each["done"])}
        | {"words": html.unescape(each["words"]), "at": each["at"], "time": each["time"], "day": each["day"]}
        for thread in THREAD.finditer(news(client, site, *shown).text)
        for each in BUBBLE.finditer(thread[0])
    ]


def places(client: FlaskClient, site: SiteRow) -> list[dict[str, str]]:
    return [each.groupdict() for each in PLACE.finditer(news(client, site).text)]


def texts_of(client: FlaskClient, site: SiteRow, phone: str) -> list[tuple[bool, str]]:
    return [(b["mine"], b["words"]) for b in bubbles(client, site) if b["phone"] == phone]


def section_of(client: FlaskClient, phone: str, path: str = "/phones") -> str:
    found = re.search(rf'<section[^>]*data-phone="\{phone}".*?</section>', client.get(path).text, re.DOTALL)
    assert found, f"{phone} is not shown"
    return found[0]


def shown(client: FlaskClient, path: str = "/phones") -> list[str]:
    return re.findall(r'data-phone="([^"]+)"', client.get(path).text)


def test_there_are_no_phones_without_the_sandbox(tmp_path: Path, database_url: str, redis_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    open_line(runtime.engine, gateway="twilio")
    client = client_of(runtime)
    for path in ("/phones", "/phones/1/news"):
        assert client.get(path).status_code == 404
    assert client.post("/phones/1/texts").status_code == 404
    runtime.close()


def test_without_a_site_the_page_says_how_to_make_one(client: FlaskClient) -> None:
    answer = client.get("/phones")
    assert answer.status_code == 200
    assert "baobei site add" in answer.text


def test_everybody_of_a_site_has_a_phone_the_agent_and_the_manager_first(
    client: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    tomorrow = (datetime.now(site.zone).date() + timedelta(days=1)).isoformat()
    enlist(runtime, site, {"name": "未来", "phone": "+8613900000031", "unit": "链家", "from": tomorrow})
    assert shown(client) == [LI, MANAGER, WANG, CONSULTANT]
    assert all(word in section_of(client, LI) for word in ("李四", "链家", "+86 139 0000 0011"))
    assert "经理" in section_of(client, MANAGER)


def test_a_text_gets_its_place_through_the_gateway_and_its_answer_appears(
    client: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    answer = send(client, site, LI, REPORT)
    assert answer.status_code == 200
    with runtime.engine.connect() as connection:
        row = connection.execute(select(inbox).order_by(inbox.c.seq.desc()).limit(1)).one()
    assert (row.gateway, row.sender, row.text, row.kind) == ("sandbox", LI, REPORT, "text")
    assert texts_of(client, site, LI) == [(True, REPORT)]
    work(runtime, site)
    (_, text), (mine, reply) = texts_of(client, site, LI)
    assert (text, mine) == (REPORT, False)
    assert "R1" in reply
    ((_, notice),) = texts_of(client, site, MANAGER)
    assert "张三" in notice
    assert texts_of(client, site, WANG) == []


def test_the_page_itself_shows_what_the_news_gave(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    send(client, site, LI, REPORT)
    work(runtime, site)
    page = html.unescape(section_of(client, LI))
    assert all(words in page for _, words in texts_of(client, site, LI))


def test_a_reply_is_on_no_phone_before_it_was_sent(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    send(client, site, LI, REPORT)
    decide_site(runtime.engine, site.id)
    assert texts_of(client, site, LI) == [(True, REPORT)]


def test_a_text_has_its_second_tick_when_it_is_decided(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    send(client, site, LI, REPORT)
    assert [bubble["done"] for bubble in bubbles(client, site)] == [False]
    decide_site(runtime.engine, site.id)
    assert [bubble["done"] for bubble in bubbles(client, site)] == [True]


def test_the_news_are_silent_until_something_happens(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    url = f"/phones/{site.id}/news"
    etag = client.get(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    send(client, site, LI, REPORT)
    after_text = client.get(url, headers={"If-None-Match": etag})
    decide_site(runtime.engine, site.id)
    after_decision = client.get(url, headers={"If-None-Match": after_text.headers["ETag"]})
    work(runtime, site)
    after_sending = client.get(url, headers={"If-None-Match": after_decision.headers["ETag"]})
    assert [a.status_code for a in (after_text, after_decision, after_sending)] == [200, 200, 200]
    assert client.get(url, headers={"If-None-Match": after_sending.headers["ETag"]}).status_code == 304


def test_the_news_count_what_is_decided_and_what_waits(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    send(client, site, LI, REPORT)
    work(runtime, site)
    send(client, site, WANG, "报备 李梅 139****0001")
    first = places(client, site)[0]
    assert (first["who"], first["words"]) == ("王五 · 贝壳", "等待判定")
    counts = re.findall(r'id="(decided|waiting)">(\d+)<', news(client, site).text)
    assert counts == [("decided", "3"), ("waiting", "1")]


def test_threads_of_phones_on_the_page_are_renewed_and_phones_that_it_lacks_are_added(
    client: FlaskClient, site: SiteRow
) -> None:
    send(client, site, STRANGER, "你好")
    answer = news(client, site, LI, MANAGER, WANG, CONSULTANT).text
    assert re.findall(r'id="phone-(\d+)-thread"[^>]*hx-swap-oob="morph"', answer) == [
        phone[1:] for phone in (LI, MANAGER, WANG, CONSULTANT)
    ]
    assert re.findall(r'data-phone="([^"]+)"', answer) == [STRANGER]
    assert answer.count('hx-swap-oob="beforebegin:#another"') == 1
    assert answer.count('hx-swap-oob="beforebegin:#switch-another"') == 1
    assert "data-phone" not in news(client, site, LI, MANAGER, WANG, CONSULTANT, STRANGER).text


def test_a_text_leaves_an_empty_field_and_asks_for_the_news(client: FlaskClient, site: SiteRow) -> None:
    answer = send(client, site, LI, REPORT)
    assert answer.headers["HX-Trigger"] == "texted"
    assert re.search(r"<textarea[^>]*></textarea>", answer.text)
    assert "李四" in answer.text


def test_a_full_number_is_masked_before_it_is_shown(client: FlaskClient, site: SiteRow) -> None:
    send(client, site, LI, "报备 赵敏 13700137000")
    ((_, words),) = texts_of(client, site, LI)
    assert re.fullmatch(r"报备 赵敏 137\D{4}7000", words)
    assert "13700137000" not in client.get("/phones").text


def test_times_are_the_sites_own(client: FlaskClient, runtime: Runtime) -> None:
    site = open_site(runtime.engine, "远方", "+8613800000090", {"manager": [MANAGER]}, "sandbox", "America/New_York")
    send(client, site, LI, REPORT)
    (bubble,) = bubbles(client, site)
    at = datetime.fromisoformat(bubble["at"]).astimezone(site.zone)
    assert (bubble["time"], bubble["day"]) == (f"{at:%H:%M}", f"{at.month}月{at.day}日")
    assert places(client, site)[0]["time"] == f"{at:%H:%M:%S}"


def test_the_line_names_outcomes_in_words_and_masks_strangers(
    client: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    send(client, site, LI, REPORT)
    send(client, site, WANG, REPORT)
    send(client, site, STRANGER, REPORT)
    work(runtime, site)
    newest_first = [(e["who"], e["words"], e["ref"], e["tone"]) for e in places(client, site)]
    assert newest_first == [
        ("+86139****0099", "不在名单", "", "bad"),
        ("王五 · 贝壳", "已被先报备", "", "bad"),
        ("李四 · 链家", "报备成功", "R1", "good"),
        ("系统", "名单更新", "", "quiet"),
        ("系统", "案场开通", "", "quiet"),
    ]


def test_each_code_that_can_be_answered_has_words_for_pages() -> None:
    notices = {"new_report", "digest", "reminder"}
    assert {code.partition(".")[0] for code in catalogue("zh")["say"]} - notices <= set(CODES)
    assert words_of("text", "code_of_tomorrow").words == "code of tomorrow"


def test_a_stranger_who_texts_gets_a_phone(client: FlaskClient, site: SiteRow) -> None:
    assert STRANGER not in shown(client)
    send(client, site, STRANGER, "你好")
    assert shown(client)[-1] == STRANGER
    assert "你好" in section_of(client, STRANGER)


def test_any_other_phone_can_be_added_once(client: FlaskClient, site: SiteRow) -> None:
    before = shown(client)
    for number in ("139 0000 0099", STRANGER, LI):
        answer = add(client, site, number)
        assert (answer.status_code, answer.location) == (303, f"/phones?site={site.id}")
    assert shown(client) == [*before, STRANGER]
    assert "139 0000 0099" in section_of(client, STRANGER)


def test_what_is_no_number_is_refused_with_a_sentence(client: FlaskClient, site: SiteRow) -> None:
    answer = add(client, site, "<b>x</b>")
    assert answer.status_code == 400
    assert "这不是手机号码" in answer.text
    assert "<b>x</b>" not in answer.text
    refused = send(client, site, "no number", REPORT)
    assert (refused.status_code, refused.mimetype) == (400, "text/plain")
    assert bubbles(client, site) == []


def test_several_sites_are_chosen_by_tab(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    other = open_site(runtime.engine, "云栖台", "+8613800000010", {"manager": ["+8613800000011"]}, "sandbox")
    open_site(runtime.engine, "真案场", "+8613800000020", {"manager": ["+8613800000021"]}, "twilio")
    page = client.get(f"/phones?site={other.id}").text
    assert re.findall(r'href="/phones\?site=\d+"( aria-current="page")?>(\w+)<', page) == [
        ("", "翡翠湾"),
        (' aria-current="page"', "云栖台"),
    ]
    assert shown(client, f"/phones?site={other.id}") == ["+8613800000011"]
    assert client.get("/phones/3/news").status_code == 404
    assert client.get("/phones?site=99").status_code == 200


def test_a_form_needs_the_pages_token(client: FlaskClient, site: SiteRow) -> None:
    token_of(client)
    for token in ({}, {"token": ""}, {"token": "guessed"}, {"token": "é"}):
        answer = client.post(f"/phones/{site.id}/texts", data=token | {"sender": LI, "text": REPORT})
        assert (answer.status_code, answer.mimetype) == (403, "text/plain")
    assert bubbles(client, site) == []


def test_another_visitors_token_does_not_count(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    stolen = {"token": token_of(client_of(runtime)), "sender": LI, "text": REPORT}
    token_of(client)
    assert client.post(f"/phones/{site.id}/texts", data=stolen).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_send(client: FlaskClient, site: SiteRow, headers: dict[str, str]) -> None:
    assert send(client, site, LI, REPORT, **headers).status_code == 403
    assert bubbles(client, site) == []
    assert send(client, site, LI, REPORT, Origin="http://localhost").status_code == 200


def test_without_script_a_form_leads_back_to_the_page(client: FlaskClient, site: SiteRow) -> None:
    form = {"token": token_of(client), "sender": LI, "text": "第一行\r\n第二行"}
    answer = client.post(f"/phones/{site.id}/texts", data=form)
    assert (answer.status_code, answer.location) == (303, f"/phones?site={site.id}")
    assert texts_of(client, site, LI) == [(True, "第一行\n第二行")]


def test_a_text_that_waits_in_the_spool_has_no_place_yet(client: FlaskClient, site: SiteRow, runtime: Runtime) -> None:
    runtime.spool.keep(Inbound("sandbox", "m1", LI, SITE_NUMBER, REPORT))
    assert send(client, site, LI, REPORT).status_code == 200
    assert texts_of(client, site, LI) == []
    assert feeder_of(runtime).feed() == 2
    assert texts_of(client, site, LI) == [(True, REPORT), (True, REPORT)]


def test_a_text_that_could_not_be_kept_is_said_so(
    client: FlaskClient, site: SiteRow, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.line.intake.accept_all", never)
    with spool_away(runtime):
        answer = send(client, site, LI, REPORT)
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert "没有发出" in answer.text


def never(*_: object) -> None:
    raise NotDurableError("the disk is full")


def test_words_are_shown_and_never_run(client: FlaskClient, site: SiteRow) -> None:
    send(client, site, LI, '<script>alert("x")</script>')
    page = client.get("/phones").text
    assert "&lt;script&gt;" in page
    assert '<script>alert("x")' not in page


def test_the_page_needs_no_inline_script_or_style(client: FlaskClient, site: SiteRow) -> None:
    send(client, site, LI, REPORT)
    page = client.get("/phones").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all('src="/static/' in tag for tag in re.findall(r"<script[^>]*>", page))


def test_every_field_and_button_has_a_name(client: FlaskClient, site: SiteRow) -> None:
    page = client.get("/phones").text
    labelled = set(re.findall(r'<label[^>]*for="([^"]+)"', page))
    fields = re.findall(r'<(?:textarea|input)(?![^>]*type="hidden")[^>]*id="([^"]+)"', page)
    assert len(fields) == 5
    assert set(fields) <= labelled
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_long_roster_shows_some_and_says_how_many_more(client: FlaskClient, runtime: Runtime, site: SiteRow) -> None:
    people = [{"name": f"经纪{i}", "phone": f"+861391000{i:04}", "unit": "中原"} for i in range(30)]
    enlist(runtime, site, *people)
    assert len(shown(client)) == 24 + 2
    assert "名单上还有 8 人未显示" in client.get("/phones").text
