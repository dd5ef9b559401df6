"""The adapters of gateways, each as the conformance suite needs it: how its gateway writes, and what it may refuse.

A new adapter is a class here and a row of `ADAPTERS`.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.infrastructure.serving import ACCOUNT, AGENT, PUBLIC_URL, TOKEN, signed_by_twilio
from worker.clock import Clock
from worker.gateways import smsgate_codes, smsgate_http, twilio_codes
from worker.gateways.base import Gateway, Route
from worker.gateways.sandbox import Sandbox, signed
from worker.gateways.smsgate import SmsGate
from worker.gateways.smsgate_client import SimLine, SmsgateAccount, SmsgateClient
from worker.gateways.smsgate_events import signature_of
from worker.gateways.smsgate_reader import PhoneLine
from worker.gateways.twilio import Twilio
from worker.gateways.wire import KNOWN_AS
from worker.settings import TwilioSettings

Request = tuple[dict[str, str], bytes]
NOBODY: Final = "http://127.0.0.1:9"
"""Where nobody answers."""
NETWORK: Final = tuple(sorted({*KNOWN_AS.values(), "SSLError", "ProxyError"}))


@dataclass(frozen=True)
class Text:
    """A text on its way through a gateway; `sent_at` is what the gateway states, where it states anything."""

    words: str = "报备 张三 138****5678"
    sender: str = AGENT
    id: str = ""
    sent_at: datetime | None = None
    media: int = 0
    unknown: bool = False
    """With a field that the gateway has thought of since."""

    @property
    def name(self) -> str:
        """An id of its own."""
        return self.id or secrets.token_hex(16)


class Adapter:
    """An adapter and its gateway's hand. `number` is of a site of its own."""

    name: str
    number: str
    signatures: tuple[str, ...]
    """The headers without each of which nothing is taken."""
    states_time = True
    bounds_time = False
    """Whether a time that cannot be is none by the adapter itself, and not only by the line's bounds."""
    codes: Collection[str] = ()

    def open(self, now: Clock) -> Gateway:
        """Return the adapter, whose gateway is nowhere."""
        raise NotImplementedError

    def request(self, text: Text, now: datetime, *, forged: bool = False) -> Request:
        """Return headers and body of a text; `forged`: signed by somebody else of the same gateway."""
        raise NotImplementedError

    def unwanted(self, now: datetime) -> list[tuple[Route, Request]]:
        """Return what the gateway may post besides, of which nothing comes."""
        return []


class OfSandbox(Adapter):
    """The sandbox."""

    name, number = "sandbox", "+8613800000041"
    signatures = ("X-Baobei-Signature", "X-Baobei-Timestamp")

    def open(self, now: Clock) -> Gateway:
        """Return it."""
        return Sandbox("a secret", now)

    def request(self, text: Text, now: datetime, *, forged: bool = False) -> Request:
        """Return a form."""
        fields = {"From": text.sender, "To": self.number, "Body": text.words, "MessageSid": text.name}
        fields |= {"SentAt": text.sent_at.isoformat()} if text.sent_at else {}
        fields |= {"Mood": "good"} if text.unknown else {}
        return signed("another secret" if forged else "a secret", fields, now)


class OfTwilio(Adapter):
    """Twilio."""

    name, number = "twilio", "+8613800000042"
    signatures = ("X-Twilio-Signature",)
    states_time = False
    codes = (*twilio_codes.VERDICTS, *NETWORK)

    def open(self, now: Clock) -> Gateway:
        """Return it."""
        return Twilio(TwilioSettings(ACCOUNT, (TOKEN,), None, NOBODY), f"{PUBLIC_URL}/gateways/twilio/status", now)

    def request(self, text: Text, now: datetime, *, forged: bool = False) -> Request:
        """Return a form."""
        fields = {"From": text.sender, "To": self.number, "Body": text.words, "NumMedia": str(text.media)}
        fields |= {"MediaUrl0": "https://media.example.com/1"} if text.media else {}
        fields |= {"Mood": "good"} if text.unknown else {}
        return self._signed("messages", text.name, fields, TOKEN if not forged else "u" * 32)

    def unwanted(self, now: datetime) -> list[tuple[Route, Request]]:
        """Return states that say nothing of a reply."""
        states = ("read receipt", "partially_delivered")
        return [("status", self._signed("status", secrets.token_hex(16), {"MessageStatus": s}, TOKEN)) for s in states]

    def _signed(self, route: str, name: str, fields: Mapping[str, str], token: str) -> Request:
        sid = {"MessageSid": f"SM{name.encode().hex()[:32].rjust(32, '0')}", "AccountSid": ACCOUNT}
        return signed_by_twilio(f"{PUBLIC_URL}/gateways/twilio/{route}", token, list((sid | fields).items()))


class OfSmsgate(Adapter):
    """A phone behind a server that somebody runs."""

    name, number = "desk", "+8613800000043"
    signatures = ("X-Signature", "X-Timestamp")
    bounds_time = True
    codes = (*smsgate_codes.VERDICTS, *smsgate_http.REFUSALS, *NETWORK)
    device, key = "device-1", "key of the device"

    def open(self, now: Clock) -> Gateway:
        """Return it."""
        account = SmsgateAccount(NOBODY, "login", "password", self.key)
        return SmsgateClient(self.name, account, lambda: {self.number: SimLine(self.device, 1)}, "a secret", now)

    def request(self, text: Text, now: datetime, *, forged: bool = False) -> Request:
        """Return an event; the id of the text is that of its posting."""
        said: dict[str, Any] = {"messageId": "7", "sender": text.sender, "simNumber": 1, "recipient": None}
        said |= {"receivedAt": text.sent_at.isoformat(timespec="milliseconds")} if text.sent_at else {}
        said |= {"mood": ["good"]} if text.unknown else {}
        if not text.media:
            return self._event("sms:received", said | {"message": text.words}, text.name, now, forged=forged)
        attachments = [{"partId": part, "contentType": "image/jpeg", "data": "AA=="} for part in range(text.media)]
        picture = {"body": text.words or None, "subject": None, "attachments": attachments}
        return self._event("mms:downloaded", said | picture, text.name, now, forged=forged)

    def unwanted(self, now: datetime) -> list[tuple[Route, Request]]:
        """Return signs of life, data, states of messages that are not ours, and an event that nobody knows yet."""
        ours = {"messageId": "3-7-1-000000000000", "recipient": AGENT}
        events = {
            "system:ping": {"health": {"status": "pass"}},
            "app:started": {"simCards": []},
            "sms:data-received": {"sender": AGENT, "data": "AA=="},
            "mms:received": {"sender": AGENT, "transactionId": "1"},
            "sms:sent": {"messageId": "of another program", "recipient": AGENT},
            "sms:delivered": ours,
            "moon:risen": {"height": 1},
        }
        return [("messages", self._event(kind, said, secrets.token_hex(8), now)) for kind, said in events.items()]

    def _event(self, kind: str, said: Mapping[str, Any], name: str, now: datetime, *, forged: bool = False) -> Request:
        event = {"id": name, "webhookId": "w", "deviceId": self.device, "event": kind, "payload": said}
        raw, stamp = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace"), str(int(now.timestamp()))
        signature = signature_of("key of another" if forged else self.key, raw, stamp)
        return {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signature}, raw


class OfPhones(OfSmsgate):
    """Phones whose private server we are."""

    name, number = "pocket", "+8613800000044"
    codes = tuple(smsgate_codes.VERDICTS)

    def open(self, now: Clock) -> Gateway:
        """Return it, with an approved phone and one that waits for that."""
        lines = [PhoneLine(self.device, True, {1: self.number}), PhoneLine("device-2", False, {})]
        gateway = SmsGate(self.name, "a secret", lambda: lines, now)
        self.key = gateway.signing_key(self.device)
        return gateway


ADAPTERS: Final[Mapping[str, Adapter]] = {
    each.name: each for each in (OfSandbox(), OfTwilio(), OfSmsgate(), OfPhones())
}
