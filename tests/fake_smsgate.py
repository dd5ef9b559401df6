"""SMSGate servers over real HTTP on the loopback: the app's own on a phone, and a cloud's with several phones.

What they answer is from the app's modules/localserver and the server's internal/sms-gateway/handlers. `asked` is every
request; `refuse_next` lays down statuses (and words) for the next ones.
"""

import base64
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_phone import FakePhone, Message, iso, state_of, time_of

LOGIN, PASSWORD = "sms", "password-of-the-fake"
PROOF = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()

Answer = tuple[int, Any]
NOT_FOUND: Answer = (404, {"message": "Not Found"})


@dataclass
class FakeServer:
    """The server; `phones` is one where it is the phone's own."""

    phones: list[FakePhone]
    cloud: bool = False
    url: str = ""
    queue_full: bool = False
    settings: dict[str, Any] = field(default_factory=lambda: {"messages": {"processing_order": "LIFO"}})
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    refuse_next: deque[tuple[int, Any]] = field(default_factory=deque)
    answers: bool = True
    """Whether it says anything to a message that it takes."""

    def answer(self, method: str, target: str, body: Any) -> Answer:
        """Return status and JSON for a request that signed in."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((method, parts.path, body if body is not None else query))
        if self.refuse_next:
            return self.refuse_next.popleft()
        first, *rest = parts.path.strip("/").split("/")
        if method == "GET":
            return self._read(first, rest, query)
        written = {"POST messages": self._enqueue, "POST webhooks": self._register, "PATCH settings": self._configure}
        does = written.get(f"{method} {first}")
        return does(body) if does is not None else NOT_FOUND

    def _read(self, what: str, rest: list[str], query: dict[str, str]) -> Answer:
        if what == "messages" and rest:
            return self._state(rest[0])
        if what == "inbox":
            return (501, {"message": "Inbox API is not implemented yet"}) if self.cloud else self._inbox(query)
        version = "1.40.0" if self.cloud else self.phones[0].app
        plain = {
            "webhooks": list(self.webhooks.values()),
            "settings": self.settings,
            "devices" if self.cloud else "device": [self._device(phone) for phone in self.phones],
            "health": {"status": "pass", "version": version, "releaseId": 1, "checks": {}},
        }
        return (200, plain[what]) if what in plain else NOT_FOUND

    def _register(self, body: dict[str, Any]) -> Answer:
        self.webhooks[body["id"]] = body
        for phone in self.phones:
            phone.webhooks = list(self.webhooks.values())
        return 201, body

    def _enqueue(self, body: dict[str, Any]) -> Answer:
        if self.queue_full:
            return 503, {"message": "queue limits exceeded: too old pending message: 2026-11-01T00:00:00Z", "code": 503}
        wanted = body.get("deviceId")
        named = [phone for phone in self.phones if wanted in (None, phone.device_id)]
        if not named:
            return 400, {"message": "record not found: device" if self.cloud else "Invalid device ID"}
        phone = named[0]
        ttl = body.get("ttl")
        message = Message(
            body["id"],
            body["textMessage"]["text"],
            body["phoneNumbers"],
            phone.now,
            body.get("simNumber"),
            None if ttl is None else phone.now + timedelta(seconds=ttl),
        )
        if not phone.take(message):
            return 409, {"message": "message with the same ID already exists"}
        return 202, state_of(message) | {"deviceId": phone.device_id, "isHashed": False, "isEncrypted": False}

    def _state(self, name: str) -> Answer:
        for phone in self.phones:
            if name in phone.messages:
                return 200, state_of(phone.messages[name]) | {"deviceId": phone.device_id}
        return 404, {"message": "message not found"}

    def _inbox(self, query: dict[str, str]) -> Answer:
        limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
        since, until = time_of(query.get("from")), time_of(query.get("to"))
        if not 1 <= limit <= 500:
            return 400, {"message": "limit must be between 1 and 500"}
        listed = [
            {
                "id": f"text:{index}",
                "type": "SMS",
                "sender": sms.sender,
                "recipient": self.phones[0].number,
                "simNumber": sms.sim,
                "contentPreview": sms.text,
                "createdAt": iso(sms.at),
                "attachments": [],
            }
            for index, sms in enumerate(self.phones[0].known.values())
            if (since is None or since <= sms.at) and (until is None or sms.at <= until)
        ]
        return 200, sorted(listed, key=lambda row: row["createdAt"], reverse=True)[offset : offset + limit]

    def _configure(self, body: dict[str, Any]) -> Answer:
        for part, values in body.items():
            shown = {name: value for name, value in values.items() if name != "signing_key"}
            self.settings[part] = self.settings.get(part, {}) | shown
        for phone in self.phones:
            phone.apply(body)
        return 200, self.settings

    def _device(self, phone: FakePhone) -> dict[str, Any]:
        seen = iso(phone.now)
        return {
            "id": phone.device_id,
            "name": "Xiaomi/lavender",
            "createdAt": seen,
            "updatedAt": seen,
            "lastSeen": seen,
        } | ({} if self.cloud else {"simCards": phone.sims})


@contextmanager
def serving(server: FakeServer) -> Iterator[FakeServer]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if self.headers.get("Authorization") != PROOF:
                status, said = 401, {"message": "Unauthorized"}
            else:
                status, said = server.answer(self.command, self.path, json.loads(raw) if raw else None)
            if not server.answers:
                self.close_connection = True
                return
            body = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
