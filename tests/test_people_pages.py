"""The people of a site on pages: the roster line by line and as a file, staff, and who may log in."""

import io
import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, SERVICE, WANG, text
from tests.infrastructure.visiting import (
    PASSWORD,
    enrol,
    hidden_fields,
    log_in,
    plain,
    post,
    post_for_sure,
    token_of,
    visitor,
)
from tests.sending import StandingClock
from webhook.people_import import LARGEST
from worker.accounts.users import User, all_users
from worker.decide.set_up import SiteRow, open_site, site_named
from worker.readers.roster import roster_of
from worker.rules.model import Listed
from worker.runtime import Runtime
from worker.store.schema import acts, inbox, replies

HEAD = "姓名,电话,单位,起,止,别名\n"
ADD = "/setup/people/1"
STAFF = "/setup/staff/1"


def listed(runtime: Runtime) -> dict[str, Listed]:
    return {line.phone: line for line in roster_of(runtime.engine, 1).people}


def places(runtime: Runtime) -> int:
    """Return how much stands in the lines."""
    with runtime.engine.connect() as connection:
        return len(connection.execute(select(inbox.c.seq)).all())


def acts_of(runtime: Runtime) -> list[str]:
    with runtime.engine.connect() as connection:
        return list(connection.execute(select(acts.c.what).where(acts.c.about.startswith("site "))).scalars())


def upload(client: FlaskClient, content: str | bytes, path: str = "/setup/people/import/1") -> TestResponse:
    raw = content.encode() if isinstance(content, str) else content
    return client.post(path, data={"token": token_of(client), "file": (io.BytesIO(raw), "名单.csv")})


def previewed(page: TestResponse) -> str:
    found = re.search(r'name="previewed" value="([^"]+)"', page.text)
    assert found, plain(page.text)
    return unescape(found[1])


def link_to(page: str, name: str) -> str:
    found = re.search(rf'href="([^"]+)">{name}</a>', page)
    assert found, plain(page)
    return found[1]


# ---- Line by line --------------------------------------------------------------------------------------------------


def test_a_person_is_put_on_the_roster_changed_and_taken_off(
    runtime: Runtime, manager: FlaskClient, clock: StandingClock
) -> None:
    person = {"name": "赵云", "phone": "139 0000 0031", "unit": "链家", "to": "2026-12-31", "aliases": "阿云、小赵"}
    assert post(manager, ADD, **person).status_code == 303
    line = listed(runtime)["+8613900000031"]
    assert (line.name, line.unit, line.to_day, line.aliases) == ("赵云", "链家", date(2026, 12, 31), ("阿云", "小赵"))
    again = post(manager, ADD, **person | {"unit": "贝壳"})
    assert again.status_code == 422
    assert "他已在名单上：赵云，链家" in plain(again.text)
    path = link_to(manager.get("/setup/people?q=0031").text, "赵云")
    # What is not said any more is gone: a name by which he is called, the last day.
    assert post(manager, path, name="赵云", unit="贝壳", aliases="阿云").status_code == 303
    line = listed(runtime)["+8613900000031"]
    assert (line.unit, line.to_day, line.aliases) == ("贝壳", None, ("阿云",))
    assert post_for_sure(manager, f"{path}/end", last="").status_code == 303
    assert not listed(runtime)["+8613900000031"].on(clock().date())
    assert "赵云" in plain(manager.get("/setup/people?state=ended").text)
    # As by the same clicks a second time: whatever was put in line before, it is not taken for a repeat.
    assert post(manager, ADD, **person).status_code == 303
    assert post_for_sure(manager, f"{path}/end").status_code == 303
    assert not listed(runtime)["+8613900000031"].on(clock().date())
    assert acts_of(runtime) == ["roster_added", "roster_changed", "roster_ended", "roster_added", "roster_ended"]


def test_who_ends_is_shown_with_his_live_claims_before(runtime: Runtime, manager: FlaskClient) -> None:
    path, before = link_to(manager.get("/setup/people").text, "李四"), places(runtime)
    assert "R1 张三" in plain(manager.get(path).text)
    asked = plain(post(manager, f"{path}/end", last="").text)
    assert "R1 张三 138****5678" in asked
    assert "归链家，其他业务员可继续办理" in asked
    assert places(runtime) == before
    with_a_day = post_for_sure(manager, f"{path}/end", last="2030-01-31")
    assert with_a_day.status_code == 303
    assert listed(runtime)[LI].to_day == date(2030, 1, 31)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"phone": MANAGER}, "一个手机同时只有一种身份"),
        ({"phone": "12"}, "“12”"),
        ({"name": "赵" * 201}, "超过200个字符"),
        ({"name": ""}, "“姓名”没有填"),
        ({"from": "2026-12-02", "to": "2026-12-01"}, "开始日期晚于截止日期"),
        ({"unit": "链家", "kind": "own"}, "链家的类别已是"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(
    runtime: Runtime, manager: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    before = places(runtime)
    refused = post(manager, ADD, **{"name": "赵云", "phone": "13900000031", "unit": "链家"} | fields)
    assert refused.status_code == 422
    assert sentence in plain(refused.text)
    assert "链家" in refused.text
    assert places(runtime) == before


# ---- As a file -----------------------------------------------------------------------------------------------------


def test_a_list_is_previewed_line_by_line_and_then_carried_out(runtime: Runtime, manager: FlaskClient) -> None:
    before = places(runtime)
    rows = [
        ["赵云", "13900000031", "世纪新房", "", "", "阿云"],
        ["李四", LI, "链家", "", "2026-01-31", ""],
        ["王五", WANG, "链家", "2026-11-01", "", ""],
        ["郑丽", "13900000041", "公司业务部", "", "", ""],
    ]
    page = upload(manager, HEAD + "".join(",".join(row) + "\n" for row in rows))
    said = plain(page.text)
    assert "1 新增 1 变动 1 结束 1 不变" in said
    assert "世纪新房" in said[said.index("新单位") :]
    assert "止 — → 2026-01-31" in said
    assert "1组有效报备" in said
    assert "单位 贝壳 → 链家" in said
    assert places(runtime) == before, "nothing is written before it was confirmed"
    done = post(manager, "/setup/people/import/1/sure", previewed=previewed(page))
    assert done.status_code == 303
    assert "1人新增，1人变动，1人结束，1人不变" in plain(manager.get(done.location).text)
    lines = listed(runtime)
    assert (lines["+8613900000031"].unit, lines[WANG].unit, lines[LI].to_day) == ("世纪新房", "链家", date(2026, 1, 31))
    assert acts_of(runtime) == ["roster_imported"]
    assert "名单已是如此" in plain(upload(manager, HEAD + ",".join(rows[0])).text)


def test_a_preview_is_of_one_user_and_site_and_shown_anew_when_the_roster_has_moved(
    app: Flask, runtime: Runtime, manager: FlaskClient, clock: StandingClock
) -> None:
    other = open_site(runtime.engine, "云栖府", "+8613800000100", {"manager": ["+8613800000101"]}, "sandbox")
    enrol(runtime, "second", "manager", site_id=other.id)
    enrol(runtime, "colleague", "manager", site_id=1)
    shown = previewed(upload(manager, f"{HEAD}王五,{WANG},链家,,,\n"))
    before = places(runtime)
    sure = "/setup/people/import/{}/sure"
    second, colleague = visitor(app, "second"), visitor(app, "colleague")
    # Neither by another user, nor into another site, nor with a letter changed.
    assert post(second, sure.format(1), previewed=shown).status_code == 404
    for who, site, what in ((second, 2, shown), (colleague, 1, shown), (manager, 2, shown), (manager, 1, f"{shown}A")):
        post(who, sure.format(site), previewed=what)
    assert places(runtime) == before
    post(manager, link_to(manager.get("/setup/people").text, "王五"), name="王五", unit="公司业务部")
    agent_and_staff = previewed(upload(manager, f"{HEAD}王五,13900000038,链家,,,\n"))
    post(manager, STAFF, name="吴敏", phone="13900000038", role="service", current=PASSWORD)
    post(manager, sure.format(1), previewed=agent_and_staff)
    assert "+8613900000038" not in listed(runtime), "a phone has one role, whoever got it meanwhile"
    anew = post(manager, sure.format(1), previewed=shown)
    assert "期间情况有变" in plain(anew.text)
    assert "公司业务部 → 链家" in plain(anew.text)
    assert listed(runtime)[WANG].unit == "公司业务部"
    post(manager, sure.format(1), previewed=previewed(anew))
    assert listed(runtime)[WANG].unit == "链家"


def test_further_names_of_a_unit_are_shown_and_are_no_other_units(runtime: Runtime, manager: FlaskClient) -> None:
    def of_units(rows: str) -> TestResponse:
        return upload(manager, f"姓名,电话,单位,单位别名\n{rows}")

    def carry_out(page: TestResponse) -> TestResponse:
        return post(manager, "/setup/people/import/1/sure", previewed=previewed(page))

    line = f"李四,{LI},链家,"
    shown = of_units(line + "自如\n")
    assert "链家 · 别名 — → 自如" in plain(shown.text), "though no line of the roster changes"
    carry_out(of_units(line + "德佑\n"))
    anew = carry_out(shown)
    assert "德佑 → 德佑、自如" in plain(anew.text), "what was shown has changed meanwhile"
    carry_out(anew)
    assert 'name="previewed"' not in of_units(line + "自如\n").text
    assert "太平洋 · 别名 太平洋房屋" in plain(of_units("周涛,13900000013,太平洋,太平洋房屋\n").text)
    for other in ("周涛,13900000013,贝壳,自如\n", f"周涛,13900000013,贝壳,\n{line}贝壳\n"):
        refused = of_units(other)
        assert refused.status_code == 422
        assert "不能再作" in plain(refused.text)


def test_bad_lines_have_their_numbers_and_how_to_mend_them(runtime: Runtime, manager: FlaskClient) -> None:
    before = places(runtime)
    bad = upload(manager, f"{HEAD}赵云,1390000003,链家,,,\n,13900000032,链家,,,\n周,13900000033,链家,,11月,\n")
    assert bad.status_code == 422
    assert re.findall(r"第(\d)行", plain(bad.text)) == ["2", "3", "4"]
    for sentence in ("“1390000003”", "“姓名”没有填", "请写2026-11-01"):
        assert sentence in plain(bad.text)
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["姓名", "电话"])
    book.save(content)
    assert "表头缺少“单位”" in plain(upload(manager, content.getvalue()).text)
    assert "无法读取" in plain(upload(manager, b"PK\x03\x04").text)
    assert upload(manager, b"").status_code == 303
    assert places(runtime) == before


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_taken_away_changes_nothing_when_it_comes_back(
    runtime: Runtime, manager: FlaskClient, form: str, language: str
) -> None:
    post(manager, "/preferences", language=language, next="/")
    post(manager, ADD, name="=1+1", phone="13900000031", unit="链家", aliases="阿云、小赵")
    post(
        manager, ADD, **{"name": "周", "phone": "13900000032", "unit": "链家", "from": "2026-11-01", "to": "2026-12-01"}
    )
    file = post(manager, f"/setup/people/1/file/{form}")
    assert file.status_code == 200
    if form == "csv":
        assert "'=1+1" in file.data.decode("utf-8-sig"), "no formula"
    page = upload(manager, file.data)
    assert page.text.count("<b>5</b>") == 1, plain(page.text)
    assert 'name="previewed"' not in page.text
    template = manager.get(f"/setup/people/template/{form}")
    assert template.status_code == 200
    assert ("表头下面没有内容" if language == "zh" else "no lines below its header") in upload(
        manager, template.data
    ).text


def test_a_large_list_is_taken_of_who_may_import_it_alone(app: Flask, manager: FlaskClient) -> None:
    many = HEAD + "".join(f"李四,{LI},链家,,,{n:0>30}\n" for n in range(3_000))
    assert len(many) > 128 * 1024
    assert upload(manager, many).status_code == 422, "read, and refused for what stands in it"
    assert upload(manager, many, "/preferences").status_code == 413
    guide = visitor(app, "consultant")
    assert upload(guide, many).status_code == 413
    endless = {"content_type": "multipart/form-data; boundary=x", "data": b"x" * (LARGEST + 1)}
    assert manager.post("/setup/people/import/1", **endless).status_code == 413


def test_of_thousands_a_page_shows_those_who_are_looked_for(runtime: Runtime, manager: FlaskClient) -> None:
    post(manager, ADD, name="欧阳修", phone="13900000031", unit="世纪新房", aliases="老欧")
    for words in ("欧阳", "老欧", "0031", "139****0031", "世纪 欧阳"):
        page = plain(manager.get("/setup/people", query_string={"q": words}).text)
        assert "欧阳修" in page, words
        assert "李四" not in page, words
    assert manager.get("/setup/people?q=13900000031").status_code == 303, "no address holds a whole number"
    assert "没有符合的人" in plain(manager.get("/setup/people?q=诸葛").text)
    assert manager.get("/setup/people?at=99").status_code == 200


# ---- Who may -------------------------------------------------------------------------------------------------------


def test_a_manager_changes_his_own_site_and_nobody_else_any(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    other = open_site(runtime.engine, "云栖府", "+8613800000100", {"manager": ["+8613800000101"]}, "sandbox")
    enrol(runtime, "second", "manager", site_id=other.id)
    second, before = visitor(app, "second"), places(runtime)
    person = {"name": "赵云", "phone": "13900000031", "unit": "链家"}
    assert post(second, ADD, **person).status_code == 404
    assert upload(second, f"{HEAD}赵云,13900000031,链家,,,\n").status_code == 404
    for path in ("/setup/people/1/file/csv", "/setup/people/1/0123456789abcdef/end"):
        assert post(second, path).status_code == 404
    # The key of a line is good at its own site alone.
    key = link_to(visitor(app, "manager").get("/setup/people").text, "李四").rpartition("/")[2]
    assert second.get(f"/setup/people/2/{key}").status_code == 404
    for role in ("consultant", "service"):
        assert post(visitor(app, role), ADD, **person).status_code == 403
    forged = visitor(app, "manager").post(ADD, data={"token": "forged"} | person)
    assert forged.status_code == 403
    assert places(runtime) == before


# ---- Staff ---------------------------------------------------------------------------------------------------------


def staff(runtime: Runtime) -> tuple[dict[str, str], dict[str, str]]:
    """Return who is staff of the first site, in which role and by what name."""
    state = site_named(runtime.engine, "翡翠湾").state
    return state["staff"], state.get("names", {})


def told(runtime: Runtime) -> list[tuple[str, str]]:
    """Return whom a moved phone was told of, and in what words."""
    with runtime.engine.connect() as connection:
        rows = connection.execute(select(replies.c.recipient, replies.c.words).where(replies.c.code == "phone_moved"))
        return [(row.recipient, row.words) for row in rows]


def test_staff_has_names_and_papers_and_the_desk_show_them(runtime: Runtime, manager: FlaskClient) -> None:
    assert "names" not in site_named(runtime.engine, "翡翠湾").state, "as lines were kept before there were names"
    key = re.findall(rf'href="{STAFF}/([0-9a-f]+)"', manager.get("/setup/staff").text)[0]
    assert post(manager, f"{STAFF}/{key}", name="周敏", role="manager", current=PASSWORD).status_code == 303
    given = {"name": "吴敏", "phone": "13800000004", "role": "service", "current": PASSWORD}
    assert post(manager, STAFF, **given).status_code == 303
    assert staff(runtime)[1] == {MANAGER: "周敏", "+8613800000004": "吴敏"}
    text(runtime, site_named(runtime.engine, "翡翠湾"), LI, "到访 张三 138****5678")
    text(runtime, site_named(runtime.engine, "翡翠湾"), MANAGER, "签 V1")
    for page in ("/desk", "/desk/1/forms/1", "/register/1/3/0"):
        assert "周敏" in plain(manager.get(page).text), page
    # Who signed then is on the paper, whoever has the phone later.
    post(manager, f"{STAFF}/{key}", name="郑敏", role="manager", current=PASSWORD)
    assert "周敏" in plain(manager.get("/desk/1/forms/1").text)


def test_a_staff_phone_changes_for_who_knows_his_password_and_the_old_one_is_told(
    runtime: Runtime, manager: FlaskClient
) -> None:
    keys = re.findall(rf'href="{STAFF}/([0-9a-f]+)"', manager.get("/setup/staff").text)
    path = f"{STAFF}/{keys[1]}/phone"
    for wrong in ({"current": "not it"}, {"current": PASSWORD, "phone": LI}, {"current": PASSWORD, "phone": MANAGER}):
        assert post(manager, path, **{"phone": "13800000077"} | wrong).status_code == 422, wrong
    assert told(runtime) == []
    assert post(manager, path, phone="13800000077", current=PASSWORD).status_code == 303
    assert staff(runtime)[0]["+8613800000077"] == "consultant"
    assert CONSULTANT not in staff(runtime)[0]
    [(recipient, words)] = told(runtime)
    assert recipient == CONSULTANT
    assert "尾号0077" in words
    # Nobody takes the last manager away, neither his role nor his phone.
    for act in ("remove", ""):
        given = {"role": "service", "name": "", "current": PASSWORD}
        refused = post_for_sure(manager, f"{STAFF}/{keys[0]}/{act}".rstrip("/"), **given)
        assert "至少要有一位经理" in plain(refused.text)
    assert staff(runtime)[0][MANAGER] == "manager"


def test_a_stranger_at_an_open_page_takes_no_site_over(app: Flask, runtime: Runtime, manager: FlaskClient) -> None:
    enrol(runtime, "colleague", "manager", site_id=1)
    key = re.findall(rf'href="{STAFF}/([0-9a-f]+)"', manager.get("/setup/staff").text)[1]
    guide, before = f"/setup/users/{accounts(runtime)['consultant'].id}", (staff(runtime), accounts(runtime))
    new = {"name": "rival", "phone": "13800000066", "role": "manager", "site": "1"}
    for path in (STAFF, f"{STAFF}/{key}", "/setup/users", f"{guide}/rights"):
        refused = post(manager, path, **new, current="guess")
        assert (refused.status_code, "密码不对" in plain(refused.text)) == (422, True), path
    for path in (f"{STAFF}/{key}/remove", *(f"{guide}/{act}" for act in ("link", "off"))):
        asked = post(manager, path)
        refused = manager.post(path, data=hidden_fields(asked.text) | {"current": "guess"})
        assert "密码不对" in plain(refused.text), path
        assert "guess" not in refused.text
    assert (staff(runtime), accounts(runtime), told(runtime)) == (*before, [])
    assert post(manager, STAFF, **new, current=PASSWORD).status_code == 303
    assert told(runtime) == [(MANAGER, "翡翠湾的人员有变动(尾号0066)。若非案场所为，请即到网页查看并更改密码")]
    assert post_for_sure(manager, f"{STAFF}/{key}/remove").status_code == 303
    assert {recipient for recipient, _ in told(runtime)} == {MANAGER, CONSULTANT, "+8613800000066"}
    post(manager, "/setup/users", name="ghost", role="manager", site="1", current=PASSWORD)
    assert "新增账号" in plain(visitor(app, "colleague").get("/ops/acts").text)


# ---- Users ---------------------------------------------------------------------------------------------------------


def accounts(runtime: Runtime) -> dict[str, User]:
    return {user.name: user for user in all_users(runtime.engine)}


def test_a_manager_adds_a_user_of_his_site_who_chooses_a_password_by_a_link(
    app: Flask, runtime: Runtime, site: SiteRow, clock: StandingClock
) -> None:
    enrol(runtime, "head", "manager", site_id=site.id, phone="+8613800000005")
    head = visitor(app, "head")
    given = {"name": "吴敏", "role": ["consultant", "service"], "site": "1", "phone": "13800000006"}
    given |= {"current": PASSWORD}
    page = head.post("/setup/users", data={"token": token_of(head)} | given)
    taken = head.post("/setup/users", data={"token": token_of(head)} | given)
    assert taken.status_code == 422
    assert re.findall(r'name="role" value="(\w+)" checked', taken.text) == ["consultant", "service"], "as it was ticked"
    link = re.search(r"<code>[^<]+(/welcome/[^<]+)</code>", page.text)
    assert link
    assert page.headers["Cache-Control"] == "no-store"
    assert accounts(runtime)["吴敏"].site_ids == (1,)
    assert accounts(runtime)["吴敏"].roles == ("consultant", "service")
    # Whose phone it is hears of it: what is entered on the pages counts as his.
    assert [recipient for recipient, _ in told(runtime)] == ["+8613800000006"]
    fresh = app.test_client()
    assert post(fresh, link[1], password=PASSWORD, again=PASSWORD).status_code == 303
    assert fresh.get("/account").status_code == 200
    path = f"/setup/users/{accounts(runtime)['吴敏'].id}"
    assert "正在登录：1处" in plain(head.get(path).text)
    post(head, f"{path}/logins")
    assert fresh.get("/account").status_code == 303
    post_for_sure(head, f"{path}/off")
    assert log_in(app.test_client(), "吴敏").status_code == 401
    assert "停用" in plain(head.get("/setup/users").text)
    again = post_for_sure(head, f"{path}/link")
    assert "/welcome/" in again.text
    assert link[1] not in again.text
    post_for_sure(head, f"{path}/remove")
    assert "吴敏" not in accounts(runtime)
    with runtime.engine.connect() as connection:
        done = connection.execute(select(acts.c.what).where(acts.c.user_id == accounts(runtime)["head"].id)).scalars()
        assert [what for what in done if what.startswith("user_")] == [
            *("user_added", "user_logged_out", "user_shut_out", "user_reset", "user_removed")
        ]


def test_nobody_gives_or_takes_what_is_not_his(app: Flask, runtime: Runtime, site: SiteRow) -> None:
    other = open_site(runtime.engine, "云栖府", "+8613800000100", {"manager": ["+8613800000101"]}, "sandbox")
    enrol(runtime, "head", "manager", site_id=site.id)
    for name, roles, where in (
        ("ops here", ("ops",), site.id),
        ("everywhere", ("manager",), None),
        ("elsewhere", ("consultant",), other.id),
    ):
        enrol(runtime, name, *roles, site_id=where)
    enrol(runtime, "guide", "consultant", site_id=site.id)
    head, before = visitor(app, "head"), accounts(runtime)
    for given in (
        {"role": "ops", "site": "1"},
        {"role": "manager", "site": "2"},
        {"role": "manager", "everywhere": "yes"},
        {"role": "manager", "site": ["1", "2"]},
        {"role": "boss", "site": "1"},
    ):
        data = {"token": token_of(head), "name": "new"} | given
        assert head.post("/setup/users", data=data).status_code == 403, given
        path = f"/setup/users/{before['guide'].id}/rights"
        assert head.post(path, data={"token": token_of(head)} | given).status_code == 403, given
    for name in ("ops here", "everywhere", "elsewhere", "manager"):
        assert name not in plain(head.get("/setup/users").text)[200:] or name == "manager"
        for act in ("rights", "phone", "logins", "link", "off", "remove"):
            path = f"/setup/users/{before[name].id}/{act}"
            assert post(head, path, role="consultant", site="1").status_code == 404, (name, act)
    # His own rights he changes as little as he keeps himself out.
    for act in ("rights", "logins", "link", "off", "remove"):
        assert post(head, f"/setup/users/{before['head'].id}/{act}", role="manager", site="1").status_code == 409
    assert post(head, f"/setup/users/{before['guide'].id}/rights", current=PASSWORD).status_code == 422
    assert post(visitor(app, "guide"), "/setup/users", name="new", role="consultant", site="1").status_code == 403
    assert accounts(runtime) == before


def test_an_accounts_phone_changes_with_the_staffs_and_is_nobody_elses(
    app: Flask, runtime: Runtime, manager: FlaskClient
) -> None:
    path = f"/setup/users/{accounts(runtime)['consultant'].id}/phone"
    for wrong in (
        {"current": "not it"},
        {"phone": LI},
        {"phone": SERVICE},
        {"phone": MANAGER},
        {"phone": "+8613800000000"},
        {"phone": "12"},
    ):
        given = {"phone": "13800000077", "current": PASSWORD} | wrong
        assert post(manager, path, **given).status_code == 422, wrong
    assert told(runtime) == []
    assert post(manager, path, phone="13800000077", current=PASSWORD).status_code == 303
    assert accounts(runtime)["consultant"].phone == "+8613800000077"
    assert staff(runtime)[0]["+8613800000077"] == "consultant"
    assert [recipient for recipient, _ in told(runtime)] == [CONSULTANT, "+8613800000077"]
    # At an open page nobody gets further by guessing than at the login.
    for _ in range(9):
        last = post(manager, path, phone="13800000078", current="guess")
    assert "请等" in plain(last.text)
