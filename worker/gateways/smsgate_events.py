"""The events that the SMSGate app (Android) posts to a webhook: their signature, their fields, their identity; pure.

A request is `{"id", "webhookId", "deviceId", "event", "payload"}` in JSON. `X-Signature` is the lower hex
HMAC-SHA256(key, raw body + X-Timestamp), X-Timestamp the phone's clock in Unix seconds, both made anew for each try
(PayloadSingingPlugin.kt). Anything but 2xx is tried again, 15 times within 45 h, under the same event id. What is known
of versions is from the app's sources by tag, up to v1.68.0.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from parsers.mask import mask_numbers
from parsers.numbers import region_of, to_e164
from worker.gateways.base import LARGEST_BODY, ForgedError, Inbound, MalformedError, SimCard
from worker.gateways.forms import header

SIGNATURE: Final = "X-Signature"
TIMESTAMP: Final = "X-Timestamp"
CLOCK_OFF_MOST: Final = timedelta(days=400)
"""A phone whose clock is further off meets no certificate that is valid by it, and so cannot come by https at all."""
FIRST_TIME: Final = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD_MOST: Final = timedelta(minutes=10)
REPEATED_WITHIN: Final = timedelta(seconds=120)
"""The same words of the same sender within this are one text: v1.66.0 and v1.66.1 post a text twice, once with the
carrier's time and once with the phone's (SmsContentObserver.kt)."""
LONGEST_ID: Final = 128
ID_LENGTH: Final = 40
"""Of the ids that we make of texts."""
DELIVERY_OF: Final[Mapping[str, str]] = {
    "sms:sent": "sent",
    "sms:delivered": "delivered",
    "sms:failed": "failed",
    "sms:cancelled": "failed",
}
"""The app's event on a message that it was to send → one of `base.DELIVERIES`.

`delivered` comes once for each part, and `failed` may follow it."""
TEXTS: Final = ("sms:received", "mms:downloaded")

_SPELLED: Final = re.compile(r"[+＋]?[\d\s()（）./‐-―－-]+")
_USER_AGENT: Final = re.compile(
    r"me\.capcom\.smsgateway[^/\s]*/v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class AppEvent:
    """What the app says. Fields that this kind of event does not have are None or empty.

    `id` is the same in each try of one posting, and another one when the app posts the same text again. `sender` and
    `recipient` are as the phone spells them; a SIM mostly does not know its number. `received_at` is the carrier's time
    of a text as stated, believable or not (`carrier_time`). `delivery` is one of `base.DELIVERIES`, of the message that
    we called `message_id`; `error` the app's words on why it failed.
    """

    id: str
    device_id: str
    event: str
    sim_number: int | None = None
    sender: str = field(default="", repr=False)
    recipient: str | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    media: int = 0
    received_at: datetime | None = None
    message_id: str | None = None
    sim_cards: tuple[SimCard, ...] = ()
    delivery: str | None = None
    error: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether somebody texted us by it."""
        return self.event in TEXTS


def signature_of(key: str, raw: bytes, timestamp: str) -> str:
    """Return what the app puts into X-Signature."""
    return hmac.new(key.encode(), raw + timestamp.encode(), hashlib.sha256).hexdigest()


def check_signature(key: str, raw: bytes, timestamp: str, signature: str, now: datetime) -> None:
    """Raise ForgedError unless the device that has this key wrote exactly this, at a time not too far from `now`.

    The bound is wide, for a phone with a wrong clock must not lose its texts. It needs no narrower one: a text that is
    played again has the id that it had (`provider_id`), which is kept for good.
    """
    if not key:
        raise ForgedError("there is no key for this device")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise ForgedError(f"{TIMESTAMP} is missing or not in Unix seconds")
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), signature_of(key, raw, timestamp).encode()):
        raise ForgedError(f"{SIGNATURE} does not fit")
    if abs(clock_off_s(timestamp, now)) > CLOCK_OFF_MOST.total_seconds():
        raise ForgedError(f"{TIMESTAMP} is more than {CLOCK_OFF_MOST.days} days off: set the phone's clock")


def clock_off_s(timestamp: str, now: datetime) -> float:
    """Return how many seconds the clock of a phone is ahead of `now`, by an X-Timestamp that was checked."""
    return int(timestamp) - now.timestamp()


def read_event(raw: bytes) -> AppEvent:
    """Return what a request says; events and fields that nobody knows yet are no fault. Raises MalformedError."""
    if len(raw) > LARGEST_BODY:
        raise MalformedError("the body is too large", 413)
    said = read_object(raw)
    kind = _demanded(said, "event")
    payload = said.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    sender, recipient = _between(payload, incoming=kind in TEXTS)
    attachments = payload.get("attachments")
    return AppEvent(
        id=_demanded(said, "id"),
        device_id=_demanded(said, "deviceId"),
        event=kind,
        sim_number=_count(payload, "simNumber"),
        sender=sender,
        recipient=recipient,
        text=_words(kind, payload),
        media=len(attachments) if isinstance(attachments, list) else 0,
        received_at=time_stated(payload.get("receivedAt")),
        message_id=_text(payload, "messageId"),
        sim_cards=read_sim_cards(payload.get("simCards")),
        delivery=DELIVERY_OF.get(kind),
        error=_text(payload, "reason"),
    )


def read_json(raw: bytes) -> Any:
    """Return what a request of the app says. Raises MalformedError where it is no JSON."""
    try:
        return json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise MalformedError("the body is not JSON in UTF-8") from None


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the object that a request of the app is. Raises MalformedError."""
    said = read_json(raw)
    if not isinstance(said, dict):
        raise MalformedError("the body is no JSON object")
    return said


def _between(payload: Mapping[str, Any], *, incoming: bool) -> tuple[str, str | None]:
    """Return sender and recipient. `phoneNumber` is whichever is not the phone; before 1.54 there was nothing else."""
    other = _text(payload, "phoneNumber")
    if not incoming:
        return _text(payload, "sender") or "", _text(payload, "recipient") or other
    if not isinstance(payload.get("sender", payload.get("phoneNumber")), str) and other is None:
        raise MalformedError("a text has no sender")
    return _text(payload, "sender") or other or "", _text(payload, "recipient")


def _words(kind: str, payload: Mapping[str, Any]) -> str:
    if kind == "sms:received":
        if not isinstance(payload.get("message"), str):
            raise MalformedError("a text has no message")
        return str(payload["message"])
    return (_text(payload, "body") or _text(payload, "subject") or "") if kind in TEXTS else ""


def read_sim_cards(stated: Any) -> tuple[SimCard, ...]:
    """Return the SIMs of a phone's list, without what is none; `simNumber` follows from the slot where it is absent."""
    cards = stated if isinstance(stated, list) else []
    found = []
    for card in cards:
        if isinstance(card, dict) and isinstance(slot := card.get("slotIndex"), int) and 0 <= slot < 10:
            said = [_text(card, name) for name in ("phoneNumber", "carrierName", "iccid")]
            found.append(SimCard(slot, _count(card, "simNumber") or slot + 1, *said))
    return tuple(found)


def app_of(headers: Mapping[str, str]) -> str:
    """Return the app's version by the headers of its request, as `1.66.1`; "" where it does not say."""
    return ".".join(map(str, app_version(header(headers, "User-Agent")) or ()))


def text_of(gateway: str, secret: str, ours: str, event: AppEvent, now: datetime) -> Inbound:
    """Return the text to our number `ours` that an event brings (`AppEvent.is_text`)."""
    return Inbound(
        gateway=gateway,
        provider_id=provider_id(secret, ours, event),
        sender=spelled(event.sender, region_of(ours)),
        recipient=ours,
        text=event.text,
        sent_at=carrier_time(event.received_at, now),
        media=event.media,
        repeats_within=REPEATED_WITHIN,
    )


def written(time: datetime) -> str:
    """Return a time as the app and its servers read it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_stated(stated: Any) -> datetime | None:
    """Return a time as the app writes it (`2026-06-04T09:30:00.000+08:00`), in UTC; None where it is none."""
    with suppress(ValueError, TypeError, OverflowError):
        read = datetime.fromisoformat(stated)
        return read.astimezone(UTC) if read.tzinfo is not None else None
    return None


def carrier_time(received_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a text was sent by its carrier's clock; None where that states none, or one that cannot be."""
    return received_at if received_at and FIRST_TIME <= received_at <= now + AHEAD_MOST else None


def spelled(number: str, region: str) -> str:
    """Return a number in E.164, however the phone spells it; a short code or a name stays as it is."""
    with suppress(ValueError):
        if _SPELLED.fullmatch(number):
            return to_e164(number, region)
    return number.strip()


def message_id(secret: str, ours: str, sender: str, received_at: datetime, text: str) -> str:
    """Return the id of a text to our number `ours` (L28), the same whichever device, webhook or list it comes by.

    HMAC with the installation's key `secret` over our number, the sender, the carrier's time to the second and the
    masked words; never the device, which has another id after a reinstall.
    """
    region = region_of(ours)
    second = str(int(received_at.timestamp()))
    return sealed(secret, "text", ours, spelled(sender, region), second, mask_numbers(text, region))[:ID_LENGTH]


def provider_id(secret: str, ours: str, event: AppEvent) -> str:
    """Return the id of a text that an event brings: `message_id`, or where no time is stated one of the event's own.

    A carrier that states 1970 of every text would make one of all that say the same. The time is not held against our
    clock here: a later try of the same event must come to the same id.
    """
    if event.received_at is None or event.received_at < FIRST_TIME:
        return sealed(secret, "event", event.device_id, event.id)[:ID_LENGTH]
    return message_id(secret, ours, event.sender, event.received_at, event.text)


def app_version(user_agent: str) -> tuple[int, int, int] | None:
    """Return the app's version by the User-Agent of its requests (`me.capcom.smsgateway/1.66.1`), None without one."""
    found = _USER_AGENT.match(user_agent)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def sealed(secret: str, *parts: str) -> str:
    """Return what nobody can tell who has not the installation's key `secret`: an HMAC, in lower hex."""
    said = json.dumps(["smsgate", *parts]).encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def _demanded(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise MalformedError(f"{name} is missing or malformed")
    return value


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value else None


def _count(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10 else None
