"""`/register`: found by whatever one knows of a client, paged by key; whose a client is and was; exports."""

import csv
import io
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from tests.fixtures.large_register import fill
from tests.infrastructure.deciding import LI, MANAGER, WANG, text
from tests.infrastructure.serving import SITE_NUMBER
from tests.infrastructure.visiting import enrol, plain, post, visitor
from tests.sending import NOON, StandingClock
from webhook.app import create_app
from webhook.register_chips import count_words
from worker.decide.set_up import SiteRow, open_site, put
from worker.readers.register import STATUSES, Key, register_page, register_rows
from worker.readers.register_counts import Count, register_counts
from worker.readers.search import CLAIMS, ENDING, NO_CLAIM, OLDEST, Search, read_search
from worker.runtime import Runtime
from worker.store.schema import acts, claims, cursors


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> SiteRow:
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, {"manager": [MANAGER]}, "sandbox", clock=clock)
    people = [{"name": "李四", "phone": LI, "unit": "链家"}, {"name": "王五", "phone": WANG, "unit": "贝壳"}]
    put(runtime.engine, site, "roster", {"people": [{"kind": "distributor"} | each for each in people]}, clock)
    return site


@pytest.fixture
def client(runtime: Runtime, site: SiteRow) -> FlaskClient:
    enrol(runtime, "manager", "manager")
    return visitor(create_app(runtime), "manager")


@pytest.fixture
def reports(runtime: Runtime, site: SiteRow, clock: StandingClock) -> None:
    """Three clients, of whom one was reported by another unit before."""
    for sender, words in (
        (LI, "报备 张三 138****5678"),
        (LI, "报备 欧阳明 186****9012"),
        (WANG, "报备 李梅 139****5678"),
        (WANG, "报备 张三 138****5678"),
    ):
        text(runtime, site, sender, words)
        clock.move(minutes=1)


def found(client: FlaskClient, **query: str) -> list[str]:
    """Return the clients of the rows that the page shows."""
    page = client.get("/register", query_string={"status": "all"} | query, follow_redirects=True)
    assert page.status_code == 200
    return re.findall(r'class="r-client"><a[^>]*>([^<]+)<', page.text)


SEARCHES = (
    ("", ["张三", "李梅", "欧阳明", "张三"]),
    ("张", ["张三", "张三"]),
    ("欧阳", ["欧阳明"]),
    ("138****5678", ["张三", "张三"]),
    ("138xxxx5678", ["张三", "张三"]),
    ("１３８５６７８", ["张三", "张三"]),
    ("13812345678", ["张三", "张三"]),
    ("+86 138 1234 5678", ["张三", "张三"]),
    ("5678", ["张三", "李梅", "张三"]),
    ("R2", ["欧阳明"]),
    ("r2", ["欧阳明"]),
    ("王五", ["张三", "李梅"]),
    ("链家 张", ["张三"]),
    ("zs", ["张三", "张三"]),
    ("oym", ["欧阳明"]),
    ("ym", []),
    ("ww 5678", ["张三", "李梅"]),
    ("張三", ["张三", "张三"]),
    ("D1", []),
    ("贝壳 5678 李", ["李梅"]),
    ("%", []),
    ("_", []),
    ("'; drop table reports; --", []),
)


@pytest.mark.usefixtures("reports")
def test_a_client_is_found_by_whatever_one_knows(client: FlaskClient) -> None:
    for typed, clients in SEARCHES:
        assert found(client, q=typed) == clients, typed


@pytest.mark.usefixtures("reports")
def test_registrations_come_first_and_what_won_nothing_on_demand(client: FlaskClient) -> None:
    page = client.get("/register").text
    assert found(client, status="") == ["李梅", "欧阳明", "张三"]
    (link,) = re.findall(r'href="([^"]*)">未登记成功 <span class="filter-count">1<', page)
    assert link == "/register?site=1&amp;status=none"
    assert "已登记 3 有效 3" in plain(page)
    assert found(client, status="none") == ["张三"]
    # A file holds what the page shows.
    posted = dict(
        re.findall(r'name="(q|unit|status|flag|soon|from|to|sort)" value="([^"]*)"', page.split("</header>")[1])
    )
    taken = post(client, "/register/1/export/csv", **posted).data.decode("utf-8-sig")
    assert [row["客户"] for row in csv.DictReader(io.StringIO(taken))] == ["张三", "欧阳明", "李梅"]
    assert "在全部来信中查找" in client.get("/register?q=%E4%BD%95%E5%81%A5").text


@pytest.mark.usefixtures("reports")
def test_each_claim_shows_its_text_its_place_and_its_day(client: FlaskClient) -> None:
    page = client.get("/register?q=R1").text
    assert "11-2 12:00:00 第 3 位" in plain(page)
    (shown,) = re.findall(r'<tr class="r-text" id="text-3-0" hidden>(.*?)</tr>', page, re.DOTALL)
    assert plain(shown).strip() == "报备 张三 138****5678"
    assert "报备 张三 138****5678" in plain(client.get("/register/1/3/0").text)


def test_a_client_is_found_by_the_numbers_of_his_form_and_his_dispute(
    runtime: Runtime, site: SiteRow, client: FlaskClient
) -> None:
    for sender, words in (
        (LI, "报备 张三 138****5678"),
        (WANG, "报备 李梅 139****5678"),
        (WANG, "到访 李梅 139****5678"),
        (WANG, "异议 张三 138****5678 上月由我带看"),
    ):
        text(runtime, site, sender, words)
    for typed, clients in (("V1", ["李梅"]), ("v1", ["李梅"]), ("D1", ["张三"]), ("V1 D1", []), ("V7", [])):
        assert found(client, q=typed, status="") == clients, typed
        assert found(client, q=typed) == clients, typed


@pytest.mark.usefixtures("reports")
def test_days_narrow_the_register_by_the_sites_calendar(
    runtime: Runtime, site: SiteRow, client: FlaskClient, clock: StandingClock
) -> None:
    clock.now = NOON + timedelta(hours=12)  # Midnight there.
    text(runtime, site, LI, "报备 林海 199****8815")
    early = {"李梅", "欧阳明", "张三"}
    for days, clients in (
        ({"from": "2026-11-03"}, {"林海"}),
        ({"to": "2026-11-02"}, early),
        ({"from": "2026-11-02", "to": "2026-11-02"}, early),
        ({"from": "2026-11-02", "to": "2026-11-03"}, early | {"林海"}),
        ({"from": "2026-11-04"}, set()),
        ({"from": "yesterday", "to": "2026-13-01"}, early | {"林海"}),
    ):
        assert set(found(client, **days, status="")) == set(found(client, **days)) == clients, days
    answer = post(client, "/register", site="1", q="张", **{"from": "2026-11-02", "sort": "oldest"})
    assert answer.location == "/register?site=1&q=%E5%BC%A0&from=2026-11-02&sort=oldest"
    exported = post(client, "/register/1/export/csv", **{"from": "2026-11-03"}).data.decode("utf-8-sig")
    assert [row["客户"] for row in csv.DictReader(io.StringIO(exported))] == ["林海"]


@pytest.mark.usefixtures("reports")
def test_what_ends_soon_is_a_filter_and_an_order(client: FlaskClient, clock: StandingClock, runtime: Runtime) -> None:
    assert found(client, soon="1") == []
    clock.now = NOON + timedelta(days=6, minutes=1)
    client = visitor(create_app(runtime), "manager")
    assert "24 小时内到期 2" in plain(client.get("/register").text)
    assert found(client, soon="1", status="") == ["欧阳明", "张三"]
    assert found(client, sort="ending", status="") == ["张三", "欧阳明", "李梅"]
    assert found(client, sort="oldest", status="") == ["张三", "欧阳明", "李梅"]


@pytest.mark.usefixtures("reports")
def test_a_whole_number_typed_is_shown_again_without_its_middle(client: FlaskClient) -> None:
    answer = client.get("/register?q=13812345678")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "13812345678" not in answer.location + page
    assert 'value="138****5678"' in page


@pytest.mark.usefixtures("reports")
def test_unit_and_state_narrow_what_is_shown(client: FlaskClient, clock: StandingClock) -> None:
    assert found(client, unit="链家") == ["欧阳明", "张三"]
    assert found(client, status="live") == ["李梅", "欧阳明", "张三"]
    assert found(client, status="none") == ["张三"]
    assert found(client, status="live", unit="贝壳", q="梅") == ["李梅"]
    assert found(client, status="no-such-status") == []


@pytest.mark.usefixtures("reports")
def test_the_time_left_is_shown_while_it_runs(runtime: Runtime, client: FlaskClient, clock: StandingClock) -> None:
    page = plain(client.get("/register?q=R1").text)
    assert "张三 138****5678 R1 有效 6 天 23 小时" in page
    for at, status in ((NOON + timedelta(days=7, microseconds=-1), "有效"), (NOON + timedelta(days=7), "已过期")):
        clock.now = at
        page = plain(visitor(create_app(runtime), "manager").get("/register?q=R1").text)
        assert f"张三 138****5678 R1 {status}" in page


@pytest.mark.usefixtures("reports")
def test_whose_a_client_is_now_and_was_at_any_moment(
    runtime: Runtime, site: SiteRow, client: FlaskClient, clock: StandingClock
) -> None:
    clock.move(days=8)
    text(runtime, site, WANG, "报备 张三 138****5678")
    client = visitor(create_app(runtime), "manager")
    page = plain(client.get(f"/register/{site.id}/3/0").text)
    assert "张三 138****5678" in page
    assert "客户归属 现在 贝壳 · 王五" in page
    assert "R7 报备在有效期内" in page
    assert "已被先报备" in page
    for at, whose in (
        ("2026-11-02T11:59", "无人，公共资源 原因 R6"),
        ("2026-11-05T12:00", "链家 · 李四"),
        ("2026-11-09T12:00", "无人，公共资源 原因 R8"),
        ("2026-11-10T12:10", "贝壳 · 王五"),
    ):
        assert whose in plain(client.get(f"/register/{site.id}/3/0?at={at}").text), at
    assert client.get(f"/register/{site.id}/3/0?at=yesterday").status_code == 200
    assert client.get(f"/register/{site.id}/3/1").status_code == 404


@pytest.mark.usefixtures("reports")
def test_another_clients_reports_on_the_number_stand_apart(
    runtime: Runtime, site: SiteRow, client: FlaskClient
) -> None:
    text(runtime, site, WANG, "报备 何健 138****5678")
    page = plain(client.get(f"/register/{site.id}/3/0").text)
    assert page.index("同号的其他客户") < page.index("何健")


@pytest.mark.usefixtures("reports")
def test_an_export_holds_what_is_filtered_and_is_recorded(runtime: Runtime, site: SiteRow, client: FlaskClient) -> None:
    answer = post(client, f"/register/{site.id}/export/csv", q="贝壳", status="none")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["客户"], row["客户电话"], row["状态"]) for row in rows] == [("张三", "138****5678", "已被先报备")]
    with runtime.engine.connect() as connection:
        head = connection.execute(select(cursors.c.head)).scalar_one()[:8]
        done = connection.execute(select(acts.c.user_id, acts.c.about).where(acts.c.what == "export")).all()
    assert f"-{head}.csv" in answer.headers["Content-Disposition"]
    assert [tuple(row) for row in done] == [(1, f"site {site.id} csv head {head}")]


def test_what_could_be_a_formula_is_quoted_in_exports(runtime: Runtime, site: SiteRow, client: FlaskClient) -> None:
    row = {"client": "=1+1", "first3": "138", "last4": "5678", "agent": "李四", "unit": "链家"}
    put(runtime.engine, site, "import", {"rows": [row | {"reported_at": NOON.isoformat()}]}, runtime.clock)
    assert b"'=1+1" in post(client, f"/register/{site.id}/export/csv").data
    sheet = load_workbook(io.BytesIO(post(client, f"/register/{site.id}/export/xlsx").data)).active
    assert sheet is not None
    assert [sheet.cell(2, column).value for column in (3, 4)] == ["'=1+1", "138****5678"]


@pytest.mark.usefixtures("reports")
def test_nobody_sees_another_sites(runtime: Runtime, site: SiteRow, clock: StandingClock) -> None:
    other = open_site(runtime.engine, "云栖台", "+8613800000010", {"manager": [MANAGER]}, "sandbox", clock=clock)
    enrol(runtime, "there", "manager", site_id=other.id)
    there = visitor(create_app(runtime), "there")
    assert found(there, site=str(site.id)) == []
    assert "翡翠湾" not in there.get("/register").text
    assert there.get(f"/register/{site.id}/3/0").status_code == 404
    assert post(there, f"/register/{site.id}/export/csv").status_code == 404


@pytest.mark.usefixtures("reports")
def test_only_who_may_export_is_offered_it(runtime: Runtime, client: FlaskClient) -> None:
    enrol(runtime, "consultant", "consultant")
    assert "/export/" in client.get("/register").text
    assert "/export/" not in visitor(create_app(runtime), "consultant").get("/register").text


@pytest.mark.usefixtures("reports")
def test_the_table_is_sent_again_only_when_it_changed(runtime: Runtime, site: SiteRow, client: FlaskClient) -> None:
    first = client.get("/register/rows")
    mark = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/register/rows", headers=mark).status_code == 304
    text(runtime, site, LI, "报备 林海 199****8815")
    assert "林海" in client.get("/register/rows", headers=mark).text


def test_without_a_site_the_page_says_so(runtime: Runtime) -> None:
    enrol(runtime, "manager", "manager")
    client = visitor(create_app(runtime), "manager")
    assert "还没有案场" in client.get("/register").text
    assert client.get("/register/rows").status_code == 404


# ---- A larger register ---------------------------------------------------------------------------------------------


@pytest.fixture
def large(runtime: Runtime, clock: StandingClock) -> SiteRow:
    """Three hundred reports, with claims in every state."""
    site = fill(runtime.engine, 300, clock.now)
    with runtime.engine.begin() as connection:
        for state, numbers in (("contested", (290, 20)), ("displaced", (291, 21)), ("denied", (292, 22))):
            connection.execute(update(claims).where(claims.c.number.in_(numbers)).values(state=state))
        young = claims.c.number > 280
        connection.execute(update(claims).where(young, claims.c.number % 5 == 0).values(renewed_at=clock.now))
        connection.execute(update(claims).where(claims.c.number % 31 == 0).values(deal_at=clock.now - timedelta(1)))
        connection.execute(update(claims).where(claims.c.number % 37 == 0).values(deal_at=clock.now + timedelta(1)))
    return site


def keys(runtime: Runtime, site: SiteRow, search: Search) -> list[Key]:
    """Walk all pages towards the oldest, and back; return the keys of their rows."""
    now, pages, before = runtime.clock(), [], None
    while True:
        pages.append(register_page(runtime.engine, site.id, search, now, before=before))
        if pages[-1].older is None:
            break
        before = pages[-1].older
    for newer, older in pairwise(pages):
        assert register_page(runtime.engine, site.id, search, now, after=older.newer).rows == newer.rows
    return [(row.seq, row.part) for page in pages for row in page.rows]


def test_pages_hold_every_report_once_the_newest_first(runtime: Runtime, large: SiteRow) -> None:
    every = [(row.seq, row.part) for row in register_rows(runtime.engine, runtime.clock())]
    assert len(every) == 300
    assert keys(runtime, large, Search()) == every[::-1]


def test_a_filter_by_state_finds_exactly_what_is_in_it(runtime: Runtime, large: SiteRow) -> None:
    every = list(register_rows(runtime.engine, runtime.clock()))
    for status in (*STATUSES, NO_CLAIM):
        wanted = [(r.seq, r.part) for r in every if (r.status if r.status in STATUSES else NO_CLAIM) == status]
        assert wanted, status
        assert keys(runtime, large, Search(status=status)) == wanted[::-1], status


@pytest.mark.parametrize("order", [OLDEST, ENDING])
def test_pages_hold_every_report_once_in_any_order(runtime: Runtime, large: SiteRow, order: str) -> None:
    rows = [row for row in register_rows(runtime.engine, runtime.clock()) if row.status in STATUSES]
    if order == ENDING:
        # What is given up, sold or over has no end to wait for.
        running = ("live", "renewed", "visited", "suspected", "contested")
        sold_later = {f"R{number}" for number in range(0, 300, 37)}
        rows = [row for row in rows if row.status in running and row.number not in sold_later]
        rows.sort(key=lambda row: (str(row.ends_at), row.seq))
    assert rows
    assert keys(runtime, large, Search(status=CLAIMS, order=order)) == [(row.seq, row.part) for row in rows]


def test_each_filter_counts_what_stands_behind_it(
    runtime: Runtime, large: SiteRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, every = runtime.clock(), list(register_rows(runtime.engine, runtime.clock()))
    counts = register_counts(runtime.engine, large.id, Search(), now)
    for status in STATUSES:
        assert counts[status] == Count(sum(row.status == status for row in every)), status
    won = sum(row.status in STATUSES for row in every)
    assert (counts[CLAIMS], counts[NO_CLAIM]) == (Count(won), Count(300 - won))
    assert counts["soon"].number == len(keys(runtime, large, Search(status=CLAIMS, soon=True))) > 0
    words = Search(words=(every[0].agent,), status="expired")
    of_agent = register_counts(runtime.engine, large.id, words, now)
    assert of_agent[CLAIMS].number == len(keys(runtime, large, Search(words=(every[0].agent,), status=CLAIMS))) > 0
    monkeypatch.setattr("worker.readers.register_counts.LOOKED_AT", 100)
    bounded = register_counts(runtime.engine, large.id, Search(), now)
    assert (bounded[CLAIMS].more, bounded[CLAIMS].number) == (True, 100)
    assert [count_words(each) for each in (Count(0), Count(7), Count(7, True), Count(0, True), Count(1000))] == [
        *("0", "7", "7+", "", "999+")
    ]


def test_the_first_page_has_nothing_newer_and_the_last_nothing_older(runtime: Runtime, large: SiteRow) -> None:
    enrol(runtime, "manager", "manager")
    client = visitor(create_app(runtime), "manager")
    first = client.get("/register").text
    assert ('rel="prev"' in first, 'rel="next"' in first) == (False, True)
    last = client.get("/register?before=52-0").text
    assert ('rel="prev"' in last, 'rel="next"' in last) == (True, False)
    assert client.get("/register?before=x-y").status_code == 200
    assert client.get(f"/register?before={'9' * 40}-0").status_code == 200


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("R1024", Search(number=1024)),
        ("1024", Search(last4="1024")),
        ("12345", Search(number=12345)),
        ("138…5678", Search(first3="138", last4="5678")),
        ("138-5678", Search(first3="138", last4="5678")),
        ("8613812345678", Search(first3="138", last4="5678")),
        ("张三 R7", Search(number=7, words=("张三",))),
        ("a b c d e f g h", Search(words=("a", "b", "c", "d", "e", "f"))),
    ],
)
def test_what_is_typed_is_understood(typed: str, meant: Search) -> None:
    assert read_search(typed) == meant
    assert read_search(meant.typed) == meant
