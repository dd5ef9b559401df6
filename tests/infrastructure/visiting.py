"""People at the pages: accounts, and clients of the application that are logged in."""

import re
from datetime import UTC, datetime
from html import unescape
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from webhook.access import LOGIN
from webhook.forms import KEY
from webhook.runtime import KEY as RUNTIME
from worker.accounts.logins import open_session
from worker.accounts.users import THERE, User, add_user, choose_password, folded, user_of
from worker.runtime import Runtime
from worker.store.schema import users

_TOKENS = count(1)
PASSWORD = "correct horse battery"  # noqa: S105


def enrol(runtime: Runtime, name: str, *roles: str, site_id: int | None = None, phone: str | None = None) -> User:
    """Make an account whose password is PASSWORD."""
    now = datetime.now(UTC)
    user, _ = add_user(runtime.engine, name, roles, None if site_id is None else [site_id], phone, now)
    choose_password(runtime.engine, user, PASSWORD, now)
    return user


def visitor(app: Flask, name: str) -> FlaskClient:
    """Return a client that is logged in as the form would have it, without the work of trying a password."""
    client, runtime = app.test_client(), app.extensions[RUNTIME]
    with runtime.engine.connect() as connection:
        user = user_of(connection.execute(select(users).where(THERE & (users.c.key == folded(name)))).one())
    token = open_session(runtime.engine, user, "", runtime.clock())
    with client.session_transaction() as session:
        session.permanent = True
        session[LOGIN] = token
    return client


def visitor_by_form(app: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    """Return a client that has logged in with its password; for tests of logins, devices and tries."""
    client = app.test_client()
    assert log_in(client, name, password).status_code == 303
    return client


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    """Log in as a person does, by the form."""
    return client.post("/login", data={"token": token_of(client), "name": name, "password": password}, **more)


def token_of(client: FlaskClient) -> str:
    """Return the token of this client's forms; a session that no page has given one yet gets one here."""
    with client.session_transaction() as session:
        token: str = session.setdefault(KEY, f"token-{next(_TOKENS)}")
    return token


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form of our own pages."""
    return client.post(path, data={"token": token_of(client)} | fields)


def post_for_sure(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form of our own pages, and say that one is sure, with one's password, where the page asks once more."""
    return say_sure(client, post(client, path, **fields))


def say_sure(client: FlaskClient, answer: TestResponse, **more: Any) -> TestResponse:
    """Press the button of the second step where a page asks once more; what asks for nothing is the answer itself."""
    if 'name="seen"' not in answer.text:
        return answer
    proof = {"current": PASSWORD} if 'name="current"' in answer.text else {}
    return client.post(answer.request.path, data=hidden_fields(answer.text) | proof, **more)


def hidden_fields(page: str) -> dict[str, str]:
    """Return what the form of a second step posts."""
    form = page[page.index('<form class="panel form second-step"') :]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}


HTML = {"Accept": "text/html"}


def plain(html: str) -> str:
    """Return the words of a page, one blank between them."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
