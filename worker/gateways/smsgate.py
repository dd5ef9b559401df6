"""SMSGate: an Android phone with a SIM is the gateway, and we are its private server (more-gateways.md, A.1.4).

In: the app posts what comes in, signed with the key of its device, and repeats a refused event for 45 h. Out: the app
fetches messages and says what became of each by its id; an id that it knows is not sent again, so what is handed out
twice is sent once. Of the devices of a gateway any that is approved may have signed: an app that has registered anew
repeats old events under its former device's id with its present key.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from worker.clock import Clock
from worker.gateways.base import (
    Ack,
    Doubt,
    Flaw,
    ForgedError,
    Inbound,
    NotYetError,
    Outgoing,
    Ping,
    Reader,
    Retry,
    Route,
    Status,
)
from worker.gateways.forms import header
from worker.gateways.phone_server import Fetched, Missed, News, PhoneWord, Said
from worker.gateways.phone_versions import events_of, posts_once
from worker.gateways.smsgate_events import (
    SIGNATURE,
    TIMESTAMP,
    app_of,
    check_signature,
    read_event,
    read_json,
    read_object,
    read_sim_cards,
    sealed,
    written,
)
from worker.gateways.smsgate_queue import message_id, messages_of, read_said
from worker.gateways.smsgate_reader import PhoneLine, PhoneReader

RETRIES: Final = 18
"""5 s doubled so often are fifteen days: a text outlasts our absence over the longest holidays."""
PING_S: Final = 60
SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "replies": ("MessageEnqueued",),
    "set_up": ("WebhooksUpdated", "SettingsUpdated"),
}
ALIVE: Final = b":keepalive\n\n"


class SmsGate:
    """The adapter of one gateway of phones; `lines` tells which there are at this moment."""

    keeps_list: Final = False

    def __init__(self, name: str, secret: str, lines: Callable[[], Sequence[PhoneLine]], now: Clock) -> None:
        """`secret` is the installation's key, from which the phones' keys and the ids of texts and messages follow."""
        self.name = name
        self._secret = secret
        self._lines = lines
        self._now = now

    # Inbound.

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str) -> Reader:
        """Return what reads this phone's requests. Raises ForgedError, MalformedError; NotYetError for one that waits.

        A phone that waits for approval hears 503, so that its app keeps what came in and tries again: that leaves a
        person two days at the least, and a text of the first minute keeps the carrier's time. Taken in at once, anybody
        who has learnt the token could text as anybody; refused for good, the texts of an app that registered anew were
        lost.
        """
        event = read_event(raw)
        timestamp, signature = header(headers, TIMESTAMP), header(headers, SIGNATURE)
        for line in sorted(self._lines(), key=lambda line: (not line.approved, line.phone != event.device_id)):
            try:
                check_signature(self.signing_key(line.phone), raw, timestamp, signature, self._now())
            except ForgedError:
                continue
            if not line.approved:
                raise NotYetError("this phone waits for its approval")
            clock = datetime.fromtimestamp(int(timestamp), UTC)
            return PhoneReader(self.name, self._secret, line, app_of(headers), self._now(), clock)
        raise ForgedError(f"{SIGNATURE} is no phone's of this gateway")

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Refuse: only the phone that has signed tells to whom a text came."""
        raise ForgedError("nobody has signed it")

    def ack(self, ok: bool) -> Ack:
        """Return 200 once durable, also for an event that nobody wants: else it would be repeated for days."""
        return Ack(200, "application/json", "{}") if ok else Ack(503, "application/json", "{}")

    # The private server.

    def signing_key(self, phone: str) -> str:
        """Return a phone's key. It stands nowhere: it follows from our secret and the id of the registration."""
        return self._sealed("signing key", phone)

    def app_version(self, headers: Mapping[str, str]) -> str:
        """Return the version by the User-Agent, "" without one."""
        return app_of(headers)

    def read_phone(self, raw: bytes) -> PhoneWord:
        """Return name and SIMs. Raises MalformedError."""
        said = read_object(raw)
        name = said.get("name")
        return PhoneWord(name if isinstance(name, str) else "", read_sim_cards(said.get("simCards")))

    def registered(self, phone: str, token: str) -> Ack:
        """Return the new device. The app shows `login`; it has no password, for nobody logs in by it."""
        return _json({"id": phone, "token": token, "login": phone, "password": None}, 201)

    def asked_from(self, address: str) -> Ack:
        """Return the address that the app shows."""
        return _json({"externalIp": address})

    def webhooks(self, url: str, app: str) -> Ack:
        """Return a webhook for each event that this version of the app knows.

        Always under the same id: a new one would make the app notify its owner.
        """
        return _json([{"id": event.replace(":", "-"), "url": url, "event": event} for event in events_of(app)])

    def settings(self, phone: str) -> Ack:
        """Return the settings that the app takes over."""
        return _json(
            {
                "webhooks": {
                    "signing_key": self.signing_key(phone),
                    "retry_count": RETRIES,
                    "internet_required": True,
                },
                "messages": {"processing_order": "FIFO"},
                "ping": {"interval_seconds": PING_S},
                "gateway": {"notification_channel": "SSE_ONLY"},
            }
        )

    def handed_out(self, replies: Sequence[Fetched], clock_ahead: timedelta = timedelta()) -> Ack:
        """Return messages, in the order in which the app sends them."""
        return _json(messages_of(self._sealed("messages"), replies, clock_ahead))

    def message_id(self, outgoing: Outgoing) -> str:
        """Return the id of an attempt at a reply."""
        return message_id(self._sealed("messages"), outgoing)

    def read_said(self, raw: bytes) -> list[Said]:
        """Return what a phone says of messages. Raises MalformedError."""
        return read_said(self.name, read_json(raw), self._now())

    def looks_back(self, app: str) -> bool:
        """Tell whether this version of the app leaves out what it has posted already."""
        return posts_once(app)

    def event(self, news: News | None) -> bytes:
        """Return the server-sent events."""
        if news is None:
            return ALIVE
        if isinstance(news, Missed):
            period = {"since": written(news.since), "until": written(news.until)}
            asked = {"messageTypes": "SMS", "triggerWebhooks": True}
            return _event("MessagesExportRequested", period | asked)
        return b"".join(_event(name, None) for name in SAID[news])

    # What other gateways are asked to do.

    def send(self, outgoing: Outgoing) -> Retry:
        """Hand nothing over: its phone fetches it."""
        return Retry(60.0, "fetched", "its phone fetches it")

    def backfill(self, numbers: Collection[str], since: datetime, until: datetime) -> Iterator[Inbound]:
        """Yield nothing: an app whose server we are keeps no list for us."""
        return iter(())

    def lookup(self, doubt: Doubt) -> None:
        """Find nothing: the phone says by itself what became of what it has."""
        return

    def examine(self, numbers: Collection[str], url: str) -> Iterator[Flaw]:
        """Yield nothing: the app cannot be asked."""
        return iter(())

    def _sealed(self, *parts: str) -> str:
        return sealed(self._secret, self.name, *parts)


def _json(said: object, status: int = 200) -> Ack:
    return Ack(status, "application/json", json.dumps(said, ensure_ascii=False))


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
