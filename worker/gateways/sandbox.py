"""The sandbox: phones on a page of ours instead of a carrier's. A gateway like any other, signed requests included.

Inbound: form POST with From, To, Body, MessageSid and optionally SentAt (ISO 8601 with a zone), signed by
`X-Baobei-Signature` = lower hex HMAC-SHA256(SECRET_KEY, timestamp + "." + raw body) with `X-Baobei-Timestamp` in Unix
seconds, at most five minutes old. Outbound: a reply counts as delivered once it is sent, since the phones page reads
inbox and replies; nothing is kept here.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final
from urllib.parse import urlencode

from worker.clock import Clock
from worker.gateways.base import (
    Ack,
    Doubt,
    Flaw,
    ForgedError,
    Inbound,
    MalformedError,
    Outgoing,
    Ping,
    Route,
    Sent,
    Status,
)
from worker.gateways.forms import Form, header, read_form
from worker.settings import Settings
from worker.var_folder import secret_key_of

SIGNATURE: Final = "X-Baobei-Signature"
TIMESTAMP: Final = "X-Baobei-Timestamp"
TOLERANCE = timedelta(minutes=5)
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PHONE = re.compile(r"\+[1-9][0-9]{4,14}|[0-9A-Za-z ]{1,11}")
FIELDS = ("From", "To", "Body", "MessageSid", "SentAt")


def signed(secret: str, fields: Mapping[str, str], now: datetime) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request that the sandbox takes for its own; `fields` as in the module's words."""
    raw = urlencode(fields).encode("ascii")
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        TIMESTAMP: timestamp,
        SIGNATURE: _signature(secret, timestamp, raw),
    }
    return headers, raw


def _signature(secret: str, timestamp: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()


class Sandbox:
    """The sandbox's adapter."""

    name: Final = "sandbox"
    keeps_list: Final = False

    def __init__(self, secret: str, now: Clock) -> None:
        self._secret = secret
        self._now = now

    def typed(self, sender: str, recipient: str, text: str) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the request for a text that is typed on a phone of the page."""
        fields = {"From": sender, "To": recipient, "Body": text, "MessageSid": f"phone-{token_hex(16)}"}
        return signed(self._secret, fields, self._now())

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """Raise ForgedError or MalformedError unless `signed` made this in the last five minutes."""
        read_form(headers, raw)
        timestamp = header(headers, TIMESTAMP)
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise ForgedError(f"{TIMESTAMP} is missing or not in Unix seconds")
        if abs(self._now().timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
            raise ForgedError(f"{TIMESTAMP} is more than five minutes off")
        given = header(headers, SIGNATURE).encode("utf-8", "replace")
        if not hmac.compare_digest(given, _signature(self._secret, timestamp, raw).encode()):
            raise ForgedError(f"{SIGNATURE} does not fit")

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Return the text of the form; the sandbox sends no statuses. Raises MalformedError."""
        if route != "messages":
            raise MalformedError("the sandbox sends no statuses")
        form = Form.of(raw)
        form.refuse_repeated(FIELDS)
        form.demand("From", PHONE)
        form.demand("To", PHONE)
        form.demand("MessageSid", MESSAGE_ID)
        return [
            Inbound(
                gateway=self.name,
                provider_id=form["MessageSid"],
                sender=form["From"],
                recipient=form["To"],
                text=form["Body"],
                sent_at=_time(form["SentAt"]),
            )
        ]

    def ack(self, ok: bool) -> Ack:
        """Return 200 once durable, else 503."""
        return Ack(200, "application/json", '{"ok":true}') if ok else Ack(503, "application/json", '{"ok":false}')

    def send(self, outgoing: Outgoing) -> Sent:
        """Count the reply as delivered: its phone is a page that shows what was sent."""
        return Sent(f"sandbox-{outgoing.reply_id}-{outgoing.attempt}", "delivered")

    def backfill(self, numbers: Collection[str], since: datetime, until: datetime) -> Iterator[Inbound]:
        """Yield nothing: the sandbox has no list of its own."""
        return iter(())

    def examine(self, numbers: Collection[str], url: str) -> Iterator[Flaw]:
        """Yield nothing: there is nothing to set up."""
        return iter(())

    def lookup(self, doubt: Doubt) -> Sent:
        """Return it as delivered: between a sender and a page there is nowhere to get lost."""
        return self.send(doubt.outgoing)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise MalformedError("SentAt must be an ISO 8601 time with a zone")
    return time


def open_sandbox(settings: Settings, now: Clock) -> Sandbox | None:
    """Return the sandbox when no real gateway is set up."""
    return Sandbox(secret_key_of(settings), now) if settings.sandbox else None
