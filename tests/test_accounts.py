"""Accounts: logging in and out, what ends a login, links, and how guessing is slowed down."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.serving import SECRET, SITE_NUMBER, TWILIO, open_line, runtime_of
from tests.infrastructure.visiting import HTML, PASSWORD, enrol, log_in, post, post_for_sure, token_of, visitor_by_form
from tests.sending import StandingClock
from webhook.app import create_app
from worker.accounts.users import FIRST_USER, LINK_LIFE, add_first_user, add_user, all_users, user_of_link
from worker.cli.main import main
from worker.runtime import Runtime
from worker.store.schema import acts, throttles, users

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.now(UTC))


@pytest.fixture
def variables() -> dict[str, str]:
    return {"SANDBOX_HOSTS": "localhost"}


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    enrol(runtime, "Wang", "manager")
    return create_app(runtime)


def inside(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_the_right_password_lets_in_whatever_the_case_of_the_name(app: Flask) -> None:
    assert inside(visitor_by_form(app, "Wang"))
    assert inside(visitor_by_form(app, " ｗang "))


@pytest.mark.parametrize(("name", "password"), [("Wang", "wrong"), ("nobody", PASSWORD), ("", ""), ("Wang", "")])
def test_anything_else_does_not_and_tells_nothing(app: Flask, name: str, password: str) -> None:
    client = app.test_client()
    answer = log_in(client, name, password)
    assert answer.status_code == 401
    assert "用户名或密码不正确" in answer.text
    assert f'value="{name}"' in answer.text
    assert not inside(client)


def test_a_login_leads_back_to_the_page_but_never_elsewhere(app: Flask) -> None:
    for wanted, reached in (
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ):
        client = app.test_client()
        form = {"token": token_of(client), "name": "Wang", "password": PASSWORD}
        assert client.post("/login", data=form, query_string={"next": wanted}).location == reached


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask) -> None:
    cookie = log_in(app.test_client(), "Wang").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_https_it_is_sent_over_https_alone(
    app: Flask, tmp_path: Path, database_url: str, redis_url: str
) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    client = create_app(runtime).test_client()
    assert "Secure" in client.get("/login", base_url="https://reports.example.com").headers["Set-Cookie"]
    runtime.close()


def test_a_login_begins_a_new_session(app: Flask) -> None:
    client = app.test_client()
    before = token_of(client)
    log_in(client, "Wang")
    assert token_of(client) != before


def test_a_login_ends_by_itself(app: Flask, clock: StandingClock) -> None:
    client = visitor_by_form(app, "Wang")
    clock.move(hours=11)
    assert inside(client)
    clock.move(hours=11)
    assert inside(client), "each use lengthens it"
    clock.move(hours=12, seconds=1)
    assert not inside(client)


def test_a_page_that_lies_open_keeps_no_login_alive(app: Flask, clock: StandingClock) -> None:
    client = visitor_by_form(app, "Wang")
    for _ in range(11):
        clock.move(hours=1)
        assert client.get("/live").status_code == 200
        assert client.get("/register/rows", headers={"HX-Request": "true"}).status_code != 401
    clock.move(hours=1, seconds=1)
    assert client.get("/live", headers={"HX-Request": "true"}).status_code == 401


def test_even_a_used_one_ends_after_a_week(app: Flask, clock: StandingClock) -> None:
    client = visitor_by_form(app, "Wang")
    for _ in range(16):
        assert inside(client)
        clock.move(hours=10)
    assert inside(client)
    clock.move(hours=10)
    assert not inside(client)


def test_logging_out_ends_this_login_and_everywhere_ends_all(app: Flask) -> None:
    here, there, elsewhere = (visitor_by_form(app, "Wang") for _ in range(3))
    copied = app.test_client()
    cookie = here.get_cookie("baobei")
    assert cookie
    copied.set_cookie("baobei", cookie.value)
    assert inside(copied)
    post(here, "/logout")
    assert [inside(c) for c in (here, copied, there, elsewhere)] == [False, False, True, True]
    post_for_sure(there, "/account/end")
    assert not inside(elsewhere)


def test_changing_the_password_needs_the_present_one_and_ends_the_other_logins(app: Flask) -> None:
    here, there = visitor_by_form(app, "Wang"), visitor_by_form(app, "Wang")
    new = {"password": "a new long password", "again": "a new long password"}
    assert post(here, "/account/password", current="wrong", **new).status_code == 401
    for bad in ({"password": "short", "again": "short"}, {"password": "long enough 1", "again": "long enough 2"}):
        assert post(here, "/account/password", current=PASSWORD, **bad).status_code == 400
    assert post(here, "/account/password", current=PASSWORD, **new).status_code == 303
    assert (inside(here), inside(there)) == (True, False)
    assert log_in(app.test_client(), "Wang").status_code == 401
    assert inside(visitor_by_form(app, "Wang", "a new long password"))


def test_guessing_one_name_is_slowed_down_for_every_process(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    other = create_app(runtime)
    for i in range(8):
        assert log_in((app, other)[i % 2].test_client(), "wang", "guess").status_code == 401
    answer = log_in(other.test_client(), "Wang")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    clock.move(minutes=15, seconds=1)
    assert log_in(app.test_client(), "Wang").status_code == 303


def test_guessing_many_names_from_one_address_is_slowed_down(app: Flask) -> None:
    def from_address(address: str, i: int) -> int:
        headers = {"X-Forwarded-For": f"9.9.9.9, {address}"}
        return log_in(app.test_client(), f"name {i}", "guess", headers=headers).status_code

    assert {from_address("203.0.113.7", i) for i in range(40)} == {401}
    assert from_address("203.0.113.7", 41) == 429
    assert from_address("203.0.113.8", 42) == 401


def test_who_succeeds_begins_anew(app: Flask) -> None:
    for _ in range(3):
        for _ in range(7):
            log_in(app.test_client(), "Wang", "guess")
        assert log_in(app.test_client(), "Wang").status_code == 303


def test_the_count_tells_no_names(app: Flask, runtime: Runtime) -> None:
    log_in(app.test_client(), "Wang", "guess")
    with runtime.engine.connect() as connection:
        assert all(re.fullmatch("[0-9a-f]{64}", s) for s in connection.execute(select(throttles.c.subject)).scalars())


def test_language_and_light_are_kept(app: Flask) -> None:
    client = app.test_client()
    assert '<html lang="zh-CN" data-theme="auto">' in client.get("/login").text
    answer = post(client, "/preferences", language="en", next="/login")
    assert (answer.status_code, answer.location) == (303, "/login")
    post(client, "/preferences", theme="dark")
    post(client, "/preferences", language="xx", theme="red")
    page = client.get("/login").text
    assert '<html lang="en" data-theme="dark">' in page
    assert "Log in" in page


def test_an_error_is_a_page_for_people(app: Flask) -> None:
    answer = app.test_client().get("/nowhere", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "这个网址上没有任何内容" in answer.text


def test_acts_are_recorded_by_ids_alone(app: Flask, runtime: Runtime) -> None:
    client = visitor_by_form(app, "Wang")
    post(client, "/logout")
    with runtime.engine.connect() as connection:
        rows = connection.execute(select(acts.c.user_id, acts.c.what, acts.c.about).order_by(acts.c.id)).all()
    assert [tuple(row) for row in rows] == [
        (None, "user_added", "user 1"),
        (1, "password_chosen", "user 1"),
        (1, "logged_in", ""),
        (1, "logged_out", ""),
    ]


# ---- Accounts by the command line, and the first one ---------------------------------------------------------------


@pytest.fixture
def command_line(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BAOBEI_VAR", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", SECRET)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def link_in(output: str) -> str:
    found = re.search(r"(/welcome/\S+)", output)
    assert found, output
    return found[1]


def choose(client: FlaskClient, link: str, password: str = PASSWORD) -> int:
    return post(client, link, password=password, again=password).status_code


@pytest.mark.usefixtures("command_line")
def test_a_new_user_chooses_his_password_once_by_a_link(runtime: Runtime, clock: StandingClock) -> None:
    open_line(runtime.engine, "翡翠湾", SITE_NUMBER)
    added = run("user", "add", "李娜", "--role", "consultant", "--site", "翡翠湾", "--phone", "138 0000 0002")
    assert added.exit_code == 0
    link = link_in(added.output)
    app = create_app(runtime)
    client = app.test_client()
    assert "李娜" in client.get(link).text
    assert choose(client, link, "short") == 400
    assert choose(client, link) == 303
    assert inside(client)
    assert "+8613800000002" in client.get("/account").text
    assert choose(app.test_client(), link) == 404
    assert inside(visitor_by_form(app, "李娜"))


@pytest.mark.usefixtures("command_line")
def test_a_link_lasts_three_days_and_a_reset_ends_logins(runtime: Runtime, clock: StandingClock) -> None:
    app = create_app(runtime)
    enrol(runtime, "Wang", "manager")
    client = visitor_by_form(app, "Wang")
    link = link_in(run("user", "reset", "wang").output)
    assert not inside(client)
    assert log_in(app.test_client(), "Wang").status_code == 401
    clock.move(days=3, minutes=1)
    assert app.test_client().get(link).status_code == 404
    clock.move(days=-3)
    assert choose(app.test_client(), link) == 303


@pytest.mark.usefixtures("command_line")
def test_a_removed_user_is_out_at_once_and_his_name_is_free(runtime: Runtime) -> None:
    app = create_app(runtime)
    enrol(runtime, "Wang", "manager", phone="+8613800000001")
    client = visitor_by_form(app, "Wang")
    assert run("user", "remove", "Wang").exit_code == 0
    assert not inside(client)
    assert log_in(app.test_client(), "Wang").status_code == 401
    assert run("user", "add", "Wang", "--role", "ops", "--phone", "+8613800000001").exit_code == 0
    with runtime.engine.connect() as connection:
        assert len(connection.execute(select(users)).all()) == 2
    assert [user.name for user in all_users(runtime.engine)] == ["Wang"]


@pytest.mark.usefixtures("command_line")
def test_wrong_words_end_in_a_sentence() -> None:
    assert run("user", "add", "Wang", "--role", "ops", "--phone", "+8613800000001").exit_code == 0
    for words, part in (
        (("user", "add", "wang", "--role", "ops"), "already"),
        (("user", "add", "Li", "--role", "ops", "--phone", "+8613800000001"), "another user's"),
        (("user", "add", " ", "--role", "ops"), "1 to 60"),
        (("user", "add", "Li", "--role", "boss"), "boss"),
        (("user", "add", "Li"), "--role"),
        (("user", "add", "Li", "--role", "ops", "--phone", "12"), "phone number"),
        (("user", "add", "Li", "--role", "ops", "--site", "nowhere"), "no site"),
        (("user", "remove", "Li"), "no user"),
        (("user", "reset", "Li"), "no user"),
    ):
        result = run(*words)
        assert result.exit_code == 2, words
        assert part in result.output
        assert "Traceback" not in result.output
    listed = run("user", "list").output
    assert "Wang" in listed
    assert "not yet" in listed
    assert '"roles": "ops"' in run("user", "list", "--json").output


def test_the_first_account_is_made_once(runtime: Runtime) -> None:
    link = add_first_user(runtime.engine, runtime.clock())
    assert link
    app = create_app(runtime)
    client = app.test_client()
    assert choose(client, f"/welcome/{link}") == 303
    assert inside(client)
    assert add_first_user(runtime.engine, runtime.clock()) is None


def test_a_first_link_that_ran_out_is_replaced_while_nobody_else_was_ever_there(runtime: Runtime) -> None:
    now = runtime.clock()
    first = add_first_user(runtime.engine, now)
    assert first
    assert add_first_user(runtime.engine, now) is None, "it is shown once"
    later = now + LINK_LIFE
    second = add_first_user(runtime.engine, later)
    assert second
    assert user_of_link(runtime.engine, first, later) is None
    named = user_of_link(runtime.engine, second, later)
    assert named
    assert named.name == FIRST_USER
    add_user(runtime.engine, "wang", ("ops",), None, None, later)
    assert add_first_user(runtime.engine, later + LINK_LIFE) is None
