"""A phone with the SMSGate app, as the app's sources have it (v1.68.0, and older where `version` says so).

It posts what it receives to webhooks, signed, and again until it is told 2xx (WebhookQueueRepository.kt); it fetches
messages from a private server and says what becomes of them (GatewayService.kt), or is given them by whoever asks it
(`fake_smsgate.py`); it sends the newest first unless told otherwise (MessagesSettings.kt). Time is what `now` says:
nothing here waits.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import requests

from worker.gateways.smsgate_events import signature_of

Http = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]
"""Method, address, headers and body → status and body of the answer; raises OSError where none comes."""
Ways = Iterable[tuple[str, str | None]]
"""What becomes of a message that is on the air: states, and the app's words on a failure."""

SHANGHAI: Final = timezone(timedelta(hours=8))
BATCH: Final = 20
FIRST_PAUSE: Final = timedelta(seconds=5)
DELIVERED: Final[Ways] = (("Sent", None), ("Delivered", None))
EVENTS_OF: Final = {
    "Sent": "sms:sent",
    "Delivered": "sms:delivered",
    "Failed": "sms:failed",
    "Cancelled": "sms:cancelled",
}
EVENTS_SINCE: Final = {
    "sms:received": (0, 0, 0),
    "system:ping": (0, 0, 0),
    "mms:downloaded": (1, 56, 0),
    "app:started": (1, 66, 0),
}
HTML_SAFE: Final = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&='"})
"""Gson escapes these."""


def over_http(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float = 30.0
) -> tuple[int, bytes]:
    """Make a request over the loopback."""
    answer = requests.request(method, url, headers=dict(headers), data=body, timeout=timeout_s)
    return answer.status_code, answer.content


@dataclass
class Queued:
    """An event that waits for its webhook."""

    url: str
    body: str
    next_at: datetime
    tries: int = 0


@dataclass
class Message:
    """A message that the phone is to send."""

    id: str
    text: str
    numbers: list[str]
    created_at: datetime
    sim: int | None = None
    valid_until: datetime | None = None
    of_server: bool = False
    state: str = "Pending"
    error: str | None = None
    states: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Sms:
    """A text in Android's own inbox; `at` is the message centre's time, `came` the phone's own, `sim` from 1."""

    sender: str
    text: str
    at: datetime
    sim: int | None = 1
    came: datetime | None = None


class FakePhone:
    """The phone."""

    def __init__(self, http: Http, now: Callable[[], datetime], version: tuple[int, int, int] = (1, 68, 0)) -> None:
        self.http = http
        self.real_now = now
        self.version = version
        self.clock_off = timedelta()
        self.number: str | None = None
        """What its SIM says that its number is: mostly nothing."""
        self.sims = [{"slotIndex": 0, "simNumber": 1, "phoneNumber": None, "carrierName": "CMCC", "iccid": "8986001"}]
        self.inbox: list[Sms] = []
        self.on_air: list[tuple[str, str, int | None]] = []
        """Numbers and words as they left the phone, in this order."""
        self.install()

    def install(self) -> None:
        """Have the app as it is after its installation; Android's inbox stays."""
        self.device_id = secrets.token_hex(8)
        self.key = secrets.token_hex(4)
        self.retry_count = 15
        self.order = "LIFO"
        self.webhooks: list[dict[str, Any]] = []
        self.known: dict[tuple[Any, ...], Sms] = {}
        self.queue: list[Queued] = []
        self.given_up: list[str] = []
        self.posted: list[tuple[int, str]] = []
        self.messages: dict[str, Message] = {}
        self.unreported: list[str] = []
        self.api = ""
        self.token: str | None = None

    @property
    def now(self) -> datetime:
        """What the phone's clock says."""
        return self.real_now() + self.clock_off

    @property
    def app(self) -> str:
        """The app's version, as it says it."""
        return ".".join(map(str, self.version))

    # What comes in.

    def receive(
        self, sender: str, text: str, at: datetime | None = None, sim: int | None = 1, *, power_lost: bool = False
    ) -> None:
        """Receive a text that the message centre took at `at`; its power may be lost once the app has stored it."""
        sms = Sms(sender, text, (at or self.real_now()).replace(microsecond=0), sim, self.now.replace(microsecond=0))
        self.inbox.append(sms)
        self._process(sms, trigger=not power_lost)
        if self.version < (1, 52, 3) or self.version[:3] == (1, 65, 0):
            self._emit("sms:received", self._payload(sms))
        if (1, 66, 0) <= self.version <= (1, 66, 1):
            # The observer of Android's inbox dates a text by the phone's clock.
            self._emit("sms:received", self._payload(sms, self.now.replace(microsecond=0)))

    def export(self, since: datetime, until: datetime) -> None:
        """Go through Android's inbox once more, as a server may ask: what the app knows already is left out."""
        for kept in self.inbox:
            # Up to 1.66.1 an inbox is looked through, and dated, by the phone's clock (ReceiverService.selectSms).
            sms = kept if self.version >= (1, 66, 2) else replace(kept, at=kept.came or kept.at)
            if since <= sms.at <= until:
                self._process(sms, trigger=True)

    def _process(self, sms: Sms, *, trigger: bool) -> None:
        dated = self.version < (1, 63, 0) or self.version >= (1, 66, 2)
        identity = (sms.sender, sms.text, sms.sim, *([sms.at] if dated else []))
        if identity in self.known and self.version >= (1, 65, 2):
            return
        self.known[identity] = sms
        if trigger:
            self._emit("sms:received", self._payload(sms))

    def _payload(self, sms: Sms, at: datetime | None = None) -> dict[str, Any]:
        named = {"sender": sms.sender, "recipient": self.number} if self.version >= (1, 54, 0) else {}
        return {
            "messageId": f"{hash((sms.sender, sms.text)) & 0xFFFFFFFF:x}",
            "message": sms.text,
            **named,
            "phoneNumber": sms.sender,
            "simNumber": sms.sim,
            "receivedAt": iso(at or sms.at),
        }

    def ping(self) -> None:
        """Give a sign of life."""
        self._emit("system:ping", {"health": {"status": "pass", "version": self.app}})

    def start(self) -> None:
        """Start the app."""
        self._emit("app:started", {"simCards": self.sims})

    def _emit(self, event: str, payload: Mapping[str, Any]) -> None:
        for webhook in self.webhooks:
            if webhook["event"] == event:
                said = {"deviceId": self.device_id, "event": event, "id": secrets.token_urlsafe(15), "payload": payload}
                body = json.dumps(said | {"webhookId": webhook["id"]}, ensure_ascii=False, separators=(",", ":"))
                self.queue.append(Queued(webhook["url"], body.translate(HTML_SAFE), self.now))

    def post(self) -> None:
        """Post what is due, a batch of the oldest first, one by one."""
        due = sorted((each for each in self.queue if each.next_at <= self.now), key=lambda each: each.next_at)
        for event in due[:BATCH]:
            status = self._posted(event)
            self.posted.append((status, event.body))
            if 200 <= status < 300:
                self.queue.remove(event)
            elif event.tries < self.retry_count:
                event.tries += 1
                event.next_at = self.now + FIRST_PAUSE * 2 ** (event.tries - 1)
            else:
                self.queue.remove(event)
                self.given_up.append(event.body)

    def _posted(self, event: Queued) -> int:
        raw, stamp = event.body.encode(), str(int(self.now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"me.capcom.smsgateway/{self.app}",
            "X-Timestamp": stamp,
            "X-Signature": signature_of(self.key, raw, stamp),
        }
        try:
            return self.http("POST", event.url, headers, raw)[0]
        except OSError:
            return 0

    def post_all(self, wait: Callable[[timedelta], object]) -> None:
        """Post until nothing waits any more; `wait` lets time pass for everybody."""
        while self.queue:
            self.post()
            if self.queue:
                wait(max(timedelta(), min(each.next_at for each in self.queue) - self.now))

    # What goes out.

    def take(self, message: Message) -> bool:
        """Take a message to send; False where it has one of this id."""
        return self.messages.setdefault(message.id, message) is message

    def send(self, ways: Callable[[Message], Ways] = lambda message: DELIVERED, most: int = 1_000_000) -> None:
        """Send what is pending, at most so many; `ways` says what the carrier makes of each."""
        for _ in range(most):
            pending = [each for each in self.messages.values() if each.state == "Pending"]
            if not pending:
                return
            newest_first = self.order == "LIFO"
            self.send_one(sorted(pending, key=lambda each: each.created_at, reverse=newest_first)[0], ways)

    def send_one(self, message: Message, ways: Callable[[Message], Ways] = lambda message: DELIVERED) -> None:
        """Send one message."""
        if message.valid_until is not None and message.valid_until < self.now:
            self.becomes(message, "Failed", "TTL expired")
            return
        self.on_air += [(number, message.text, message.sim) for number in message.numbers]
        for state, error in (("Processed", None), *ways(message)):
            self.becomes(message, state, error)

    def becomes(self, message: Message, state: str, error: str | None = None) -> None:
        """Have a message in another state, and tell whoever is to know."""
        message.state, message.error = state, error
        message.states[state] = self.now
        if message.of_server:
            self.unreported.append(message.id)
        for number in message.numbers if state in EVENTS_OF else ():
            payload = {"messageId": message.id, "recipient": number, "phoneNumber": number, "simNumber": message.sim}
            said = {"reason": error or "Unknown", "failedAt": iso(self.now)} if state == "Failed" else {}
            self._emit(EVENTS_OF[state], payload | said)

    # A private server.

    def register(self, api: str, private_token: str) -> int:
        """Register with a private server, by what somebody typed into the app; return how it answers."""
        self.api = api.rstrip("/")
        body = {"name": "Xiaomi/lavender", "pushToken": None, "simCards": [_redacted(sim) for sim in self.sims]}
        status, raw = self._call("POST", "/device", body, private_token)
        if status == 201:
            said = json.loads(raw)
            self.device_id, self.token = said["id"], said["token"]
        return status

    def update(self) -> int:
        """Tell the server of SIMs; after a 401 the app registers anew when it starts, by what was typed."""
        body = {"id": self.device_id, "pushToken": None, "simCards": [_redacted(sim) for sim in self.sims]}
        return self._call("PATCH", "/device", body)[0]

    def configure(self) -> tuple[int, int]:
        """Fetch webhooks and settings, and go by them; return how both are answered."""
        hooks, raw = self._call("GET", "/webhooks")
        # An event that it does not know fails the whole list, which it asks for again (WebhooksUpdateWorker.kt).
        if hooks == 200 and all(EVENTS_SINCE[each["event"]] <= self.version for each in json.loads(raw)):
            self.webhooks = json.loads(raw)
        settings, raw = self._call("GET", "/settings")
        if settings == 200:
            self.apply(json.loads(raw))
        return hooks, settings

    def apply(self, settings: Mapping[str, Any]) -> None:
        """Import settings."""
        webhooks = settings.get("webhooks") or {}
        self.key = webhooks.get("signing_key") or self.key
        self.retry_count = int(webhooks.get("retry_count") or self.retry_count)
        self.order = (settings.get("messages") or {}).get("processing_order") or self.order

    def pull(self) -> int:
        """Fetch messages; one that it has is not taken again, but its state is reported. Returns how it is answered."""
        status, raw = self._call("GET", f"/message?order={self.order.lower()}")
        for said in json.loads(raw) if status == 200 else ():
            if said.get("state") == "Cancelling":
                self.cancel(said["id"])
                continue
            message = Message(
                said["id"],
                (said.get("textMessage") or {}).get("text") or said["message"],
                said["phoneNumbers"],
                time_of(said.get("createdAt")) or self.now,
                said.get("simNumber"),
                time_of(said.get("validUntil")),
                of_server=True,
            )
            if not self.take(message):
                self.unreported.append(message.id)
        return status

    def cancel(self, name: str) -> None:
        """Be asked not to send a message any more; what is known of it is reported, however it stands."""
        message = self.messages.get(name)
        if message is not None and message.state == "Pending":
            self.becomes(message, "Cancelled")
        elif message is not None:
            self.unreported.append(name)

    def report(self) -> list[int]:
        """Report states that changed, each in a request of its own; what fails is reported again later."""
        answers = []
        for name in list(dict.fromkeys(self.unreported)):
            status, _ = self._call("PATCH", "/message", [state_of(self.messages[name])])
            answers.append(status)
            if status < 300:
                self.unreported = [other for other in self.unreported if other != name]
        return answers

    def _call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {token or self.token}",
            "Content-Type": "application/json",
            "User-Agent": f"me.capcom.smsgateway/{self.app}",
        }
        return self.http(method, self.api + path, headers, None if body is None else json.dumps(body).encode())


def state_of(message: Message) -> dict[str, Any]:
    """Return a message's state as the app tells it."""
    recipients = [{"phoneNumber": each, "state": message.state, "error": message.error} for each in message.numbers]
    states = {state: iso(at) for state, at in message.states.items()}
    return {"id": message.id, "state": message.state, "recipients": recipients, "states": states}


def iso(at: datetime) -> str:
    """Return a time as the app writes it, in the phone's zone."""
    return at.astimezone(SHANGHAI).isoformat(timespec="milliseconds")


def time_of(stated: str | None) -> datetime | None:
    """Return a time as the app reads it."""
    return None if stated is None else datetime.fromisoformat(stated).astimezone(UTC)


def _redacted(sim: Mapping[str, Any]) -> dict[str, Any]:
    hidden: Collection[str] = ("phoneNumber", "carrierName", "iccid")
    return {name: _hidden(value) if name in hidden and value is not None else value for name, value in sim.items()}


def _hidden(value: str) -> str:
    return "*" * (len(value) - 4) + value[-4:] if len(value) > 4 else "****"
