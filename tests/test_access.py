"""Who may use which address: every route says so, and what it says holds."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.infrastructure.addresses import address, method, rules
from tests.infrastructure.serving import TWILIO, open_line, runtime_of
from tests.infrastructure.visiting import enrol, token_of, visitor
from webhook.access import access_of, allowed, is_polled
from webhook.app import create_app
from worker.accounts.users import ROLES
from worker.runtime import Runtime


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_line(runtime.engine)
    yield runtime
    runtime.close()


def undeclared(app: Flask) -> list[str]:
    return [rule.rule for rule in rules(app) if access_of(app, rule.endpoint) is None]


def ask(client: FlaskClient, rule: Rule, token: str) -> int:
    """Ask for an address as our own pages do, and return the answer's status."""
    app = client.application
    if method(rule) == "POST":
        return client.post(address(app, rule), data={"token": token}).status_code
    return client.get(address(app, rule), buffered=True).status_code


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    assert undeclared(app) == []


def test_what_pages_ask_for_by_themselves_is_marked_as_polled(app: Flask) -> None:
    found: set[str] = set()
    for path in Path(__file__).parents[1].joinpath("webhook/templates").rglob("*.html"):
        for tag in re.findall(r'<[^<>]*hx-trigger="[^"]*every[^>]*', path.read_text()):
            found |= set(re.findall(r"hx-(?:get|post)=\"{{ (?:url_for\('([\w.]+)'|[^\"]*)", tag)) or {tag}
    named = {name for name in found if name}
    assert len(named) > 8
    assert [
        name for name in (*named, "register.rows", "register.chips", "live.pulse") if not is_polled(app, name)
    ] == []


def test_with_twilio_too_and_the_phones_are_the_sandboxs_alone(
    tmp_path: Path, database_url: str, redis_url: str, app: Flask
) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    real = create_app(runtime)
    assert undeclared(real) == []
    public = {rule.rule for rule in rules(real) if (access := access_of(real, rule.endpoint)) and access.roles is None}
    assert public == {
        "/static/<path:filename>",
        "/gateways/<name>/<any(messages,status):route>",
        # By a gateway's token, or by a phone's own.
        *(f"/gateways/<name>/phone/{what}" for what in ("device", "events", "message", "settings", "webhooks")),
        "/healthz",
        "/metrics",
        "/readyz",
        "/login",
        "/welcome/<token>",
        "/preferences",
    }
    assert {rule.rule for rule in rules(app)} - {rule.rule for rule in rules(real)} == {
        "/phones",
        "/phones/<int:site_id>/news",
        "/phones/<int:site_id>/texts",
    }
    runtime.close()


def test_a_route_that_says_nothing_is_found_and_open_to_nobody(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "all", *ROLES)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert undeclared(app) == ["/forgotten"]
    for client in (app.test_client(), visitor(app, "all")):
        assert client.get("/forgotten").status_code == 403


def test_a_role_that_does_not_exist_is_a_mistake_of_the_program() -> None:
    for roles in ((), ("boss",)):
        with pytest.raises(ValueError, match="no such roles"):
            allowed(*roles)


ASK_FOR_PASSWORD = ("/account/password", "/account/code", "/account/code/remove")
"""Forms that refuse, with 401, who does not type his present password."""


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_in_where_it_may_and_nowhere_else(app: Flask, runtime: Runtime, role: str) -> None:
    enrol(runtime, role, role)
    for rule in guarded(app):
        # A login of its own for each: some addresses end it.
        client = visitor(app, role)
        access = access_of(app, rule.endpoint)
        status = ask(client, rule, token_of(client))
        if access and access.roles and role in access.roles:
            assert status not in (401, 403, 405, 500) or rule.rule in ASK_FOR_PASSWORD, rule
        else:
            assert status == 403, rule


def test_whoever_is_not_logged_in_is_led_to_the_login(app: Flask) -> None:
    client = app.test_client()
    for rule in guarded(app):
        assert ask(client, rule, token_of(client)) == 303, rule
    answer = client.get("/account")
    assert answer.location == "/login?next=/account"
    part = client.get("/account", headers={"HX-Request": "true", "HX-Current-URL": "https://x.example/account?a=1"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/login?next=/account?a%3D1")


def test_every_form_needs_the_pages_token(app: Flask, runtime: Runtime) -> None:
    enrol(runtime, "all", *ROLES)
    client = visitor(app, "all")
    for rule in rules(app):
        access = access_of(app, rule.endpoint)
        if method(rule) == "POST" and access and not access.proved:
            for token in ({}, {"token": "guessed"}):
                assert client.post(address(app, rule), data=token).status_code == 403, rule


def guarded(app: Flask) -> list[Rule]:
    found = [rule for rule in rules(app) if (access := access_of(app, rule.endpoint)) and access.roles is not None]
    assert found
    return found


@pytest.mark.parametrize("number", [2**31, 10**19])
def test_an_address_with_a_number_beyond_any_is_of_no_page(app: Flask, runtime: Runtime, number: int) -> None:
    enrol(runtime, "all", *ROLES)
    client = visitor(app, "all")
    for page in (f"/register/1/{number}/0", f"/desk/{number}/found", f"/ops/texts/1/{number}"):
        assert client.get(page).status_code == 404, page
