"""Guessing, links at the same moment, one's own logins, and codes beside the password."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.visiting import PASSWORD, enrol, log_in, post, visitor_by_form
from tests.sending import StandingClock
from webhook.app import create_app
from worker.accounts.throttle import network_of
from worker.accounts.upkeep import renew_link, user_named
from worker.accounts.users import accept_invitation, add_user
from worker.runtime import Runtime
from worker.store.schema import users

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


def tried(client: FlaskClient, password: str, address: str = "203.0.113.7", **more: str) -> int:
    headers = {"X-Forwarded-For": address}
    return log_in(client, "Wang", password, headers=headers, **more).status_code


def inside(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_what_strangers_try_keeps_its_owner_out_nowhere_else(app: Flask) -> None:
    assert [tried(app.test_client(), "guess") for _ in range(9)] == [401] * 8 + [429]
    assert tried(app.test_client(), PASSWORD) == 429
    assert tried(app.test_client(), PASSWORD, "198.51.100.9") == 303


def test_a_device_that_is_known_counts_by_itself(app: Flask) -> None:
    known = app.test_client()
    assert tried(known, PASSWORD) == 303
    post(known, "/logout")
    for _ in range(9):
        tried(app.test_client(), "guess")
    assert tried(app.test_client(), PASSWORD) == 429
    assert tried(known, PASSWORD) == 303
    post(known, "/logout")
    assert [tried(known, "guess") for _ in range(9)] == [401] * 8 + [429]


def test_a_device_of_one_name_is_none_of_anothers_and_none_is_made_up(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "Li", "ops")
    li = visitor_by_form(app, "Li")
    forged = app.test_client()
    forged.set_cookie("baobei_device", f"{'0' * 32}.{'0' * 64}")
    for client in (li, forged):
        post(client, "/logout")
        assert [tried(client, "guess", f"192.0.2.{id(client) % 250}") for _ in range(9)][-1] == 429
    assert tried(app.test_client(), PASSWORD) == 303


def test_a_name_that_is_guessed_from_everywhere_is_slowed_down_for_strangers(app: Flask) -> None:
    known = app.test_client()
    assert tried(known, PASSWORD) == 303
    post(known, "/logout")
    client = app.test_client()
    for n in range(200):
        assert tried(client, "guess", f"198.51.{n // 8}.{n % 8}") == 401
    assert tried(client, PASSWORD, "203.0.113.200") == 429
    assert tried(known, PASSWORD) == 303


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("203.0.113.7", "203.0.113.8", False),
    ],
)
def test_of_ipv6_a_network_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_only_the_proxies_that_are_trusted_tell_who_calls(app: Flask) -> None:
    for n in range(8):
        told = {"X-Forwarded-For": f"192.0.2.{n}"}
        away = {"REMOTE_ADDR": "192.168.1.7"}
        assert log_in(app.test_client(), "Wang", "guess", headers=told, environ_overrides=away).status_code == 401
    assert log_in(app.test_client(), "Wang", environ_overrides=away).status_code == 429


@pytest.mark.parametrize(
    "password", ["1234567890", "Password123", "woaini1314520", "aaaaaaaaaaaaaa", "WangWangWang", "wang2026"]
)
def test_a_password_that_is_tried_first_is_refused(app: Flask, password: str) -> None:
    client = visitor_by_form(app, "Wang")
    assert post(client, "/account/password", current=PASSWORD, password=password, again=password).status_code == 400


def test_of_two_who_come_with_one_link_one_gets_in(runtime: Runtime, clock: StandingClock) -> None:
    _, token = add_user(runtime.engine, "Wang", ["ops"], None, None, clock())
    with ThreadPoolExecutor(6) as pool:
        came = list(pool.map(lambda n: accept_invitation(runtime.engine, token, f"{PASSWORD} {n}", clock()), range(6)))
    assert sum(user is not None for user in came) == 1


def test_everybody_sees_his_logins_and_ends_them_one_by_one(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "Li", "ops")
    here, there, other = app.test_client(), visitor_by_form(app, "Wang"), visitor_by_form(app, "Li")
    log_in(here, "Wang", headers={"User-Agent": "Browser/7"})
    page = here.get("/account").text
    assert "Browser/7" in page
    keys = re.findall(r"/account/logins/([0-9a-f]{12})/end", page)
    assert len(keys) == 2
    for key in keys:
        post(other, f"/account/logins/{key}/end")
    assert inside(here)
    assert inside(there)
    mine = re.search(r"Browser/7.*?logins/([0-9a-f]{12})/end", page, re.DOTALL)
    theirs = next(key for key in keys if mine is None or key != mine[1])
    post(here, f"/account/logins/{theirs}/end")
    assert inside(here) != inside(there)


def set_up(client: FlaskClient, clock: StandingClock) -> pyotp.TOTP:
    found = re.search(r"<code>((?:[A-Z2-7]{4} ?){8})</code>", client.get("/account/code").text)
    assert found
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    assert post(client, "/account/code", current="guess", code=totp.at(clock())).status_code == 401
    assert post(client, "/account/code", current=PASSWORD, code="000000").status_code == 400
    assert post(client, "/account/code", current=PASSWORD, code=totp.at(clock())).status_code == 303
    return totp


def coded(app: Flask, clock: StandingClock, code: str) -> int:
    client = app.test_client()
    form = {"name": "Wang", "password": PASSWORD, "code": code}
    return post(client, "/login", **form).status_code


def test_a_code_is_asked_for_once_it_is_set_up_and_is_good_once(app: Flask, clock: StandingClock) -> None:
    client = visitor_by_form(app, "Wang")
    totp = set_up(client, clock)
    assert coded(app, clock, "") == 401
    assert coded(app, clock, totp.at(clock())) == 401, "it was used to set it up"
    clock.now += timedelta(seconds=30)
    assert coded(app, clock, totp.at(clock())) == 303
    assert coded(app, clock, totp.at(clock())) == 401
    clock.now += timedelta(minutes=20)
    assert coded(app, clock, totp.at(clock() - timedelta(minutes=2))) == 401
    for wrong in ({}, {"current": PASSWORD}, {"code": totp.at(clock())}):
        assert post(client, "/account/code/remove", **wrong).status_code == 401
    assert coded(app, clock, "") == 401
    sure = {"current": PASSWORD, "code": totp.at(clock())}
    assert post(client, "/account/code/remove", **sure).status_code == 303
    assert client.get("/account").text.count("/account/logins/") == 2, "the login that asked took the place of its own"
    assert coded(app, clock, "") == 303


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) AppleWebKit/605 MicroMessenger/8.0.5 Mobile", "WeChat · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/150.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "未知浏览器"),
    ],
)
def test_a_login_is_named_by_browser_and_system(app: Flask, agent: str, words: str) -> None:
    client = app.test_client()
    log_in(client, "Wang", headers={"User-Agent": agent})
    assert f"<b>{words}</b>" in client.get("/account").text


def test_the_secret_is_shown_as_a_picture_and_in_groups_of_four(app: Flask) -> None:
    page = visitor_by_form(app, "Wang").get("/account/code").text
    found = re.search(r"<code>((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})</code>", page)
    assert found
    address = pyotp.TOTP(found[1].replace(" ", "")).provisioning_uri(name="Wang", issuer_name="baobei")
    picture = re.search(r"<svg[^>]* class=\"qr\".*?</svg>", page, re.DOTALL)
    assert picture
    rows = segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
    drawn = re.search(r' d="(M4 4[^"]+)"', rows)
    assert drawn
    assert drawn[1] in page, "the modules of this address"
    assert " style=" not in picture[0], "which the content security policy would refuse"


def test_who_has_the_database_or_a_backup_computes_no_code(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    totp = set_up(visitor_by_form(app, "Wang"), clock)
    with runtime.engine.connect() as connection:
        row = connection.execute(select(users).where(users.c.key == "wang")).one()
    assert totp.secret not in str(row)
    assert base64.b32encode(bytes.fromhex(row.totp)).decode() != totp.secret


def test_a_reset_takes_the_code_away_and_a_consultant_has_none(
    app: Flask, runtime: Runtime, clock: StandingClock
) -> None:
    set_up(visitor_by_form(app, "Wang"), clock)
    link = renew_link(runtime.engine, user_named(runtime.engine, "Wang"), clock())
    assert post(app.test_client(), f"/welcome/{link}", password=PASSWORD, again=PASSWORD).status_code == 303
    assert coded(app, clock, "") == 303
    enrol(runtime, "Li", "consultant")
    assert visitor_by_form(app, "Li").get("/account/code").status_code == 403
