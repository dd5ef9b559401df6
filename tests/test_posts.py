"""What is read and answered without gunicorn's parser is read and answered as by it, and all else is left to it."""

import socket
from typing import Any
from unittest.mock import Mock

import pytest
from gunicorn.config import Config
from hypothesis import example, given
from hypothesis import strategies as st

from webhook.exchanges import Connection, Exchange
from webhook.posts import LONGEST, answer_of, plain_post

CLIENT = ("192.0.2.7", 40_000)
CFG = Config()
HEAD = b"POST /gateways/twilio/messages HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: text/plain\r\n"
PLAIN = HEAD + b"X-Twilio-Signature: 0/KCTR6D=\r\nContent-Length: 4\r\n\r\nBody"

PIECES = (
    *(
        b"POST ",
        b"GET ",
        b"post ",
        b"/gateways/a/messages",
        b"?q=1&%E5",
        b"#x",
        b"%2f",
        b"http://x/",
        b"*",
        b" HTTP/1.1",
    ),
    *(b" HTTP/1.0", b" HTTP/2.0", b"\r\n", b"\n", b"\r", b"Host: a", b"Host: b:1", b"host:c", b"Content-Length: 4"),
    *(
        b"Content-Length: 04",
        b"Content-Length: +4",
        b"Content-Length: 4, 4",
        b"Content-Length: 5",
        b"content-length:\t4 ",
    ),
    *(b"Content_Length: 4", b"Content-Type: text/plain", b"Content-Type: a", b"X-A: 1", b"X_A: 1", b"X-A : 1", b"X-A:"),
    *(b" folded", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"TE: trailers", b"Upgrade: h2c"),
    *(b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Expect: 100-continue", b"Expect: x"),
    *(
        b"X-Forwarded-For: 1.2.3.4",
        b"X-Forwarded-Proto: https",
        b"\xe5\x8d",
        b"\x00",
        b"\x7f",
        b":",
        b"Body",
        b"4\r\nBody\r\n",
    ),
    *(b"X-A: \xe4\xb8\xad", b"X!A: 1", b"Proxy-Connection: keep-alive", b"Script_Name: /x", b"\r\n\r\n", b"0\r\n\r\n"),
)


def by_gunicorn(request: bytes) -> tuple[Connection, Exchange]:
    connection = Connection(Mock(spec=socket.socket), CLIENT, ("127.0.0.1", 8000))
    connection.framing.end(bytearray(request))
    return connection, Exchange(CFG, connection, request)


def told(environ: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: environ.get(name, "") for name in names - {"wsgi.input"}}


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Return the plain request with something put in, taken out or put in the place of something."""
    request = PLAIN
    for _ in range(draw(st.integers(0, 3))):
        lines = [0, *(at for at in range(1, len(request)) if request[at - 1 : at] == b"\n"), len(request)]
        at = draw(st.one_of(st.sampled_from(lines), st.integers(0, len(request))))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)))
        piece += draw(st.sampled_from((b"", b"\r\n", b" ")))
        request = request[:at] + piece + request[at + draw(st.sampled_from((0, 0, len(piece), 1, 9))) :]
    return request


@given(changed())
@example(PLAIN)
@example(HEAD + b"Content-Length: 4\r\nX-A: 1\r\nX-a: 2\r\n\r\nBody")
@example(HEAD + b"Content-Length: 4\r\nX-A: 1\r\nX_A: 2\r\n\r\nBody")
@example(HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nBody")
@example(PLAIN + b"GET /x HTTP/1.1\r\n\r\n")
def test_whatever_is_taken_for_plain_gunicorn_reads_alike(request: bytes) -> None:
    post = plain_post(request, CLIENT[0])
    if post is None:
        return
    connection, exchange = by_gunicorn(request)
    assert told(post, set(post)) == told(exchange.environ, set(post))
    assert post["wsgi.input"].read() == exchange.environ["wsgi.input"].read()
    shown = {name for name in exchange.environ if name.startswith(("HTTP_", "CONTENT_"))}
    assert shown <= set(post), "gunicorn saw a header more"
    headers = [("Content-Type", "text/xml"), ("Content-Length", "11")]
    exchange.response.start_response("200 OK", headers)
    assert exchange.write([b"<Response/>"], True), "the connection would not go on"
    assert without_date(answer_of("200 OK", headers, b"<Response/>", True)) == without_date(bytes(connection.outgoing))


def without_date(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if not line.startswith(b"Date: ")]


def test_the_plain_form_is_taken() -> None:
    post = plain_post(PLAIN, CLIENT[0])
    assert post is not None
    assert post["HTTP_X_TWILIO_SIGNATURE"] == "0/KCTR6D="
    assert b"\r\nConnection: close\r\n" in answer_of("200 OK", [], b"", False)
    assert plain_post(PLAIN.replace(b"messages", b"status?a=1&b=2"), CLIENT[0]) is not None


@pytest.mark.parametrize(
    "request_",
    [
        PLAIN[:-1],
        PLAIN + b"x",
        2 * PLAIN,
        PLAIN.replace(b"POST", b"PUT"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"Host: localhost:8000\r\n", b""),
        PLAIN.replace(b"twilio", b"twil%69o"),
        PLAIN.replace(b"X-Twilio-Signature", b"X_Twilio_Signature"),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nBody\r\n0\r\n\r\n",
        HEAD + b"Connection: close\r\nContent-Length: 4\r\n\r\nBody",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\nBody",
        HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(100)) + b"Content-Length: 4\r\n\r\nBody",
        PLAIN.replace(b"messages", b"messages?" + 5_000 * b"q"),
        HEAD + b"X-Long: " + LONGEST * b"x" + b"\r\nContent-Length: 4\r\n\r\nBody",
    ],
)
def test_all_else_is_left_to_gunicorn(request_: bytes) -> None:
    assert plain_post(request_, CLIENT[0]) is None


@pytest.mark.parametrize("value", ["a\r\nX-B: 1", "a\nb", "a\r"])
def test_no_header_of_an_answer_becomes_two(value: str) -> None:
    with pytest.raises(ValueError, match="more than a line"):
        answer_of("200 OK", [("Content-Type", value)], b"", True)
