"""What is not signed or not readable leaves no row in any table, on either route, with the database there or away."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from twilio.request_validator import RequestValidator

from tests.infrastructure.serving import (
    ACCOUNT,
    AGENT,
    FORM,
    PUBLIC_URL,
    SITE_NUMBER,
    TOKEN,
    TWILIO,
    database_away,
    open_line,
    post,
    runtime_of,
    signed_by_twilio,
)
from worker.runtime import Runtime
from worker.store.schema import metadata

Request = tuple[str, dict[str, str], bytes]
SID = "SM" + "a" * 32
TEXT = [
    *(("MessageSid", SID), ("AccountSid", ACCOUNT), ("From", AGENT), ("To", SITE_NUMBER)),
    ("Body", "报备 金丝雀 138****5678 李四"),
]
STATUS = [("MessageSid", SID), ("AccountSid", ACCOUNT), ("MessageStatus", "delivered")]
ROUTES = {"messages": TEXT, "status": STATUS}


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    open_line(runtime.engine, gateway="twilio")
    yield runtime
    runtime.close()


def rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def url(route: str, query: str = "") -> str:
    return f"{PUBLIC_URL}/gateways/twilio/{route}{query}"


def good(route: str, *more: tuple[str, str], **changed: str) -> tuple[dict[str, str], bytes]:
    fields = [(name, changed.get(name, value)) for name, value in ROUTES[route]]
    return signed_by_twilio(url(route), TOKEN, [*fields, *more])


def with_header(route: str, **headers: str) -> tuple[dict[str, str], bytes]:
    its, raw = good(route)
    return its | {name.replace("_", "-"): value for name, value in headers.items()}, raw


def appended(route: str, more: bytes) -> tuple[dict[str, str], bytes]:
    headers, raw = good(route)
    return headers, raw + more


def signature(route: str) -> str:
    return good(route)[0]["X-Twilio-Signature"]


def unsigned(route: str) -> tuple[dict[str, str], bytes]:
    return {"Content-Type": FORM}, good(route)[1]


def signed_as_json(route: str) -> tuple[dict[str, str], bytes]:
    body = json.dumps(dict(ROUTES[route])).encode()
    signature = RequestValidator(TOKEN).compute_signature(url(route), {})
    return {"Content-Type": "application/json", "X-Twilio-Signature": signature}, body


def signed_with_sha256(route: str) -> tuple[dict[str, str], bytes]:
    _, raw = good(route)
    signed = url(route) + "".join(f"{name}{value}" for name, value in sorted(ROUTES[route]))
    digest = hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha256).digest()
    return {
        "Content-Type": FORM,
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "X-Twilio-Signature-Algorithm": "SharedKey-HMAC-SHA256",
    }, raw


FORGED: dict[str, Callable[[str], tuple[dict[str, str], bytes]]] = {
    "no signature": unsigned,
    "an empty signature": lambda route: with_header(route, X_Twilio_Signature=""),
    "a signature that is no base64": lambda route: with_header(route, X_Twilio_Signature="签名"),
    "a signature in the wrong case": lambda r: with_header(
        r, X_Twilio_Signature=good(r)[0]["X-Twilio-Signature"].swapcase()
    ),
    "another token": lambda route: signed_by_twilio(url(route), "u" * 32, ROUTES[route]),
    "an empty token": lambda route: signed_by_twilio(url(route), "", ROUTES[route]),
    "another address": lambda route: signed_by_twilio(url("other"), TOKEN, ROUTES[route]),
    "the address that the server sees": lambda r: signed_by_twilio(
        f"http://localhost/gateways/twilio/{r}", TOKEN, ROUTES[r]
    ),
    "a query that was not signed": lambda route: signed_by_twilio(url(route, "?x=1"), TOKEN, ROUTES[route]),
    "a field more than was signed": lambda route: appended(route, b"&Extra=1"),
    "a field less": lambda route: (good(route)[0], urlencode(ROUTES[route][:-1]).encode()),
    "another algorithm": signed_with_sha256,
    "another account": lambda route: good(route, AccountSid="AC" + "f" * 32),
    "nothing at all": lambda _: ({"Content-Type": FORM}, b""),
}
UNREADABLE: dict[str, Callable[[str], tuple[dict[str, str], bytes]]] = {
    "signed JSON": signed_as_json,
    "JSON by another name": lambda route: ({**signed_as_json(route)[0], "Content-Type": "text/json"}, b"{}"),
    "a form in parts": lambda route: with_header(route, Content_Type="multipart/form-data; boundary=x"),
    "no type": lambda route: ({"X-Twilio-Signature": signature(route)}, good(route)[1]),
    "more than 64 KiB": lambda route: good(route, ("Pad", "x" * 65_536)),
    "more than 100 fields": lambda route: appended(route, b"".join(b"&f%d=" % n for n in range(100))),
    "a field twice": lambda route: good(route, ("MessageSid", "SM" + "b" * 32)),
    "bytes that are no text": lambda route: appended(route, b"&Body2=\xff\xfe"),
    "an id that is none": lambda route: good(route, MessageSid="SM1"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_request_is_refused_and_leaves_no_row(
    client: FlaskClient, runtime: Runtime, tmp_path: Path, route: str, kind: str
) -> None:
    before = rows(runtime.engine)
    request = FORGED[kind](route)
    assert post(client, f"/gateways/twilio/{route}", request).status_code == 403
    assert rows(runtime.engine) == before
    with database_away(runtime, tmp_path):
        # Refused without the database: a forger learns nothing of it, and costs it nothing.
        assert post(client, f"/gateways/twilio/{route}", request).status_code == 403


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_request_is_refused_and_leaves_no_row(
    client: FlaskClient, runtime: Runtime, tmp_path: Path, route: str, kind: str
) -> None:
    before = rows(runtime.engine)
    request = UNREADABLE[kind](route)
    statuses = [post(client, f"/gateways/twilio/{route}", request).status_code]
    assert rows(runtime.engine) == before
    with database_away(runtime, tmp_path):
        statuses.append(post(client, f"/gateways/twilio/{route}", request).status_code)
    assert statuses[0] in (400, 413, 415)
    assert statuses[0] == statuses[1]


def test_what_these_tests_forge_is_taken_when_it_is_not_forged(client: FlaskClient, runtime: Runtime) -> None:
    before = rows(runtime.engine)
    for route in ROUTES:
        assert post(client, f"/gateways/twilio/{route}", good(route)).status_code == 200
    after = rows(runtime.engine)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"inbox": 1}


def test_a_status_of_no_reply_of_ours_leaves_no_row(client: FlaskClient, runtime: Runtime) -> None:
    before = rows(runtime.engine)
    for query in ("", "?reply=1&attempt=1", "?reply=1", "?reply=x&attempt=-1", f"?reply={10**17}"):
        request = signed_by_twilio(url("status", query), TOKEN, STATUS)
        assert post(client, f"/gateways/twilio/status{query}", request).status_code == 200
    assert rows(runtime.engine) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "NONE"])
def test_another_method_leaves_no_row(client: FlaskClient, runtime: Runtime, method: str) -> None:
    before = rows(runtime.engine)
    headers, raw = good("messages")
    assert client.open("/gateways/twilio/messages", method=method, headers=headers, data=raw).status_code == 405
    assert rows(runtime.engine) == before


@settings(max_examples=settings().max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=300),
    kind=st.sampled_from([FORM, f"{FORM}; charset=utf-8", "text/plain", "application/json", ""]),
    signature=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40),
    route=st.sampled_from([*ROUTES]),
)
def test_nothing_that_nobody_signed_is_taken(
    client: FlaskClient, runtime: Runtime, raw: bytes, kind: str, signature: str, route: str
) -> None:
    headers = {"Content-Type": kind, "X-Twilio-Signature": signature}
    answer = client.post(f"/gateways/twilio/{route}", data=raw, headers=headers)
    assert answer.status_code in (400, 403, 413, 415)
    assert len(answer.text.splitlines()) == 1
    # One row is the site's own opening.
    assert rows(runtime.engine)["inbox"] == 1
