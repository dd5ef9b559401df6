"""SMSGate: an Android phone with a SIM is the gateway, and we are its private server (more-gateways.md, A.1.4).

In: the app posts what comes in, signed with the key of its device, and repeats a refused event for 45 h. Out: the app
fetches messages and says what became of each by its id; an id that it knows is not sent again, so what is handed out
twice is sent once. Of the devices of a gateway any that is approved may have signed: an app that has registered anew
repeats old events under its former device's id with its present key.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from worker.clock import Clock
from worker.gateways.base import (
    Ack,
    Doubt,
    Flaw,
    ForgedError,
    Inbound,
    MalformedError,
    NotYetError,
    Outgoing,
    Ping,
    Reader,
    Retry,
    Route,
    Status,
)
from worker.gateways.forms import header
from worker.gateways.phone_server import Fetched, Missed, News, PhoneWord
from worker.gateways.smsgate_codes import code_of, failure_of
from worker.gateways.smsgate_events import (
    SIGNATURE,
    TIMESTAMP,
    app_version,
    check_signature,
    read_event,
    read_sim_cards,
    time_stated,
)
from worker.gateways.smsgate_reader import PhoneLine, PhoneReader

EVENTS: Final = ("sms:received", "mms:downloaded", "system:ping", "app:started")
"""What we ask the app to post; what became of messages it says otherwise."""
RETRIES: Final = 18
"""5 s doubled so often are fifteen days: a text outlasts our absence over the longest holidays."""
PING_S: Final = 60
LONGEST_NAME: Final = 80
MOST_STATES: Final = 100
DELIVERY_OF: Final[Mapping[str, str]] = {
    "Processed": "sending",
    "Sent": "sent",
    "Delivered": "delivered",
    "Failed": "failed",
    "Cancelled": "failed",
}
"""The app's state of a message → ours. Pending says nothing: what is in its queue may never leave it."""
SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "replies": ("MessageEnqueued",),
    "set_up": ("WebhooksUpdated", "SettingsUpdated"),
}
ALIVE: Final = b":keepalive\n\n"
_ID: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,9})\.[0-9a-f]{1,12}\.[0-9a-f]{12}")


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
            return PhoneReader(self.name, self._secret, line, self.app_version(headers), self._now(), clock)
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
        found = app_version(header(headers, "User-Agent"))
        return "" if found is None else ".".join(map(str, found))

    def read_phone(self, raw: bytes) -> PhoneWord:
        """Return name and SIMs. Raises MalformedError."""
        said = _read_json(raw)
        if not isinstance(said, dict):
            raise MalformedError("the body is no JSON object")
        name = said.get("name")
        shown = "".join(sign for sign in name if sign.isprintable()) if isinstance(name, str) else ""
        return PhoneWord(shown[:LONGEST_NAME], read_sim_cards(said.get("simCards")))

    def registered(self, phone: str, token: str) -> Ack:
        """Return the new device. The app shows `login`; it has no password, for nobody logs in by it."""
        return _json({"id": phone, "token": token, "login": phone, "password": None}, 201)

    def asked_from(self, address: str) -> Ack:
        """Return the address that the app shows."""
        return _json({"externalIp": address})

    def webhooks(self, url: str) -> Ack:
        """Return a webhook for each event, always under the same id: a new one would make the app notify its owner."""
        return _json([{"id": event.replace(":", "-"), "url": url, "event": event} for event in EVENTS])

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
        """Return messages. The app sends by `createdAt`, so that rises from one to the next."""
        messages: list[dict[str, Any]] = []
        last = datetime.min.replace(tzinfo=UTC)
        for reply in replies:
            outgoing = reply.outgoing
            last = max(reply.written_at, last + timedelta(milliseconds=1))
            messages.append(
                {
                    "id": self.message_id(outgoing),
                    "message": outgoing.words,
                    "textMessage": {"text": outgoing.words},
                    "phoneNumbers": [outgoing.recipient],
                    "simNumber": reply.sim,
                    "withDeliveryReport": True,
                    "isEncrypted": False,
                    # By the phone's own clock: one that is hours ahead would drop all at once.
                    "validUntil": _written(outgoing.useful_until + clock_ahead),
                    "priority": 0,
                    "createdAt": _written(last),
                    "state": "Pending",
                }
            )
        return _json(messages)

    def message_id(self, outgoing: Outgoing) -> str:
        """Return the id of an attempt at a reply: a further attempt is another message, or it would not be sent.

        So is one of a database that was set up anew, whose numbers begin again while the phone knows the old ones: the
        reply's own time tells them apart.
        """
        until = int(outgoing.useful_until.timestamp())
        of = f"{outgoing.site_id}.{outgoing.reply_id}.{outgoing.attempt}.{until:x}"
        return f"{of}.{self._sealed('message', of)[:12]}"

    def read_states(self, raw: bytes) -> list[Status]:
        """Return the states of messages of ours; ids that we did not give say nothing. Raises MalformedError."""
        said = _read_json(raw)
        if not isinstance(said, list) or len(said) > MOST_STATES:
            raise MalformedError("the body is no list of messages, or too long a one")
        states = (self._state_of(each) for each in said if isinstance(each, dict))
        return [state for state in states if state is not None]

    def read_clock(self, raw: bytes) -> datetime | None:
        """Return the latest of the times that the states have."""
        said = _read_json(raw)
        stated = [each.get("states") for each in said if isinstance(each, dict)] if isinstance(said, list) else []
        times = [time_stated(at) for states in stated if isinstance(states, dict) for at in states.values()]
        return max((time for time in times if time is not None), default=None)

    def _state_of(self, said: Mapping[str, Any]) -> Status | None:
        found = _ID.fullmatch(str(said.get("id")))
        state = str(said.get("state"))
        if found is None or state not in DELIVERY_OF:
            return None
        of, seal = found[0].rpartition(".")[::2]
        if not hmac.compare_digest(seal, self._sealed("message", of)[:12]):
            return None
        recipients = said.get("recipients")
        told = recipients if isinstance(recipients, list) else []
        errors = [each.get("error") for each in told if isinstance(each, dict)]
        error = next((error for error in errors if isinstance(error, str)), None)
        error = state if state == "Cancelled" else error
        failed = DELIVERY_OF[state] == "failed"
        return Status(
            gateway=self.name,
            sid=found[0],
            reply_id=int(found[2]),
            delivery=DELIVERY_OF[state],
            error_code=code_of(error) if failed else None,
            attempt=int(found[3]),
            failure=failure_of(error) if failed else None,
            site_id=int(found[1]),
            # Each part of a text is reported by itself, and the one that failed makes the whole fail.
            takes_back=True,
        )

    def event(self, news: News | None) -> bytes:
        """Return the server-sent events."""
        if news is None:
            return ALIVE
        if isinstance(news, Missed):
            period = {"since": _written(news.since), "until": _written(news.until)}
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
        said = json.dumps(["smsgate", self.name, *parts]).encode()
        return hmac.new(self._secret.encode(), said, hashlib.sha256).hexdigest()


def _read_json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise MalformedError("the body is not JSON in UTF-8") from None


def _json(said: object, status: int = 200) -> Ack:
    return Ack(status, "application/json", json.dumps(said, ensure_ascii=False))


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
