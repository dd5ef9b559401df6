"""Searches are posts, and no address holds more of a number than three and four digits, however it is typed (L14)."""

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.infrastructure.addresses import address, rules
from tests.infrastructure.deciding import LI, staffed_site, text
from tests.infrastructure.visiting import enrol, post, token_of, visitor
from tests.test_spellings import MIDDLE, SPELLINGS, digits_of
from webhook.access import access_of
from webhook.app import create_app
from worker.decide.set_up import SiteRow, open_site
from worker.readers.search import Search, read_search
from worker.runtime import Runtime

ADDRESSES = [
    "13860495572", "138 6049 5572", "138-6049-5572", "138.6049.5572", "138/6049/5572", "138，6049，5572",
    "138_6049_5572", "138*6049*5572", "138x6049x5572", "(138) 6049 (5572)", "1386049 5572", "138 60495572",
    "1386 0495 572", "1 3 8 6 0 4 9 5 5 7 2", "+8613860495572", "+86 138-6049-5572", "008613860495572",
    "86 13860495572", "013860495572", "１３８６０４９５５７２", "१३८६०४९५५७२", "一三八六零四九五五七二",
    "幺三八六洞四勾五五拐两", "138六零四九5572", "①③⑧⑥⓪④⑨⑤⑤⑦②",
    "1\u200b3\u200b8\u200b6\u200b0\u200b4\u200b9\u200b5\u200b5\u200b7\u200b2", "138然后6049然后5572",
    "138中间6049尾号5572", "前三138中间6049后四5572", "1386049尾号5572", "138开头后八位60495572",
    "138****5572（6049）", "138****5572 中间6049", "中间6049 138****5572", "138****5572/6049", "l38-6o49-5572",
    "138604955721", "张三13860495572李四", "tel:+86-138-6049-5572", "R13860495572", "13860495572 R1",
    "%31%33%38%36%30%34%39%35%35%37%32", "MTM4NjA0OTU1NzI=",
]  # fmt: skip
"""Ways to write a whole number where a search is typed, or in an address."""
READ = [each for each in ADDRESSES[:26] if "勾" not in each]
"""Those in which the client is found as well; of the others the middle is hidden, and that is all."""


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    site = staffed_site(runtime)
    text(runtime, site, LI, "报备 张三 138****5572")
    text(runtime, site, LI, "报备 李梅 139****5572")
    return site


@pytest.fixture
def manager(runtime: Runtime, site: SiteRow) -> FlaskClient:
    enrol(runtime, "经理", "manager", phone="+8613800000001")
    return visitor(create_app(runtime), "经理")


def tells_nothing(*told: str) -> bool:
    """Tell whether the middle of the number is in none of these, be it as it stands or behind percent signs."""
    return not any(MIDDLE in digits_of(unquote(each)) for each in told)


def without_lots(page: str) -> str:
    """Return a page without what is drawn by lot, and may have any digits."""
    return re.sub(r'name="(?:token|entry)" value="[^"]*"|seed=[\w-]+', "", page)


def places(page: str) -> list[str]:
    """Return all addresses of a page, where it leads and what it asks for by itself."""
    return re.findall(r'(?:href|action|hx-get|hx-post|value)="([^"]*)"', without_lots(page))


def test_the_table_of_addresses_is_long_enough() -> None:
    assert len(set(ADDRESSES)) >= 40


@pytest.mark.parametrize("page", ["/register", "/desk"])
def test_what_is_typed_leads_to_an_address_without_the_middle(manager: FlaskClient, page: str) -> None:
    token, leads = token_of(manager), dict[str, str]()
    for typed in (*ADDRESSES, *SPELLINGS):
        answer = manager.post(page, data={"token": token, "site": "1", "q": typed})
        assert answer.status_code == 303
        leads.setdefault(answer.location, typed)
    for location, typed in leads.items():
        shown = manager.get(location)
        assert shown.status_code == 200, typed
        assert tells_nothing(location, *places(shown.text)), typed


@pytest.mark.parametrize(
    "page", ["/register", "/register/rows", "/desk", "/desk/1/found", "/cases", "/ops", "/no/such/page"]
)
def test_an_old_address_is_answered_by_its_masked_one(runtime: Runtime, manager: FlaskClient, page: str) -> None:
    enrol(runtime, "运维", "ops", "manager")
    client = visitor(create_app(runtime), "运维")
    for typed in ADDRESSES:
        answer = client.get(f"{page}?q={quote(typed)}&site=1", follow_redirects=True)
        assert answer.status_code in (200, 404), typed
        assert page == "/no/such/page" or answer.history, typed
        assert tells_nothing(*(each.location for each in answer.history)), typed
        assert answer.status_code == 404 or tells_nothing(answer.request.url, *places(answer.text)), typed


def test_no_page_takes_a_whole_number_in_an_address(runtime: Runtime, manager: FlaskClient, app: Flask) -> None:
    enrol(runtime, "all", "manager", "consultant", "service", "ops")
    client = visitor(app, "all")
    for rule in rules(app):
        access = access_of(app, rule.endpoint)
        if "GET" in (rule.methods or ()) and access is not None and not access.proved:
            answer = client.get(f"{address(app, rule)}?x=138-6049-5572&138%2060495572", buffered=True)
            assert (answer.status_code, tells_nothing(answer.location or MIDDLE)) == (303, True), rule


def test_whoever_is_not_logged_in_takes_no_number_to_the_login(runtime: Runtime, site: SiteRow) -> None:
    open_site(runtime.engine, "海景", "+85261230000", {"manager": ["+85261230001"]}, "sandbox")
    client = create_app(runtime).test_client()
    for typed in ("138 6049 5572", "6604 9557", "+852 6604 9557"):
        answer = client.get(f"/register?q={quote(typed)}", follow_redirects=True)
        assert answer.request.path == "/login"
        assert tells_nothing(*(each.location for each in answer.history), without_lots(answer.text))


def test_a_client_is_found_by_his_whole_number_as_by_its_mask(manager: FlaskClient) -> None:
    for typed in READ:
        page = post(manager, "/register", site="1", q=typed)
        assert parse_qs(urlsplit(page.location).query)["q"] == ["138****5572"], typed
        assert re.findall(r'class="r-client"><a[^>]*>([^<]+)<', manager.get(page.location).text) == ["张三"]
        assert re.findall(r"<b>(\w+)</b>", post(manager, "/desk/1/found", q=typed).text) == ["张三"]
        assert post(manager, "/desk", site="1", q=typed).location == "/desk?site=1&claim=1"


def test_a_search_keeps_what_it_is_narrowed_by_on_every_page_and_in_files(manager: FlaskClient) -> None:
    answer = post(manager, "/register", site="1", q="张三 13860495572", unit="链家", status="live", flag="no-such-flag")
    assert parse_qs(urlsplit(answer.location).query) == {
        "site": ["1"],
        "q": ["138****5572 张三"],
        "unit": ["链家"],
        "status": ["live"],
    }
    page = manager.get(answer.location).text
    (table,) = re.findall(r'hx-get="(/register/rows[^"]*)"', page)
    assert "张三" in manager.get(table.replace("&amp;", "&")).text
    hidden = dict(re.findall(r'name="(q|unit|status|flag)" value="([^"]*)"', page.split("</header>")[1]))
    assert hidden["q"] == "138****5572 张三"
    assert "张三" in post(manager, "/register/1/export/csv", **hidden).data.decode("utf-8-sig")


def test_numbers_of_a_sites_own_country_are_taken_out_as_well(runtime: Runtime, manager: FlaskClient) -> None:
    open_site(runtime.engine, "海景", "+85261230000", {"manager": ["+85261230001"]}, "sandbox")
    for typed in ("66049557", "6604 9557", "+852 6604-9557"):
        for page in ("/register", "/desk"):
            assert tells_nothing(post(manager, page, site="2", q=typed).location), typed
            assert tells_nothing(manager.get(f"{page}?site=2&q={quote(typed)}").location), typed


def test_a_search_needs_the_pages_token(manager: FlaskClient) -> None:
    for page in ("/register", "/desk", "/desk/1/found", "/phones"):
        assert manager.post(page, data={"q": "5572", "other": "13900000099"}).status_code == 403


def test_no_form_of_a_page_asks_by_its_address_for_what_is_typed(manager: FlaskClient) -> None:
    for page in ("/register", "/desk", "/cases", "/phones", "/register/1/3/0", "/desk/1/log", "/account"):
        for form in re.findall(r'<form[^>]*method="get".*?</form>', manager.get(page).text, re.DOTALL):
            assert re.findall(r'<input[^>]*type="(?!date|hidden)', form) == [], page


SIGNS = "0123456789R* x-./、 :：前后三四位尾号中间开头+▒一八零張万年月日到⑧８"


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(st.sampled_from(SIGNS), max_size=60), st.sampled_from(["CN", "HK"]))
def test_what_was_understood_is_understood_so_again(typed: str, region: str) -> None:
    search = read_search(typed, region=region)
    assert read_search(search.typed, region=region) == search


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("R138 5678", Search(number=138, last4="5678")),
        ("138 5678", Search(first3="138", last4="5678")),
        ("1385678", Search(first3="138", last4="5678")),
        ("李梅 尾号5678", Search(last4="5678", words=("李梅",))),
        ("13812345", Search(first3="138", last4="2345")),
        ("R12345678", Search(number=12345678)),
        ("138****5678 6049", Search(first3="138", last4="5678")),
        ("21世纪 5678", Search(last4="5678", words=("21世纪",))),
    ],
)
def test_digits_are_read_as_in_texts(typed: str, meant: Search) -> None:
    assert read_search(typed) == meant


def test_addresses_with_dates_times_and_places_stay(manager: FlaskClient) -> None:
    for page in (
        "/register/1/3/0?at=2026-11-05T12:00",
        "/desk/1/log?day=2026-11-05",
        "/register?before=1234567-0&site=1",
    ):
        assert manager.get(page).status_code == 200
