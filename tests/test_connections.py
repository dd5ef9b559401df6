"""Connections that are slow, large or odd: none of them takes a thread from the texts."""

import selectors
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.infrastructure.serving import open_line, sandbox_request, texts
from tests.infrastructure.trickling import trickling
from tests.infrastructure.waiting import eventually
from tests.infrastructure.web import Web
from tests.sending import add_reply
from webhook.connections import MOST_UPLOADS, PatientWorker
from webhook.exchanges import Connection
from webhook.frames import LARGEST_HEAD, LARGEST_UPLOAD, MOST_RECEIVED, Framing, TooLargeError
from worker.clock import utc_now
from worker.gateways.base import SimCard
from worker.gateways.phone_server import PhoneWord
from worker.phones.approvals import approve, end
from worker.phones.entry import register
from worker.phones.gateways import add_gateway
from worker.store.database import open_engine
from worker.store.revisions import migrate
from worker.up.guard import end_sessions

ROUTE = "/gateways/sandbox/messages"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    var = tmp_path_factory.mktemp("connections")
    migrate(f"sqlite:///{var}/baobei.sqlite")
    return var


@pytest.fixture(scope="module")
def engine(var: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{var}/baobei.sqlite")
    open_line(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def web(var: Path, engine: Engine, redis_server_url: str) -> Iterator[Web]:
    """One server for all: whatever a connection did, the next must be answered."""
    web = Web(var, DATABASE_URL=str(engine.url), REDIS_URL=redis_server_url)
    eventually(web.answers, "an answer of the web process")
    yield web
    end_sessions([web.process.pid])
    web.process.wait()


@pytest.fixture
def before(engine: Engine) -> int:
    """How many texts there were before this test."""
    return texts(engine)


def send(web: Web) -> int:
    return web.ask("POST", ROUTE, *sandbox_request())[0]


def raw_text(*more: str) -> tuple[bytes, bytes]:
    """Return head (without its last line) and body of a signed text."""
    headers, body = sandbox_request()
    lines = [f"POST {ROUTE} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers.items()), *more]
    return "\r\n".join(lines).encode() + b"\r\n", body


def dial(web: Web) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=60)


def heard(connection: socket.socket, words: bytes) -> bytes:
    """Read until these words have come."""
    said = b""
    while words not in said and (came := connection.recv(65_536)):
        said += came
    assert words in said, said
    return said


def test_sixty_four_connections_of_a_byte_a_second_keep_no_text_waiting(web: Web, engine: Engine, before: int) -> None:
    with trickling(web.port, 64):
        assert [send(web) for _ in range(20)] == [200] * 20
    assert texts(engine) - before == 20


def test_whoever_never_finishes_is_told_so_and_whoever_never_begins_is_left(web: Web) -> None:
    with dial(web) as head, dial(web) as body, dial(web) as silent:
        head.sendall(b"GET /healthz HTTP/1.1\r\n")
        body.sendall(POST + b"Content-Length: 5\r\n\r\nx")
        heard(head, b"HTTP/1.1 408 Request Timeout")
        heard(body, b"HTTP/1.1 408 Request Timeout")
        assert silent.recv(1) == b""


def test_whoever_asks_and_never_reads_keeps_no_text_waiting(web: Web) -> None:
    deaf = [dial(web) for _ in range(24)]
    for connection in deaf:
        # More answers than the network holds; they are asked for one after another.
        connection.sendall(b"GET /static/phones.png HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60)
    assert [send(web) for _ in range(10)] == [200] * 10
    for connection in deaf:
        connection.close()


def test_a_request_may_come_in_pieces_in_chunks_after_a_word_and_behind_another(
    web: Web, engine: Engine, before: int
) -> None:
    head, body = raw_text(f"Content-Length: {len(sandbox_request()[1])}")
    with dial(web) as connection:
        for at in range(0, len(head), 7):
            connection.sendall(head[at : at + 7])
        connection.sendall(b"\r\n" + body)
        heard(connection, b'{"ok":true}')
        # Another two at once, on the same connection.
        connection.sendall(2 * b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = heard(connection, b"ok\n")
        assert b"200 OK" in said
        if said.count(b"ok\n") < 2:
            heard(connection, b"ok\n")
    head, body = raw_text("Transfer-Encoding: chunked")
    with dial(web) as connection:
        connection.sendall(head + b"\r\n")
        for part in (body[:50], body[50:], b""):
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        heard(connection, b'{"ok":true}')
    head, body = raw_text("Expect: 100-continue", f"Content-Length: {len(body)}")
    with dial(web) as connection:
        connection.sendall(head + b"\r\n")
        heard(connection, b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        heard(connection, b'{"ok":true}')
    assert texts(engine) - before == 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nA: " + b"x" * LARGEST_HEAD, 431),
        (POST + b"Content-Length: 999999\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n", 413),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n", 403),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (b"nonsense\r\n\r\n", 400),
        # Two readers might tell apart where these end; GET /smuggled must never be read as a request.
        (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 501),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (POST + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (POST + b"Content-Length: +4\r\n\r\nabcd" + SMUGGLED, 400),
        (POST + b"Content-Length: 4, 4\r\n\r\nabcd" + SMUGGLED, 400),
        (POST + b"Content-Length : 4\r\n\r\nabcd" + SMUGGLED, 400),
        (POST + b"X: a\r\n Content-Length: 4\r\n\r\nabcd" + SMUGGLED, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n" + SMUGGLED, 403),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n" + SMUGGLED, 403),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n" + SMUGGLED, 403),
    ],
)
def test_too_much_and_nonsense_are_refused_and_end_the_connection(web: Web, sent: bytes, status: int) -> None:
    with dial(web) as connection:
        connection.sendall(sent)
        said = b""
        while came := connection.recv(65_536):
            said += came
        assert said.startswith(b"HTTP/1.1 %d " % status), said
        assert said.count(b"HTTP/1.1") == 1


# ---- How far a request goes ---------------------------------------------------------------------------------------

WHOLE = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-LENGTH:5\r\nHost: a\r\n\r\n12345",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nA;x=y\r\n\r\n\r\n12345\x00\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nA: b\r\n\r\n",
]


@given(st.sampled_from(WHOLE), st.lists(st.integers(1, 40), max_size=6), st.binary(max_size=20))
def test_a_request_ends_where_it_ends_however_it_is_cut(request: bytes, cuts: list[int], behind: bytes) -> None:
    framing, received, sent = Framing(), bytearray(), request + behind
    for at in sorted({*(cut for cut in cuts if cut < len(request)), len(request) - 1}):
        received[:] = sent[:at]
        assert framing.end(received) is None
    received[:] = sent
    assert framing.end(received) == len(request)


@given(st.binary(max_size=200))
def test_whatever_comes_is_waited_for_handed_over_or_refused(came: bytes) -> None:
    framing = Framing()
    try:
        end = framing.end(bytearray(CHUNKED + came))
    except TooLargeError:
        return
    assert end is None or 0 < end <= len(CHUNKED + came)


def test_a_list_of_people_may_be_large_and_few_of_them_come_in_at_a_time(web: Web) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    upload = b"/setup/people/import/1"
    for path, length, cut in ((upload, 300_000, False), (upload, LARGEST_UPLOAD + 1, True), (b"/login", 300_000, True)):
        framing = Framing()
        framing.end(bytearray(head % (path, length)))
        assert (framing.cut, framing.large) == (cut, not cut)
    begun = [dial(web) for _ in range(MOST_UPLOADS + 1)]
    for connection in begun:
        connection.sendall(head % (upload, 300_000) + b"x" * 50_000)
    assert begun[0].recv(1) == b"", "it has waited longest, and makes room"
    begun[-1].sendall(b"x" * 250_000)
    # Who is not logged in is refused by its length all the same.
    heard(begun[-1], b"HTTP/1.1 413")
    for connection in begun:
        connection.close()


def test_what_a_phone_is_told_while_its_answer_is_still_written_is_written_behind_it() -> None:
    worker = PatientWorker.__new__(PatientWorker)
    worker._selector, worker._waiting, worker.alive = selectors.DefaultSelector(), {}, True
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(10)
    with ours, theirs, worker._selector:
        connection = Connection(ours, None, None)
        connection.gone = lambda: None
        worker._deliver(connection, b"told")
        worker._go_on(connection)
        assert theirs.recv(100) == b"told"


def test_whose_patience_ends_is_seen_to_though_nothing_comes() -> None:
    seen_to = Event()

    class Slow:
        def later(self, environ: dict[str, Any], then: object) -> bool:
            return True

        def end_patience(self) -> None:
            seen_to.set()

    worker = PatientWorker.__new__(PatientWorker)
    worker._selector, worker._waiting, worker._front = selectors.DefaultSelector(), {}, Slow()
    worker._taken_in, worker._looks_at = 1, 0.0
    worker.notify = lambda: None  # type: ignore[method-assign]
    with worker._selector, ThreadPoolExecutor(1) as worker._gateways:
        worker._turn()
    assert seen_to.is_set()


def test_no_more_is_kept_than_a_request_may_have() -> None:
    chunk = b"1\r\nx\r\n"
    many = bytearray(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * (MOST_RECEIVED // len(chunk) + 1)
    )
    with pytest.raises(TooLargeError):
        Framing().end(many)


def test_phones_listen_without_a_thread_until_they_are_told_or_end(web: Web, engine: Engine, before: int) -> None:
    now = utc_now()
    carried = open_line(engine, "岸", "+8613800000009")
    token = add_gateway(engine, "desk", [carried], None, now)
    phones = {}
    for number in range(2):
        word = PhoneWord(f"phone {number}", (SimCard(0, 1),))
        phone, secret = register(engine, "desk", token, word, "1.68.0", now)
        phones[phone] = dial(web)
        ask = f"GET /gateways/desk/phone/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n"
        phones[phone].sendall(ask.encode())
        head = heard(phones[phone], b"event: SettingsUpdated\ndata: null\n\n")
        assert b"HTTP/1.1 200" in head
        assert b"text/event-stream" in head
        assert b"chunked" not in head
    one, other = phones
    # One connection a phone: who listens once more is heard on the new one.
    again = dial(web)
    again.sendall(ask.encode())
    heard(again, b"SettingsUpdated")
    assert phones[other].recv(100) == b""
    approve(engine, "desk", one, {1: carried}, None, now)
    add_reply(engine, carried, "R1", utc_now())
    told = heard(phones[one], b"event: MessageEnqueued\ndata: null\n\n")
    # Approved, it is asked what came while nobody listened.
    assert b"event: MessagesExportRequested\ndata: {" in (told if b"Export" in told else heard(phones[one], b"}\n\n"))
    end(engine, one, None, now)
    assert phones[one].recv(100) == b""
    assert send(web) == 200
    assert texts(engine) == before + 1
    for connection in (again, *phones.values()):
        connection.close()
