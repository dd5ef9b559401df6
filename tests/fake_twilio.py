"""A Twilio that misbehaves on demand, over real HTTP on the loopback.

It keeps two ledgers: `asked` is every request to send that reached it whole, `messages` is what it took, which its list
shows. Each request takes the next of the behaviours that were laid down with `behave`, else it is accepted.
"""

import base64
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests import twilio_message

ACCOUNT = twilio_message.ACCOUNT
TOKEN = "token-of-the-fake"  # noqa: S105 - the fake's own
NUMBER = "+8613800000000"
ACCOUNT_PATH = f"/2010-04-01/Accounts/{ACCOUNT}"
PATH = f"{ACCOUNT_PATH}/Messages.json"
SERVICE = "MG" + "0" * 32

Form = dict[str, str]


@dataclass(frozen=True)
class Behaviour:
    """What it does with one request to send: whether it takes the message, and how it answers.

    `answer` is "whole", "none" (silence until the client has gone), "reset", "half" or "nonsense"; `before` runs
    between taking and answering and gets the message.
    """

    status: int = 201
    code: int | None = None
    takes: bool = True
    answer: str = "whole"
    before: Callable[[dict[str, Any]], None] | None = None
    headers: tuple[tuple[str, str], ...] = ()


ACCEPTS = Behaviour()
ACCEPTS_AND_IS_SILENT = Behaviour(answer="none")
ACCEPTS_AND_RESETS = Behaviour(answer="reset")
ACCEPTS_AND_FAILS = Behaviour(status=500, code=20500)
FORGETS_AND_FAILS = Behaviour(status=503, takes=False)
FORGETS_AND_RESETS = Behaviour(answer="reset", takes=False)


def refuses(code: int | None, status: int = 400, **headers: str) -> Behaviour:
    """Refuse with one of Twilio's codes, or with none; `Retry_After="20"` is a header."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Behaviour(status, code, takes=False, headers=named)


@dataclass
class FakeTwilio:
    """The server; `url` is what TWILIO_API_URL gets."""

    url: str = ""
    asked: list[Form] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    lists_asked: list[Form] = field(default_factory=list)
    page_size: int = 2
    list_status: int = 200
    pages_left: int | None = None
    """How many pages of its list it still gives before it fails; None: all."""
    list_gate: threading.Event | None = None
    """What it waits for before it answers a request for its list."""
    callbacks: dict[str, str] = field(default_factory=dict)
    credentials: tuple[str, str] = (ACCOUNT, TOKEN)
    account_status: str = "active"
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    service: dict[str, Any] | None = None
    service_numbers: list[str] = field(default_factory=list)
    clock_ahead_s: float = 0.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _next: deque[Behaviour] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What it took of ours, newest first."""
        return [message for message in self.messages if message["direction"] != "inbound"]

    def behave(self, *behaviours: Behaviour) -> None:
        """Lay down what to do with the next requests to send, in their order."""
        self._next.extend(behaviours)

    def behave_well(self) -> None:
        """Forget what was laid down: accept from now on."""
        self._next.clear()

    def take(self, form: Form) -> tuple[Behaviour, dict[str, Any]]:
        """Note a request, and the message if it is taken."""
        with self._lock:
            behaviour = self._next.popleft() if self._next else ACCEPTS
            self.asked.append(form)
            message = self.message(form)
            if behaviour.takes:
                self.messages.insert(0, message)
                self.callbacks[message["sid"]] = form.get("StatusCallback", "")
        return behaviour, message

    def receive(self, number: str, words: str, at: datetime, sender: str = "+8613900000011", to: str = NUMBER) -> str:
        """Have a text in the list that somebody sent us; its id is made of `number`. Lists come newest first."""
        sid = "SM" + number.rjust(32, "0")
        form = {"From": sender, "To": to, "Body": words}
        told = format_datetime(at.replace(microsecond=0))
        self.messages.insert(0, self.message(form, sid=sid, direction="inbound", status="received", date_created=told))
        return sid

    def list_answer(self) -> int:
        """Return the status of the answer to a request for a page of the list."""
        if self.list_gate is not None:
            self.list_gate.wait(60)
        if self.pages_left is None:
            return self.list_status
        self.pages_left -= 1
        return self.list_status if self.pages_left >= 0 else 500

    def call_back(self, sid: str, status: str, code: int | None = None) -> int:
        """Post a status of a message that it took, signed, to the address given with it; return how that answers."""
        fields = {"MessageSid": sid, "AccountSid": ACCOUNT, "MessageStatus": status}
        fields |= {} if code is None else {"ErrorCode": str(code)}
        signature = RequestValidator(TOKEN).compute_signature(self.callbacks[sid], fields)
        headers = {"X-Twilio-Signature": signature}
        return requests.post(self.callbacks[sid], data=fields, headers=headers, timeout=30).status_code

    def own(self, number: str, url: str, **fields: Any) -> None:
        """Have a number in the account, whose texts are posted to this address."""
        self.numbers[number] = {
            "sid": "PN" + "0" * 32,
            "phone_number": number,
            "sms_url": url,
            "sms_method": "POST",
            "sms_fallback_url": "",
            "sms_application_sid": "",
        } | fields

    def message(self, form: Form, **fields: Any) -> dict[str, Any]:
        """Return a message resource as Twilio shows it."""
        date = format_datetime(self.now().replace(microsecond=0))
        return twilio_message.message_of(form, len(self.asked), date) | fields


def wait_no_longer_than_it_takes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the wait for an answer short where the test's `behaviour` is never to answer, and nowhere else."""
    if getattr(request.node, "callspec", None) and ACCEPTS_AND_IS_SILENT in request.node.callspec.params.values():
        monkeypatch.setattr("worker.gateways.twilio.TIMEOUT_S", 0.5)


@contextmanager
def fake_twilio(fake: FakeTwilio | None = None) -> Iterator[FakeTwilio]:
    """Serve on a free port of the loopback."""
    fake = fake or FakeTwilio()
    server = _Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fake: FakeTwilio) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    # Else each answer waits 40 ms for the acknowledgement of its headers.
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._known():
            return
        behaviour, message = self.server.fake.take(dict(parse_qsl(raw.decode(), keep_blank_values=True)))
        if behaviour.before is not None:
            behaviour.before(message)
        self._answer_as(behaviour, message)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path != PATH:
            self._tell_set_up(path)
            return
        if not self._known():
            return
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.fake.lists_asked.append(query)
        status = self.server.fake.list_answer()
        if status != 200:
            self._json(status, {"code": 20500, "message": "no list now"})
            return
        self._json(200, _page(self.server.fake, query))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return its own idea of the time, for the Date header."""
        return super().date_time_string((timestamp or time.time()) + self.server.fake.clock_ahead_s)

    def _tell_set_up(self, path: str) -> None:
        fake = self.server.fake
        asked = parse_qs(urlsplit(self.path).query).get("PhoneNumber", [""])[0]
        shown: dict[str, Any] = {
            f"{ACCOUNT_PATH}.json": {"sid": ACCOUNT, "status": fake.account_status},
            f"{ACCOUNT_PATH}/IncomingPhoneNumbers.json": {
                # Twilio's filter matches parts of numbers, too.
                "incoming_phone_numbers": [known for number, known in fake.numbers.items() if asked[:-1] in number],
            },
            f"/v1/Services/{SERVICE}": fake.service,
            f"/v1/Services/{SERVICE}/PhoneNumbers": {
                "phone_numbers": [{"sid": "PN", "phone_number": number} for number in fake.service_numbers],
                "meta": {"key": "phone_numbers", "next_page_url": None},
            },
        }
        if not self._known(path):
            return
        if shown.get(path) is None:
            self._json(404, {"code": 20404, "message": "not found", "status": 404})
            return
        self._json(200, shown[path])

    def _known(self, path: str = PATH) -> bool:
        wanted = base64.b64encode(":".join(self.server.fake.credentials).encode()).decode()
        if self.path.partition("?")[0] == path and self.headers["Authorization"] == f"Basic {wanted}":
            return True
        self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
        return False

    def _answer_as(self, behaviour: Behaviour, message: dict[str, Any]) -> None:
        match behaviour.answer:
            case "none":
                self.connection.settimeout(10)
                self.connection.recv(1)
            case "reset":
                # With lingering off, closing sends a reset instead of a goodbye.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "half":
                self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{")
            case "nonsense":
                self._raw(behaviour.status, b"<html>It works!</html>")
                return
            case _ if behaviour.status == 201:
                self._json(201, message)
                return
            case _:
                code = {} if behaviour.code is None else {"code": behaviour.code}
                # Twilio quotes the number in its words.
                words = {"message": f"about {message['to']}", "status": 400}
                self._raw(behaviour.status, json.dumps(code | words).encode(), behaviour.headers)
                return
        self.close_connection = True
        self.connection.close()

    def _json(self, status: int, value: object) -> None:
        self._raw(status, json.dumps(value).encode())

    def _raw(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _page(fake: FakeTwilio, query: Form) -> dict[str, Any]:
    """Return a page of the list, newest first, as Twilio pages it: with a link to the next one, filters kept."""
    found = [message for message in fake.messages if _wanted(message, query)]
    number = int(query.get("Page", 0))
    start = number * fake.page_size
    page: dict[str, Any] = {"messages": found[start : start + fake.page_size], "next_page_uri": None}
    if start + fake.page_size < len(found):
        page["next_page_uri"] = f"{PATH}?{urlencode(query | {'Page': number + 1})}"
    return page


def _wanted(message: dict[str, Any], query: Form) -> bool:
    """Tell whether a message passes the filters; those by time look at the day alone."""
    day = parsedate_to_datetime(message["date_created"]).date().isoformat()
    if query.get("To", message["to"]) != message["to"]:
        return False
    return query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
