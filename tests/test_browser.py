"""The pages in a real browser: what arrives by itself, what the keyboard reaches, what assistive technology meets."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.infrastructure.browsing import Visit, open_browser
from tests.infrastructure.serving import AGENT, SITE_NUMBER, runtime_of
from tests.infrastructure.visiting import PASSWORD, enrol
from tests.infrastructure.waiting import eventually
from tests.infrastructure.web import Web
from tests.sending import add_reply, reply
from worker.alerts.alarm import Alarm
from worker.alerts.book import Raised, save
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.outbox.courier import Courier
from worker.runtime import Runtime
from worker.store.revisions import migrate
from worker.up.guard import end_sessions

# Whole pages are looked at for what bars people, several to a test.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = {
    "login": "/login",
    "account": "/account",
    "codes at the login": "/account/code",
    "register": "/register",
    "client": "/register/1/3/0",
    "ops": "/ops",
    "text": "/ops/texts/1/3",
    "texts": "/ops/texts",
    "acts": "/ops/acts",
    "phones": "/phones",
    "set-up": "/setup",
    "gateways": "/setup/gateways",
    "site": "/setup/site",
    "policy": "/setup/policy",
    "new site": "/setup/site/new",
    "roster": "/setup/people",
    "staff": "/setup/staff",
    "users": "/setup/users",
}
LOOKS = [(1440, "zh", "light"), (390, "en", "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, redis_server_url: str) -> Iterator[Runtime]:
    var = tmp_path_factory.mktemp("browser")
    migrate(f"sqlite:///{var}/baobei.sqlite")
    runtime = runtime_of(var, "", redis_server_url)
    enrol(runtime, "admin", "ops", "manager", phone=AGENT)
    yield runtime
    runtime.close()


@pytest.fixture(scope="module")
def site(runtime: Runtime) -> SiteRow:
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
    people = [{"name": "李四", "phone": AGENT, "unit": "链家", "kind": "distributor"}]
    put(runtime.engine, site, "roster", {"people": people})
    text(runtime, site, "报备 张三 138****5678")
    text(runtime, site, "报备 王丽 1381****678")
    # What pages show only now and then: acts that wrong codes have closed, and who wants no notices.
    for words in ("撤 R1", *(f"{code:06}" for code in range(5)), "退订"):
        text(runtime, site, words)
    add_reply(runtime.engine, site.id, "没有送到", datetime.now(UTC), cause="m:4", state="failed", error_code="30003")
    return site


@pytest.fixture(scope="module")
def base(runtime: Runtime, site: SiteRow, redis_server_url: str) -> Iterator[str]:
    """The real web process, so that what is tested is what is served."""
    web = Web(runtime.settings.var, REDIS_URL=redis_server_url)
    eventually(web.answers, "an answer of the web process")
    yield f"http://127.0.0.1:{web.port}"
    end_sessions([web.process.pid])
    web.process.wait()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, base: str) -> Iterator[Open]:
    """A function that opens a window; whatever its console complained of fails the test."""
    opened: list[Visit] = []

    def open_window(width: int = 1440, language: str = "zh", scheme: str = "light", inside: bool = True) -> Visit:
        opened.append(Visit(browser, base, width, language, scheme))
        if inside:
            opened[-1].log_in("admin", PASSWORD)
        return opened[-1]

    yield open_window
    for each in opened:
        each.close()
    assert [complaint for each in opened for complaint in each.complaints] == []


def text(runtime: Runtime, site: SiteRow, words: str) -> None:
    text.number += 1
    accept(runtime.engine, Inbound("sandbox", f"m{text.number}", AGENT, SITE_NUMBER, words))
    decide_site(runtime.engine, site.id)
    Courier(runtime.engine, runtime.gateways, runtime.clock).drain()


text.number = 0  # type: ignore[attr-defined]


def test_a_wrong_password_is_said_and_the_right_one_leads_on(browser: Browser, base: str) -> None:
    there = Visit(browser, base)
    there.go("/register")
    there.page.fill("#f-name", "admin")
    there.page.fill("#f-password", "wrong")
    there.page.press("#f-password", "Enter")
    expect(there.page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    there.page.fill("#f-password", PASSWORD)
    there.page.press("#f-password", "Enter")
    expect(there.page.get_by_role("heading", level=1)).to_have_text("客户报备登记表")
    there.page.locator(".menu summary").click()
    there.page.get_by_role("button", name="退出").click()
    expect(there.page.get_by_role("heading", level=1)).to_have_text("登录")
    there.close()


def test_a_text_arrives_in_the_register_by_itself(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    there = visit()
    there.go("/register")
    there.page.fill("#q", "还没写完")
    place = there.page.locator(".place-button").last
    place.press("Enter")
    shown = there.page.locator(".r-text:visible")
    expect(shown).to_contain_text("报备 张三 138****5678")
    for client, mask in (("林海", "199****8815"), ("周洋", "199****8816")):
        text(runtime, site, f"报备 {client} {mask}")
        expect(there.page.locator(".r-client", has_text=client)).to_be_visible()
    expect(there.page.locator("#q")).to_have_value("还没写完")
    # What was opened stays open while the table renews itself around it.
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("报备 张三 138****5678")
    expect(place).to_have_attribute("aria-expanded", "true")
    expect(there.page.locator("#live")).to_have_text("实时")


HEARD = """
window.noticed = [];
window.tones = 0;
window.Notification = class {
  static permission = "granted";
  constructor(title, { body }) { noticed.push(body); }
  addEventListener() {}
};
const made = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { tones += 1; return made.call(this); };
"""
"""Notes what somebody would hear and be notified of."""


def test_the_badge_tells_that_nobody_answers_and_the_title_what_waits(
    visit: Open, runtime: Runtime, site: SiteRow, base: str
) -> None:
    there = visit()
    there.context.add_init_script(HEARD)
    there.context.add_cookies([{"name": name, "value": "on", "url": base} for name in ("sound", "notice")])
    there.go("/account")
    live, since = there.page.locator("#live"), re.compile("^连接自 .+ 中断，正在重试$")
    expect(live).to_have_text("实时")
    there.context.set_offline(True)
    expect(live).to_have_text(since)
    there.context.set_offline(False)
    expect(live).to_have_text("实时")
    there.page.route(
        "**/live", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi</h1>")
    )
    expect(live).to_have_text(since)
    there.page.unroute("**/live")
    alarm = Alarm("line_stands", "site:1", datetime.now(UTC), "…", {"site": site.id})
    save(runtime.engine, {(alarm.code, alarm.scope): Raised(alarm)})
    expect(there.page).to_have_title(re.compile(r"^\(1\) 账号"))
    expect(there.page.locator(".main-nav .todo", has_text="1 项异常")).to_be_visible()
    assert there.page.evaluate("[noticed, tones]") == [["1 项异常"], 2]
    save(runtime.engine, {})
    expect(there.page).to_have_title(re.compile("^账号"))
    there.page.route("**/register/rows**", lambda route: route.fulfill(status=503, body="away"))
    there.go("/register")
    expect(live).to_have_text(since)
    there.page.unroute("**/register/rows**")
    expect(live).to_have_text("实时")
    there.complaints.clear()


def test_a_text_that_waits_shows_on_ops_by_itself(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    there = visit()
    there.go("/ops")
    waiting = there.page.locator(".tile", has_text="等待的短信").locator(".tile-value")
    expect(waiting).to_have_text("0")
    accept(runtime.engine, Inbound("sandbox", "waiting", AGENT, SITE_NUMBER, "报备 何健 150****7731"))
    expect(waiting).to_have_text("1")
    decide_site(runtime.engine, site.id)
    expect(waiting).to_have_text("0")


def test_a_reply_that_failed_is_sent_again_from_ops(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    failed = add_reply(runtime.engine, site.id, "再来一次", datetime.now(UTC), cause="m:2", state="failed")
    there = visit()
    there.go("/ops")
    again = there.page.locator(".mend-bar").get_by_role("button", name="重发")
    expect(again).to_be_disabled()
    there.page.get_by_role("checkbox", name="全选本页").check()
    again.click()
    expect(there.page.get_by_role("heading", level=1)).to_have_text("再发送一次这 2 条短信")
    there.page.get_by_role("button", name="返回").click()
    row = there.page.locator("tr", has=there.page.locator(f'form[action$="/replies/{failed}/resend"]'))
    row.get_by_role("button", name="重发").click()
    expect(there.page.get_by_role("heading", level=1)).to_have_text("再发送一次这条短信")
    there.page.get_by_role("button", name="确定").click()
    expect(there.page.locator(".callout")).to_have_text("正在重新发送。")
    assert reply(runtime.engine, failed).state == "pending"


def test_the_set_up_is_live_and_a_policy_is_changed_from_a_phone(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    there = visit(width=390)
    there.go("/setup")
    roster = there.page.locator("#step-roster")
    expect(roster).to_contain_text("1 位经纪人")
    put(runtime.engine, site, "roster", {"people": [{"name": "周涛", "phone": "+8613900000055", "unit": "链家"}]})
    expect(roster).to_contain_text("2 位经纪人")
    there.page.get_by_role("link", name="规则").click()
    there.page.get_by_label("登记编号从几开始").fill("0")
    there.page.get_by_role("button", name="查看将有的变化").click()
    expect(there.page.get_by_role("heading", level=1)).to_have_text("规则")
    there.page.get_by_label("登记编号从几开始").fill("1")
    there.page.get_by_label("标出临到场的报备").fill("45")
    there.page.get_by_role("button", name="查看将有的变化").click()
    expect(there.page.locator(".changes")).to_contain_text("30 分钟")
    there.page.get_by_role("button", name="确定变更").click()
    expect(there.page.locator("#history")).to_contain_text("标出临到场的报备: 30 分钟 → 45 分钟")
    expect(there.page.locator("#history")).to_contain_text("admin")


def test_searching_filtering_and_exporting(visit: Open, tmp_path: Path) -> None:
    there = visit()
    there.go("/register")
    there.page.fill("#q", "5678")
    there.page.press("#q", "Enter")
    expect(there.page.locator(".r-client")).to_have_text(["张三"])
    there.page.get_by_role("link", name="未登记成功").click()
    expect(there.page.get_by_text("没有符合条件的报备。")).to_be_visible()
    there.page.get_by_role("link", name="全部", exact=True).click()
    with there.page.expect_download() as download:
        there.page.get_by_role("button", name="CSV").click()
    file = tmp_path / "register.csv"
    download.value.save_as(file)
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["客户"] for row in rows] == ["张三"]
    there.page.get_by_role("link", name="张三").click()
    expect(there.page.locator(".whose")).to_have_text("链家 · 李四")


def test_language_and_light_change_at_once_and_stay(visit: Open) -> None:
    there = visit()
    there.go("/register")
    paper = "getComputedStyle(document.body).backgroundColor"
    bright = there.page.evaluate(paper)
    there.page.locator(".menu summary").click()
    there.page.get_by_role("button", name="深色").click()
    there.page.wait_for_load_state()
    assert there.page.evaluate(paper) != bright
    there.page.locator(".menu summary").click()
    there.page.get_by_role("button", name="English").click()
    expect(there.page.get_by_role("heading", level=1)).to_have_text("Register of reports")
    there.go("/ops")
    expect(there.page.locator("html")).to_have_attribute("lang", "en")
    expect(there.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_keyboard_gets_past_the_bar_and_out_of_the_menu(visit: Open) -> None:
    there = visit()
    there.go("/ops")
    there.page.keyboard.press("Tab")
    skip = there.page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    there.page.keyboard.press("Enter")
    expect(there.page.locator("#main")).to_be_focused()
    there.page.locator(".menu summary").press("Enter")
    expect(there.page.locator(".menu-sheet")).to_be_visible()
    there.page.keyboard.press("Escape")
    expect(there.page.locator(".menu-sheet")).to_be_hidden()
    expect(there.page.locator(".menu summary")).to_be_focused()


@pytest.mark.parametrize(("width", "language", "scheme"), LOOKS)
def test_every_page_fits_and_is_fit_for_everybody(visit: Open, width: int, language: str, scheme: str) -> None:
    outside = visit(width, language, scheme, inside=False)
    inside = visit(width, language, scheme)
    for name, path in PAGES.items():
        there = outside if name in ("login", "phones") else inside
        there.go(path)
        assert not there.too_wide(), name
        assert there.violations() == [], name
    inside.go("/account")
    inside.page.locator('form[action="/account/end"] button').click()
    expect(inside.page.locator(".second-step")).to_be_visible()
    assert (inside.too_wide(), inside.violations()) == (False, [])


def test_on_a_phone_the_pages_stand_along_the_lower_edge(visit: Open) -> None:
    there = visit(390)
    there.go("/register")
    expect(there.page.locator("#from")).to_be_hidden()
    there.page.get_by_role("button", name="单位、日期、排序").click()
    expect(there.page.locator("#from")).to_be_visible()
    box = there.page.get_by_role("navigation", name="页面").bounding_box()
    assert box
    assert box["y"] + box["height"] == 900
    assert all(
        size and size["height"] >= 44
        for size in (link.bounding_box() for link in there.page.locator(".main-nav-item").all())
    )
    # WCAG 2.2, 2.5.8: what is aimed at is 24 px high.
    high = "all => all.map(one => one.getBoundingClientRect().height).filter(high => high > 0 && high < 24)"
    for path in ("/register", "/ops/texts", "/setup/users"):
        there.go(path)
        assert there.page.locator(".table :is(a, button, input)").evaluate_all(high) == [], path
