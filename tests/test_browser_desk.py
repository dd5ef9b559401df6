"""The desk and the cases in a real browser: arrivals live, a visit signed by three, a case settled, papers."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.infrastructure.browsing import Visit, open_browser
from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, SERVICE, WANG, staffed_site, text, watching
from tests.infrastructure.serving import runtime_of
from tests.infrastructure.visiting import PASSWORD, enrol
from tests.infrastructure.waiting import eventually
from tests.infrastructure.web import Web
from worker.decide.set_up import SiteRow
from worker.runtime import Runtime
from worker.store.revisions import migrate
from worker.up.guard import end_sessions

# Whole pages are looked at for what bars people, several to a test.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

USERS = {"经理": ("manager", MANAGER), "顾问": ("consultant", CONSULTANT), "客服": ("service", SERVICE)}
LOOKS = [(1440, "zh", "dark"), (390, "en", "light")]
PAGES = {
    "desk": "/desk",
    "a form filled in": "/desk?claim=1",
    "found": "/desk?q=13",
    "cases": "/cases",
    "client": "/register/1/3/0",
    "log": "/desk/1/log",
    "letter": "/desk/1/forms/1",
}
MM = 96 / 25.4


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, redis_server_url: str) -> Iterator[Runtime]:
    var = tmp_path_factory.mktemp("desk")
    migrate(f"sqlite:///{var}/baobei.sqlite")
    runtime = runtime_of(var, "", redis_server_url)
    for name, (role, phone) in USERS.items():
        enrol(runtime, name, role, phone=phone)
    yield runtime
    runtime.close()


@pytest.fixture(scope="module")
def site(runtime: Runtime) -> Iterator[SiteRow]:
    """A site with a visit that does not match, a suspected client, a dispute, and somebody who is expected."""
    site = staffed_site(runtime)
    for sender, words in (
        (LI, "报备 张三 138****5678"),
        (WANG, "报备 何健 138****5678"),
        (LI, "报备 欧阳明 186****9012"),
        (LI, "到访 欧阳明 186****9013"),
        (WANG, "报备 李梅 139****5678"),
        (LI, "异议 李梅 139****5678 上月由我带看"),
        (WANG, "报备 阿卜杜热合曼·吐尔逊 158****7788 今天到访"),
    ):
        text(runtime, site, sender, words)
    with watching(runtime):
        yield site


@pytest.fixture(scope="module")
def base(runtime: Runtime, site: SiteRow, redis_server_url: str) -> Iterator[str]:
    web = Web(runtime.settings.var, REDIS_URL=redis_server_url)
    eventually(web.answers, "an answer of the web process")
    yield f"http://127.0.0.1:{web.port}"
    end_sessions([web.process.pid])
    web.process.wait()


Open = Callable[..., Visit]


@pytest.fixture(autouse=True)
def a_day_that_goes_on() -> None:
    """Begin no test in a day's last minute: a form is for its day alone, and the clock is the real one."""
    now = datetime.now(timezone(timedelta(hours=8)))
    left_s = 86_400 - (now.hour * 3_600 + now.minute * 60 + now.second)
    if left_s < 60:
        time.sleep(left_s)


@pytest.fixture
def visit(browser: Browser, base: str) -> Iterator[Open]:
    """A function that opens a window for somebody; whatever its console complained of fails the test."""
    opened: list[Visit] = []

    def open_window(who: str = "", width: int = 1440, language: str = "zh", scheme: str = "light") -> Visit:
        opened.append(Visit(browser, base, width, language, scheme))
        if who:
            opened[-1].log_in(who, PASSWORD)
        return opened[-1]

    yield open_window
    for each in opened:
        each.close()
    assert [complaint for each in opened for complaint in each.complaints] == []


def test_a_visit_from_the_agents_text_to_the_last_signature(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, LI, "报备 林海 199****8815")
    manager = visit("经理")
    manager.go("/desk")
    agent = visit()
    agent.go("/phones")
    phone = agent.page.locator(".phone", has=agent.page.locator(f'input[value="{LI}"]'))
    phone.locator("textarea").fill("到访 林海 199****8815")
    phone.get_by_role("button", name="发送").click()

    form = manager.page.locator(".arrival", has_text="林海")
    expect(form).to_contain_text("经理 待签")
    form.get_by_role("button", name="签字").click()
    expect(manager.page.locator(".outcome")).to_contain_text("已签字")
    consultant = visit("顾问", width=390)
    consultant.go("/desk")
    consultant.page.locator(".arrival", has_text="林海").get_by_role("button", name="签字").click()
    expect(consultant.page.locator(".outcome")).to_contain_text("到访确认")
    # The manager sees it without doing anything.
    expect(form).to_contain_text("已确认")
    expect(manager.page.locator("#live")).to_have_text("实时")


def test_phones_show_what_is_sent_and_answered_and_whoever_texts_first(
    visit: Open, runtime: Runtime, site: SiteRow
) -> None:
    there = visit()
    there.go("/phones")
    phone = there.page.locator(".phone", has=there.page.locator(f'input[value="{LI}"]'))
    field = phone.locator("textarea")
    field.fill("查 138****5678")
    field.press("Enter")
    expect(phone.locator(".text.mine").last).to_contain_text("查 138****5678")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(phone.locator(".text.mine").last.locator(".note")).to_contain_text("第")
    # What somebody is writing stays while his thread is renewed.
    field.fill("我正在写")
    text(runtime, site, "+8613900000077", "有人吗")
    expect(there.page.locator(".phone.role-other .text.mine").last).to_contain_text("有人吗")
    expect(field).to_have_value("我正在写")
    expect(there.page.locator("#live")).to_have_text("实时")


def test_the_keyboard_alone_finds_a_report_and_opens_its_form(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, WANG, "报备 周洋 177****3604")
    there = visit("顾问")
    there.go("/desk")
    expect(there.page.locator("#q")).to_be_focused()
    there.page.keyboard.type("3604")
    expect(there.page.locator(".found-item")).to_contain_text("周洋")
    there.page.keyboard.press("Enter")
    button = there.page.get_by_role("button", name="开单并签字")
    expect(button).to_be_focused()
    expect(there.page.locator("#f-client")).to_have_value("周洋")
    there.page.keyboard.press("Enter")
    expect(there.page.locator(".outcome")).to_contain_text("到访开单")
    expect(there.page.locator(".arrival", has_text="周洋")).to_contain_text("业务员 待签")
    # The next one is typed at once, and an agent finds his clients by his own name.
    expect(there.page.locator("#q")).to_be_focused()
    there.page.keyboard.type("我是王五")
    expect(there.page.locator(".found-item", has_text="周洋")).to_contain_text("王五 · 贝壳")


def test_what_is_typed_before_the_page_has_its_scripts_is_searched_when_it_has(
    visit: Open, runtime: Runtime, site: SiteRow
) -> None:
    text(runtime, site, WANG, "报备 秦川 177****3605")
    there = visit("顾问")
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    there.page.route("**/htmx.min.js*", hold)
    there.page.goto("/desk", wait_until="commit")
    expect(there.page.locator("#q")).to_be_focused()
    there.page.keyboard.type("秦川")
    while not late:
        there.page.wait_for_timeout(50)
    late[0].continue_()
    expect(there.page.locator(".found-item")).to_contain_text("177****3605")


def test_a_whole_number_leaves_the_browser_in_no_address_and_no_search(visit: Open, site: SiteRow) -> None:
    there = visit("经理")
    sent: list[str] = []
    there.page.on("request", lambda asked: sent.append(f"{asked.url} {asked.post_data or ''}"))
    there.go("/register")
    there.page.fill("#q", "１38 6049 5678 张三")
    there.page.press("#q", "Enter")
    expect(there.page.locator("#q")).to_have_value("138****5678 张三")
    expect(there.page.locator(".r-client")).to_have_count(1)
    there.page.reload()
    expect(there.page.locator(".r-client")).to_have_count(1)
    there.page.locator(".r-client a").click()
    there.page.go_back()
    expect(there.page.locator("#q")).to_have_value("138****5678 张三")
    there.go("/ops/texts")
    there.page.fill("#q", "13860495678")
    there.page.press("#q", "Enter")
    expect(there.page.locator("#q")).to_have_value("138****5678")
    there.go("/desk")
    there.page.fill("#q", "13860495678")
    expect(there.page.locator(".found-item").first).to_contain_text("138****5678")
    there.page.keyboard.press("Enter")
    expect(there.page.locator("#f-phone")).to_have_value("138****5678")
    # The address of the server itself may hold these digits in its port.
    assert [each for each in sent if "6049" in each.replace(there.base, "")] == []
    assert any("q=138" in each for each in sent)


@pytest.mark.parametrize("width", [390, 1440])
def test_who_is_expected_is_a_tap_away_from_his_form_and_then_has_come(
    visit: Open, runtime: Runtime, site: SiteRow, width: int
) -> None:
    there = visit("顾问", width)
    there.go("/desk")
    text(runtime, site, LI, f"报备 孙丽 133****{width:04} 今天到访")
    # It comes by itself.
    row = there.page.locator(".expected-item", has_text=f"133****{width:04}")
    row.click()
    expect(there.page.locator("#f-client")).to_have_value("孙丽")
    button = there.page.get_by_role("button", name="开单并签字")
    expect(button).to_be_in_viewport()
    button.click()
    expect(there.page.locator(".outcome")).to_contain_text("到访开单")
    expect(row).to_contain_text("已到")


def test_two_presses_are_one_entry(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, WANG, "报备 钱伟 151****2222")
    there = visit("顾问")
    there.go("/desk?q=151****2222")
    there.page.get_by_role("button", name="开单并签字").dblclick()
    expect(there.page.locator(".outcome")).to_contain_text("到访开单")
    there.page.go_back()
    there.page.get_by_role("button", name="开单并签字").click()
    expect(there.page.locator(".outcome")).to_contain_text("到访开单")
    expect(there.page.locator(".arrival", has_text="钱伟")).to_have_count(1)


def test_client_service_checks_who_came_alone(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    text(runtime, site, LI, "报备 赵敏 150****1111")
    service = visit("客服")
    service.go("/desk")
    consultant = visit("顾问")
    consultant.go("/desk?q=1111")
    consultant.page.get_by_role("radio", name="自行到访").check()
    consultant.page.locator("#f-agent").fill("")
    consultant.page.get_by_role("button", name="开单并签字").click()
    expect(consultant.page.locator(".outcome")).to_contain_text("待客服核实")
    service.page.locator(".arrival", has_text="赵敏").get_by_role("button", name="有联系", exact=True).click()
    expect(service.page.locator(".outcome")).to_contain_text("自行到访")


def test_a_case_is_settled_with_a_reason(visit: Open) -> None:
    there = visit("经理")
    there.go("/cases")
    case = there.page.locator("#case-R2")
    case.get_by_role("button", name="不是同一客户").click()
    # Without a reason the browser itself holds it back.
    expect(case.locator("input[name=reason]")).to_be_focused()
    case.locator("input[name=reason]").fill("身份证不同")
    case.get_by_role("button", name="不是同一客户").click()
    # It shows what will happen; who goes back finds what he typed.
    expect(there.page.locator(".second-step")).to_contain_text("何健")
    there.page.get_by_role("button", name="返回").click()
    expect(case.locator("input[name=reason]")).to_have_value("身份证不同")
    case.get_by_role("button", name="不是同一客户").click()
    there.page.get_by_role("button", name="确定").dblclick()
    expect(there.page.locator(".outcome")).to_contain_text("判 R2 有效 身份证不同")
    expect(there.page.locator("#case-R2")).to_have_count(0)


def test_what_is_being_written_on_a_case_stays(visit: Open, runtime: Runtime, site: SiteRow) -> None:
    there = visit("经理")
    there.go("/cases")
    reason = there.page.locator("#case-D1 input[name=reason]")
    reason.fill("还没写完")
    text(runtime, site, WANG, "报备 何建国 186****9012")
    # Longer than the part waits before it asks again.
    there.page.wait_for_timeout(6_000)
    expect(reason).to_have_value("还没写完")


@pytest.mark.parametrize(("width", "language", "scheme"), LOOKS)
def test_every_page_fits_and_is_fit_for_everybody(visit: Open, width: int, language: str, scheme: str) -> None:
    there = visit("经理", width, language, scheme)
    for name, path in PAGES.items():
        there.go(path)
        assert not there.too_wide(), name
        assert there.violations() == [], name
    there.go("/cases")
    case = there.page.locator("#case-D1")
    case.locator("select").select_option("链家")
    case.locator("input[name=reason]").fill("通话记录在先")
    case.locator("button").last.click()
    expect(there.page.locator(".second-step")).to_be_visible()
    assert (there.too_wide(), there.violations()) == (False, [])
    service = visit("客服", width, language, scheme)
    service.go("/cases")
    assert service.violations() == []


def pages_of(there: Visit) -> tuple[int, set[str]]:
    """Return how many pages a paper has, and their sizes."""
    paper = there.page.pdf(prefer_css_page_size=True)
    sizes = {match.decode() for match in re.findall(rb"/MediaBox \[([^\]]+)\]", paper)}
    return len(re.findall(rb"/Type /Page\b", paper)), sizes


def overflows(there: Visit, width_mm: float) -> bool:
    """Whether anything of a paper stands out of what is printed, `width_mm` wide."""
    there.page.emulate_media(media="print")
    there.page.set_viewport_size({"width": int(width_mm * MM), "height": 900})
    return there.too_wide()


def test_the_letter_is_one_page_of_a4(visit: Open) -> None:
    there = visit("经理")
    there.go("/desk/1/forms/1")
    count, sizes = pages_of(there)
    assert count == 1
    assert sizes <= {"0 0 595.91998 842.88", "0 0 595 842", "0 0 594.95996 841.91998"}
    assert not overflows(there, 210 - 28)
    expect(there.page.get_by_role("button", name="打印")).to_be_hidden()


def test_a_long_log_goes_on_over_pages_that_lie(visit: Open) -> None:
    there = visit("经理")
    there.go("/desk/1/log")
    there.page.evaluate(
        "const row = document.querySelector('tbody tr'); for (let i = 0; i < 60; i++) row.after(row.cloneNode(true))"
    )
    count, sizes = pages_of(there)
    assert 1 < count < 9
    assert len(sizes) == 1
    wide, high = (float(side) for side in next(iter(sizes)).split()[2:])
    assert wide > high
    assert not overflows(there, 297 - 24)
