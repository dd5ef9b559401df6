"""Attacks on the pages and on logins, through HTTP: one application for all of them, which is what they attack."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.infrastructure.addresses import address, method, rules
from tests.infrastructure.databases import Databases
from tests.infrastructure.serving import TWILIO, open_line, runtime_of
from tests.infrastructure.visiting import HTML, PASSWORD, enrol, log_in, post, token_of, visitor_by_form
from tests.sending import StandingClock
from webhook.access import READING, access_of
from webhook.answers import HEADERS
from webhook.app import create_app
from webhook.people_import import LARGEST
from worker.accounts.throttle import MOST_CODES
from worker.accounts.upkeep import renew_link, user_named
from worker.accounts.users import ROLES
from worker.gateways.base import LARGEST_BODY
from worker.readers.register_file import FORMS
from worker.runtime import Runtime

BASE = "https://reports.example.com"
HTTPS = TWILIO | {"PUBLIC_URL": BASE}
CHOSEN = "another long sentence"


@pytest.fixture(scope="module")
def runtime(
    tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases, redis_server_url: str
) -> Iterator[Runtime]:
    runtime = runtime_of(
        tmp_path_factory.mktemp("var"), sqlite_databases.create(), redis_server_url, SANDBOX_HOSTS="localhost"
    )
    open_line(runtime.engine)
    for name in ("all", "victim", "other"):
        enrol(runtime, name, *(ROLES if name == "all" else ("manager",)))
    yield runtime
    runtime.close()


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture(autouse=True)
def clock(runtime: Runtime) -> StandingClock:
    """A quarter of an hour after the last test, so that nobody waits for what another has tried."""
    before = runtime.clock() if isinstance(runtime.clock, StandingClock) else datetime.now(UTC)
    runtime.clock = clock = StandingClock(before + timedelta(minutes=16))
    return clock


@pytest.fixture(scope="module")
def secure(
    tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases, redis_server_url: str
) -> Iterator[Flask]:
    runtime = runtime_of(tmp_path_factory.mktemp("https"), sqlite_databases.create(), redis_server_url, **HTTPS)
    enrol(runtime, "all", *ROLES)
    yield create_app(runtime)
    runtime.close()


def inside(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("baobei")
    assert cookie
    return cookie.value


def holding(app: Flask, cookie: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("baobei", cookie)
    return client


def changing(app: Flask) -> list[str]:
    """Return every address that a form of our pages is posted to."""
    found = []
    for rule in rules(app):
        access = access_of(app, rule.endpoint)
        if not set(rule.methods or ()) <= READING and access and not access.proved:
            found.append(address(app, rule))
    assert len(found) > 20
    return found


# ---- Sessions --------------------------------------------------------------------------------------------------------


def test_a_session_that_was_planted_before_the_login_is_nobodys_after_it(app: Flask) -> None:
    attacker = app.test_client()
    token = token_of(attacker)
    planted = cookie_of(attacker)
    victim = holding(app, planted)
    assert log_in(victim, "victim").status_code == 303
    assert cookie_of(victim) != planted
    assert not inside(attacker)
    # Nor does what the attacker knows of its forms serve him.
    assert victim.post("/account/end", data={"token": token}).status_code == 403
    assert inside(victim)


def test_each_change_of_how_one_logs_in_makes_a_session_anew_and_ends_the_others(
    app: Flask, runtime: Runtime, clock: StandingClock
) -> None:
    enrol(runtime, "changing", "manager")
    here, there = visitor_by_form(app, "changing"), visitor_by_form(app, "changing")
    old, new = cookie_of(here), {"password": CHOSEN, "again": CHOSEN}
    assert post(here, "/account/password", current=PASSWORD, **new).status_code == 303
    assert [inside(each) for each in (here, there, holding(app, old))] == [True, False, False]
    there, secret = visitor_by_form(app, "changing", CHOSEN), shown_secret(here)
    old = cookie_of(here)
    code = pyotp.TOTP(secret).at(clock())
    assert post(here, "/account/code", current=CHOSEN, code=code).status_code == 303
    assert [inside(each) for each in (here, there, holding(app, old))] == [True, False, False]
    clock.now += timedelta(minutes=1)
    old, code = cookie_of(here), pyotp.TOTP(secret).at(clock())
    assert post(here, "/account/code/remove", current=CHOSEN, code=code).status_code == 303
    assert [inside(each) for each in (here, holding(app, old))] == [True, False]
    # By whoever looks after the accounts: nothing of his is left.
    renew_link(runtime.engine, user_named(runtime.engine, "changing"), clock())
    assert not inside(here)


def test_no_second_factor_is_set_up_by_whoever_finds_the_page_open(app: Flask, clock: StandingClock) -> None:
    found_open = visitor_by_form(app, "other")
    secret = shown_secret(found_open)
    for guess in ({}, {"current": "guess"}, {"current": ""}):
        assert post(found_open, "/account/code", code=pyotp.TOTP(secret).at(clock()), **guess).status_code == 401
    assert inside(visitor_by_form(app, "other"))


def shown_secret(client: FlaskClient) -> str:
    found = re.search(r"<code>((?:[A-Z2-7]{4} ?){8})</code>", client.get("/account/code").text)
    assert found
    return found[1].replace(" ", "")


@pytest.mark.parametrize("changed", ["", "x", "eyJsb2dpbiI6ImFkbWluIn0.aaaa.bbbb", "null", "../../etc/passwd"])
def test_a_cookie_that_is_not_ours_is_no_session(app: Flask, changed: str) -> None:
    real = cookie_of(visitor_by_form(app, "victim"))
    for forged in (changed, real[:-4] + (changed or "aaaa"), f"{real}.{changed}"):
        client = holding(app, forged)
        assert client.get("/account").status_code == 303


# ---- Cookies, headers, caches ----------------------------------------------------------------------------------------


def test_over_https_every_cookie_is_bound_to_this_host_and_hidden(secure: Flask) -> None:
    client = secure.test_client()
    answers = [client.get("/login", base_url=BASE)]
    token = re.search(r'name="token" value="([^"]+)"', answers[0].text)
    assert token
    form = {"token": token[1], "name": "all", "password": PASSWORD}
    answers.append(client.post("/login", data=form, base_url=BASE))
    assert answers[-1].status_code == 303
    form["token"] = re.findall(r'name="token" value="([^"]+)"', client.get("/account", base_url=BASE).text)[0]
    answers.append(client.post("/preferences", data={**form, "language": "en", "theme": "dark"}, base_url=BASE))
    set_here = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in set_here} >= {"__Host-baobei", "__Host-baobei_device", "theme"}
    for cookie in set_here:
        flags = {flag.strip() for flag in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= flags
        assert "Domain" not in cookie


def test_nothing_that_is_answered_is_framed_sniffed_or_kept(app: Flask) -> None:
    client = visitor_by_form(app, "all")
    for rule in rules(app):
        if method(rule) == "POST" or rule.endpoint == "static":
            continue
        for headers in ({}, HTML, {"HX-Request": "true"}):
            answer = client.get(address(app, rule), headers=headers, buffered=True)
            assert answer.headers["Cache-Control"] == "no-store", rule
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS, rule
    for answer in (client.get("/nowhere"), client.post("/account"), app.test_client().get("/account")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


# ---- Forms of other sites, and methods that are none -----------------------------------------------------------------


def test_no_form_is_taken_from_elsewhere_however_it_carries_its_token(app: Flask) -> None:
    client, stranger = visitor_by_form(app, "all"), visitor_by_form(app, "victim")
    own, foreign = token_of(client), token_of(stranger)
    for path in changing(app):
        tries: list[TestResponse] = [
            client.post(path, data={"token": foreign}),
            client.post(path, query_string={"token": own}),
            client.post(path, json={"token": own}),
            client.post(path, data=f"token={own}", content_type="text/plain"),
            client.post(path, headers={"X-CSRF-Token": own, "X-CSRFToken": own}),
            client.post(path, data={"token": ["guessed", own]}),
            *(
                client.post(path, data={"token": own}, headers=headers)
                for headers in (
                    *(
                        {"Origin": origin}
                        for origin in ("null", "https://evil.example", "http://localhost.evil.example")
                    ),
                    *({"Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "none")),
                )
            ),
        ]
        assert {answer.status_code for answer in tries} == {403}, path
    assert inside(client), "none of them has ended the login"


def test_no_page_changes_by_reading_and_no_method_stands_in_for_another(app: Flask) -> None:
    client = visitor_by_form(app, "all")
    of_gateways = {rule.endpoint for rule in rules(app) if (found := access_of(app, rule.endpoint)) and found.proved}
    of_pages = [rule for rule in rules(app) if rule.endpoint not in {"static", *of_gateways}]
    assert {name for rule in of_pages for name in rule.methods or ()} <= {"GET", "HEAD", "POST"}
    for path in ("/logout", "/account/end", "/account/password", "/preferences"):
        for odd in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
            assert client.open(path, method=odd, data={"token": token_of(client)}).status_code in (403, 404, 405)
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            assert client.get(path, headers={header: "POST"}, query_string={"_method": "POST"}).status_code == 405
    assert inside(client)


ELSEWHERE = (
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example"),
    *("https:evil.example", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/\n/evil.example"),
    *("/\r\nSet-Cookie: a=b", "\x00/evil", "/%09/evil.example\t", "evil.example", "@evil.example", ".evil.example"),
    *(" //evil.example", "/\u2028/evil.example"),
)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_elsewhere(app: Flask, wanted: str) -> None:
    client = app.test_client()
    form = {"token": token_of(client), "name": "victim", "password": PASSWORD}
    by_login = client.post("/login", data=form, query_string={"next": wanted})
    by_form = post(client, "/preferences", language="zh", next=wanted)
    already = client.get("/login", query_string={"next": wanted}, headers={"Referer": "https://evil.example/"})
    # Whatever is asked for on the way to the login comes back as a path of ours.
    shown = re.sub(r"[\r\n]", "", wanted)
    part = app.test_client().get("/account", headers={"HX-Request": "true", "HX-Current-URL": shown})
    for location in (by_login.location, by_form.location, already.location, part.headers["HX-Redirect"]):
        assert re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", location), location
        assert "evil" not in location.partition("?")[0]
    assert len(by_login.headers.getlist("Set-Cookie")) == 2


# ---- Who there is, and guessing --------------------------------------------------------------------------------------


def answers_to(app: Flask, name: str, passwords: list[str], **more: str) -> list[tuple[int, str, str]]:
    """Return status, words and waiting time of tries, without what differs by the name and the token."""
    answers = []
    for password in passwords:
        client = app.test_client()
        answer = post(client, "/login", name=name, password=password, **more)
        page = re.sub(r'name="token" value="[^"]+"', "", answer.text).replace(name, "NAME")
        answers.append((answer.status_code, page, answer.headers.get("Retry-After", "")))
    return answers


def test_a_name_that_is_there_is_answered_as_one_that_is_not(app: Flask, runtime: Runtime) -> None:
    """Up to the end of the tries and beyond; how long it takes is `passwords.py: fits`, which always compares."""
    enrol(runtime, "removed", "manager")
    renew_link(runtime.engine, user_named(runtime.engine, "removed"), runtime.clock())
    wrong = [f"guess {n}" for n in range(10)]
    known, unknown, without = (answers_to(app, name, wrong) for name in ("victim", "nobody", "removed"))
    assert known == unknown == without
    assert [status for status, *_ in known] == [401] * 8 + [429] * 2


def test_a_wrong_code_is_told_as_a_wrong_password_is(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    enrol(runtime, "coded", "manager")
    client = visitor_by_form(app, "coded")
    secret = shown_secret(client)
    post(client, "/account/code", current=PASSWORD, code=pyotp.TOTP(secret).at(clock()))
    clock.now += timedelta(minutes=16)
    tries = [*answers_to(app, "coded", [PASSWORD], code="000000"), *answers_to(app, "coded", [PASSWORD])]
    tries += answers_to(app, "coded", ["guess"], code=pyotp.TOTP(secret).at(clock()))
    assert len(set(tries)) == 1
    assert tries[0][0] == 401


def test_who_has_the_password_guesses_no_code_from_many_addresses(
    app: Flask, runtime: Runtime, clock: StandingClock
) -> None:
    enrol(runtime, "guarded", "manager")
    owner = visitor_by_form(app, "guarded")
    totp = pyotp.TOTP(shown_secret(owner))
    post(owner, "/account/code", current=PASSWORD, code=totp.at(clock()))
    post(owner, "/logout")
    clock.now += timedelta(minutes=16)

    def tried(client: FlaskClient, n: int, code: str) -> int:
        there = {"X-Forwarded-For": f"198.51.100.{n}"}
        form = {"token": token_of(client), "name": "guarded", "password": PASSWORD, "code": code}
        return client.post("/login", data=form, headers=there).status_code

    assert {tried(app.test_client(), n, f"{n:06}") for n in range(MOST_CODES)} == {401}
    right = totp.at(clock())
    assert tried(app.test_client(), 100, right) == 401, "not even the right one is looked at"
    assert tried(owner, 101, right) == 303, "his own device has its own count"
    clock.now += timedelta(minutes=16)
    assert tried(app.test_client(), 102, totp.at(clock())) == 303


def test_a_code_is_good_once_within_its_window(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    enrol(runtime, "once", "manager")
    client = visitor_by_form(app, "once")
    totp = pyotp.TOTP(shown_secret(client))
    post(client, "/account/code", current=PASSWORD, code=totp.at(clock()))
    clock.now += timedelta(minutes=5)
    here, before = totp.at(clock()), totp.at(clock() - timedelta(seconds=30))
    assert [answers_to(app, "once", [PASSWORD], code=code)[0][0] for code in (here, here, before)] == [303, 401, 401]


def test_a_device_that_is_stolen_lets_nobody_in_and_guesses_no_more_than_another(app: Flask) -> None:
    owner = visitor_by_form(app, "victim")
    device = owner.get_cookie("baobei_device")
    assert device
    thief = app.test_client()
    thief.set_cookie("baobei_device", device.value)
    assert not inside(thief)
    assert [log_in(thief, "victim", "guess").status_code for _ in range(9)] == [401] * 8 + [429]
    assert [log_in(thief, "other", "guess").status_code for _ in range(9)] == [401] * 8 + [429]
    assert log_in(app.test_client(), "victim", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 303


def test_no_link_tells_whether_it_was_one(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    enrol(runtime, "linked", "manager")
    used = renew_link(runtime.engine, user_named(runtime.engine, "linked"), clock())
    client = app.test_client()
    assert choose(client, used).status_code == 303
    enrol(runtime, "late", "manager")
    late = renew_link(runtime.engine, user_named(runtime.engine, "late"), clock())
    clock.now += timedelta(days=4)
    seen = set()
    for link in (used, late, "no-such-link", "x" * 200, "' OR 1=1 --"):
        stranger = app.test_client()
        seen |= {
            (answer.status_code, answer.text) for answer in (stranger.get(f"/welcome/{link}"), choose(stranger, link))
        }
    assert len(seen) == 1
    assert seen.pop()[0] == 404
    clock.now -= timedelta(days=4)


def choose(client: FlaskClient, link: str) -> TestResponse:
    return post(client, f"/welcome/{link}", password=CHOSEN, again=CHOSEN)


# ---- Paths, sizes, files ---------------------------------------------------------------------------------------------

PATHS = (
    *("/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/....//app.py"),
    *("/static//etc/passwd", "/static/..\\app.py", "/static/vendor/../../app.py", "/static/\x00", "/static/."),
    *("/static/%00phones.js", "/register/1/export/../csv", "/register/1/export/csv%2f..", "/register/1/export/exe"),
    "/register/../account",
)


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_what_is_served(app: Flask, path: str) -> None:
    client = visitor_by_form(app, "all")
    for answer in (client.get(path), post(client, path), client.get("/x", environ_overrides={"PATH_INFO": path})):
        # Of two strokes one is left out, and asked for anew.
        assert answer.status_code in (400, 404, 405) or "//" in path, path
        assert "root:" not in answer.text
        assert "def " not in answer.text


def test_a_body_that_is_too_large_is_refused_by_every_form(app: Flask) -> None:
    client = visitor_by_form(app, "all")
    for path in changing(app):
        # A list of people may be longer, and has an end as well.
        most = LARGEST if path.startswith("/setup/people/import") else LARGEST_BODY
        much = client.post(path, data={"token": "x" * (most + 1)})
        many = client.post(path, data={f"f{n}": "" for n in range(5_000)} | {"token": "x"})
        assert (much.status_code, many.status_code in (403, 413)) == (413, True), path
    assert inside(client)


@pytest.mark.parametrize("name", ["湾\r\nX-Evil: 1", '湾"; filename="evil.exe', "../../湾", "湾\u202egnp.exe", "=1+1"])
def test_no_name_of_a_site_writes_headers_or_paths_of_a_file(app: Flask, runtime: Runtime, name: str) -> None:
    site_id = open_line(runtime.engine, name, f"+86138{sum(map(ord, name)):08}")
    for form in FORMS:
        answer = post(visitor_by_form(app, "all"), f"/register/{site_id}/export/{form}")
        assert answer.status_code == 200
        assert "X-Evil" not in answer.headers
        shown = rf"attachment; filename=\"register\.{form}\"; filename\*=UTF-8''[A-Za-z0-9%._-]+"
        assert re.fullmatch(shown, answer.headers["Content-Disposition"])
        assert "%2F" not in answer.headers["Content-Disposition"]
        assert answer.data
