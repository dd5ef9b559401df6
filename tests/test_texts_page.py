"""`/ops/texts`: every text found by number, day, outcome and state; several replies mended at once; who did what."""

import json
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from tests.infrastructure.deciding import LI, WANG, text
from tests.infrastructure.visiting import enrol, hidden_fields, plain, post, token_of, visitor
from tests.sending import StandingClock, add_reply, reply
from webhook.app import create_app
from worker.cli.main import main
from worker.decide.set_up import SiteRow, open_site
from worker.readers.texts import TextSearch, texts_page
from worker.runtime import Runtime


@pytest.fixture
def manager(runtime: Runtime, site: SiteRow) -> FlaskClient:
    return visitor(create_app(runtime, kept_s=0), "manager")


def found(client: FlaskClient, query: str = "") -> list[str]:
    """Return the rows that a search shows, each in one line."""
    answer = client.get(f"/ops/texts?{query}")
    assert answer.status_code == 200
    rows = re.findall(r"<tr>(.*?)</tr>", answer.text, re.DOTALL)[1:]
    return [plain(row).strip() for row in rows]


def test_texts_are_found_by_number_outcome_state_and_day(
    manager: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    text(runtime, site, WANG, "报备 王丽 1381****678")
    every = found(manager)
    assert [row for row in every if "收到" in row] == [
        "13:00:00 → 收到 王五 +86139****0021 报备 王丽 1381****678 号码有误",
        "12:00:00 → 收到 李四 +86139****0011 报备 张三 138****5678 报备成功",
    ]
    (his,) = found(manager, "q=0021&way=in")
    assert his in every
    assert len(found(manager, "q=139****0021")) == 2, "his text and its answer"
    assert found(manager, "q=150****0021") == []
    assert [row[:8] for row in found(manager, "code=accepted")] == ["12:00:00", "12:00:00"]
    assert [row[:8] for row in found(manager, "q=R1&way=out")] == ["12:00:00", "12:00:00"], "to the agent, the manager"
    assert found(manager, "q=V9") == found(manager, "q=D9") == found(manager, "state=failed") == []
    add_reply(runtime.engine, site.id, "没有送到", clock(), recipient=LI, state="failed", error_code="30003")
    (failed,) = found(manager, "state=undelivered")
    assert failed.endswith("没有送到 报备成功 失败 手机关机或不在服务区")
    assert len(found(manager, "from=2026-11-02&to=2026-11-02")) == len(every) + 1
    assert found(manager, "from=2026-11-03") == found(manager, "to=2026-11-01") == []
    assert [row for row in found(manager, "q=王丽") if "收到" in row] == [row for row in every if "收到 王五" in row]


def test_an_alert_about_another_site_is_read_by_its_recipient_and_operations_alone(
    manager: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    enrol(runtime, "here", "ops", site_id=site.id, phone="+8613800000078")
    enrol(runtime, "boss", "ops")
    here, boss = (visitor(manager.application, name) for name in ("here", "boss"))
    alert = {"code": "alert", "state": "unknown"}
    other, own = (
        add_reply(runtime.engine, site.id, words, clock(), recipient=to, cause=f"o:alert:{to}", **alert)
        for words, to in (("警报：云栖府", "+8613800000077"), ("警报：翡翠湾", "+8613800000078"))
    )
    for client, shown in ((manager, ""), (here, "翡翠湾"), (boss, "云栖府翡翠湾")):
        for state in ("", "&state=undelivered"):
            words = "".join(found(client, f"code=alert{state}"))
            assert {name for name in ("云栖府", "翡翠湾") if f"警报：{name}" in words} == set(re.findall("...", shown))
        assert ("0077" in plain(client.get("/ops").text)) == (client is boss)
        assert ("云栖府" in post(client, f"/ops/sites/1/replies/{other}/settle").text) == (client is boss)
    post(manager, f"/ops/sites/1/replies/{other}/resend", seen="0" * 64)
    asked = post(here, "/ops/replies", act="settle", replies=f"{other},{own}")
    post(here, "/ops/replies", **hidden_fields(asked.text))
    assert reply(runtime.engine, own).state == "sent"
    assert reply(runtime.engine, other).state == "unknown", "who may not read it mends it as little"


def test_a_search_holds_no_whole_number(manager: FlaskClient) -> None:
    led = post(manager, "/ops/texts", q="13900000011", way="in")
    assert (led.status_code, led.location) == (303, "/ops/texts?site=1&q=139%2A%2A%2A%2A0011&way=in")
    assert "13900000011" not in manager.get("/ops/texts?q=13900000011", follow_redirects=True).request.url


def test_pages_go_on_by_their_keys_and_miss_nothing(runtime: Runtime, site: SiteRow, clock: StandingClock) -> None:
    for number in range(120):
        add_reply(runtime.engine, site.id, f"第{number}条", clock() + timedelta(seconds=number))
    seen: list[str] = []
    page = texts_page(runtime.engine, site.id, TextSearch())
    while True:
        seen += [each.words for each in page.texts]
        if page.older is None:
            break
        page = texts_page(runtime.engine, site.id, TextSearch(), page.older)
    assert seen[:120] == [f"第{number}条" for number in reversed(range(120))]
    assert seen.count("报备 张三 138****5678") == 1
    assert len(seen) == len(set(seen))


def test_several_replies_are_sent_again_or_settled_after_all_were_shown(
    manager: FlaskClient, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    other = open_site(
        runtime.engine, "云栖府", "+8613800000009", {"manager": ["+8613800000001"]}, "sandbox", clock=clock
    )
    mine = [
        add_reply(runtime.engine, site.id, f"{state}的短信", state=state) for state in ("failed", "unknown", "review")
    ]
    theirs = add_reply(runtime.engine, other.id, "别处的短信", state="failed")
    enrol(runtime, "here", "manager", site_id=site.id)
    here = visitor(manager.application, "here")

    def chosen(act: str) -> str:
        asked = here.post(
            "/ops/replies", data={"token": token_of(here), "act": act, "reply": [*map(str, mine), str(theirs), "x"]}
        )
        return asked.text

    asked = chosen("settle")
    assert "记为 2 条短信已送达" in asked
    assert "unknown的短信" in asked, "its words stand there"
    back = here.post("/ops/replies", data=hidden_fields(asked) | {"step": "back"})
    assert back.location == "/ops"
    assert [reply(runtime.engine, each).state for each in mine] == ["failed", "unknown", "review"]
    sure = here.post("/ops/replies", data=hidden_fields(asked), follow_redirects=True)
    assert "2 条中已处理 2 条。" in sure.text
    assert [reply(runtime.engine, each).state for each in mine] == ["failed", "sent", "sent"]
    asked = chosen("resend")
    assert "再发送一次这 1 条短信" in asked
    here.post("/ops/replies", data=hidden_fields(asked))
    assert [reply(runtime.engine, each).state for each in (mine[0], theirs)] == ["pending", "failed"]
    assert "没有改动" in here.post("/ops/replies", data=hidden_fields(asked), follow_redirects=True).text


def test_of_two_replies_that_are_alike_the_one_that_was_shown_is_sent_again(
    manager: FlaskClient, runtime: Runtime, site: SiteRow
) -> None:
    shown, alike = (
        add_reply(runtime.engine, site.id, "同样的短信", cause=f"d:{each}", state="failed") for each in "ab"
    )
    asked = post(manager, "/ops/replies", act="resend", replies=str(shown))
    manager.post("/ops/replies", data=hidden_fields(asked.text) | {"replies": str(alike)})
    assert reply(runtime.engine, alike).state == "failed"
    manager.post("/ops/replies", data=hidden_fields(asked.text))
    assert reply(runtime.engine, shown).state != "failed"


def test_who_did_what_is_shown_to_whoever_may_see_it(
    manager: FlaskClient, runtime: Runtime, site: SiteRow, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = add_reply(runtime.engine, site.id, state="failed")
    asked = post(manager, f"/ops/sites/{site.id}/replies/{failed}/resend")
    manager.post(asked.request.path, data=hidden_fields(asked.text))
    enrol(runtime, "here", "manager", site_id=site.id)
    here = visitor(manager.application, "here")
    shown = plain(here.get("/ops/acts").text)
    assert f"manager 重发短信 回复 {failed}" in shown, "it is about his site"
    assert "here 已登录" in shown, "it is his own"
    assert "manager 已登录" not in shown
    assert "manager 已登录" in plain(manager.get("/ops/acts").text)
    assert "已登录" not in plain(manager.get("/ops/acts?what=resend").text.split("<tbody>")[1])
    assert "没有这样的操作" in manager.get("/ops/acts?what=resend&person=here").text
    monkeypatch.setenv("DATABASE_URL", database_url)
    result = CliRunner().invoke(main, ["acts", "log", "--what", "resend", "--site", site.name, "--json"])
    (act,) = json.loads(result.output)
    assert (act["person"], act["about"]) == ("manager", f"reply {failed}")
