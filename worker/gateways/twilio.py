"""Twilio, by its own client library.

Inbound: https://www.twilio.com/docs/messaging/guides/webhook-request, signed as in
https://www.twilio.com/docs/usage/webhooks/webhooks-security. No timestamp is signed, so a replay validates for ever:
the unique MessageSid makes it harmless. Outbound: https://www.twilio.com/docs/messaging/api/message-resource. There is
no idempotency key, so what may have been sent is looked up, never simply sent again.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from twilio.base import values
from twilio.base.exceptions import TwilioException
from twilio.request_validator import HMAC_SHA1, RequestValidator
from twilio.rest import Client

from worker.clock import Clock
from worker.gateways.base import (
    Ack,
    Doubt,
    Flaw,
    ForgedError,
    GatewayAwayError,
    Handover,
    Inbound,
    MalformedError,
    OptOut,
    Outgoing,
    Ping,
    Retry,
    Route,
    Sent,
    Status,
    Unknown,
)
from worker.gateways.encoded_bodies import plain_text
from worker.gateways.forms import Form, header, read_form
from worker.gateways.recognition import GatewayMessage, ours_among
from worker.gateways.twilio_codes import DELIVERY_OF, failure_of
from worker.gateways.twilio_http import NotCreatedError, TwilioHttp
from worker.gateways.twilio_setup import flaws_of, refusal_flaw
from worker.gateways.wire import NoAnswerError, NotWrittenError
from worker.settings import Settings, TwilioSettings

SIGNATURE: Final = "X-Twilio-Signature"
MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.IGNORECASE)
SAME_SID = ("SmsSid", "SmsMessageSid")
"""Older names of MessageSid, of the same value where they are given."""
FIELD_NAME = re.compile(r"[A-Za-z0-9]+")
LONGEST_FIELD = 200
RE_SPLIT = re.compile(r"(?:From|To)\+[0-9]|(?:MessageSid|SmsSid)(?:SM|MM)|AccountSidAC")
"""The beginning of another field: names and values are signed in one string, without a sign between them."""
PHONE = re.compile(r".{1,64}", re.DOTALL)
SINGLE_FIELDS = (
    *("MessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "MessageStatus", "ErrorCode", "OptOutType"),
    *SAME_SID,
)
OPT_OUT_TYPES: Final[Mapping[str, OptOut]] = {"STOP": "stop", "START": "start"}
"""https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out: HELP changes nothing and is read as a text."""
TIMEOUT_S = 7.0
LONGEST_VALIDITY_S = 14_400
CLOCK_SKEW = timedelta(minutes=2)
LONGEST_ATTEMPT = timedelta(minutes=1)
"""A lease's length: what is created later belongs to another attempt."""
SURELY_BEFORE = timedelta(hours=4) + CLOCK_SKEW
CLOCK_TOLERANCE_S = 5.0
LOOKED_THROUGH = 1_000
PAGE = 200


class Twilio:
    """Twilio's adapter."""

    name: Final = "twilio"
    keeps_list: Final = True

    def __init__(self, settings: TwilioSettings, callback_url: str | None, now: Clock) -> None:
        """`callback_url` is where Twilio tells of deliveries; None when it cannot reach us."""
        self._settings = settings
        self._callback_url = callback_url
        self._now = now
        self._validators = [RequestValidator(token) for token in settings.auth_tokens]
        self._http = TwilioHttp(settings.api_url, TIMEOUT_S, now)
        self._client = Client(
            *settings.credentials,
            settings.account_sid,
            http_client=self._http,
            # Given, so that it does not look for an edge or region in the environment: TWILIO_API_URL says all.
            environment={"TWILIO_ACCOUNT_SID": settings.account_sid},
        )

    # Inbound.

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """Raise ForgedError or MalformedError unless this is Twilio's signature over every field as received."""
        form = read_form(headers, raw)
        form.refuse_repeated(SINGLE_FIELDS)
        for name in form:
            # Names and values are signed in one string, so the same signature fits other fields that make the same
            # string. Twilio's own have short values, but for Body, and names of letters and digits.
            if not FIELD_NAME.fullmatch(name):
                raise MalformedError("a field has a name that none of Twilio's has")
            others = () if name == "Body" else form.getall(name)
            if any(len(value) > LONGEST_FIELD or RE_SPLIT.search(value) for value in others):
                raise MalformedError("a field other than Body is too long, or holds another field")
        given = header(headers, SIGNATURE)
        try:
            fits = any(_fits(validator, url, form, given) for validator in self._validators)
        except UnicodeEncodeError:
            raise MalformedError("the form holds half a character") from None
        if not fits:
            raise ForgedError(f"{SIGNATURE} does not fit")

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Return the text, or the status when it says anything about a reply."""
        form = Form.of(raw)
        if form["AccountSid"] != self._settings.account_sid:
            raise ForgedError("AccountSid is not ours")
        form.demand("MessageSid", MESSAGE_SID)
        if any(name in form and _folded(form[name]) != _folded(form["MessageSid"]) for name in SAME_SID):
            raise MalformedError("the message has two ids")
        if route == "messages":
            form.demand("From", PHONE)
            form.demand("To", PHONE)
            text = Inbound(
                gateway=self.name,
                provider_id=_folded(form["MessageSid"]),
                sender=form["From"],
                recipient=form["To"],
                text=plain_text(form["Body"]),
                media=_count(form["NumMedia"]) or 0,
                opt_out=OPT_OUT_TYPES.get(form["OptOutType"].upper()),
            )
            return [text]
        status = self._status(form, Form.of(urlsplit(url).query.encode("ascii", "replace")))
        return [] if status is None else [status]

    def _status(self, form: Form, query: Form) -> Status | None:
        delivery = DELIVERY_OF.get(form["MessageStatus"])
        if delivery is None:
            return None
        code = form["ErrorCode"] or None
        return Status(
            gateway=self.name,
            sid=_folded(form["MessageSid"]),
            reply_id=_count(query["reply"]),
            delivery=delivery,
            error_code=code,
            attempt=_count(query["attempt"]),
            site_id=_count(query["site"]),
            failure=failure_of(delivery, code),
        )

    def ack(self, ok: bool) -> Ack:
        """Return the empty answer that makes Twilio send nothing by itself; 503 sends it to the fallback URL."""
        return Ack(200, "text/xml", "<Response/>") if ok else Ack(503, "text/plain", "not now")

    # Outbound.

    def send(self, outgoing: Outgoing) -> Handover:
        """Hand the reply over; Twilio drops it by itself when it has become useless before its turn."""
        callback: Any = values.unset
        if self._callback_url is not None:
            ours = {"site": outgoing.site_id, "reply": outgoing.reply_id, "attempt": outgoing.attempt}
            callback = f"{self._callback_url}?{urlencode(ours)}"
        of_use_s = int((outgoing.useful_until - self._now()).total_seconds())
        try:
            message = self._client.messages.create(
                to=outgoing.recipient,
                from_=outgoing.sender_number,
                messaging_service_sid=self._settings.messaging_service_sid or values.unset,
                body=outgoing.words,
                status_callback=callback,
                validity_period=max(1, min(LONGEST_VALIDITY_S, of_use_s)),
            )
        except NotWrittenError as error:
            return Retry(1, str(error), "Twilio could not be reached")
        except NoAnswerError as error:
            return Unknown(str(error), "Twilio did not answer")
        except NotCreatedError as error:
            return error.outcome
        except (TwilioException, ValueError, TypeError, KeyError) as error:
            return Unknown(type(error).__name__, "Twilio's answer made no sense")
        return _taken(message)

    def lookup(self, doubt: Doubt) -> Handover | None:
        """Find the reply in Twilio's list, newest first: by both numbers, the time of the attempt, and what it says."""
        return ours_among(doubt.outgoing, self._listed(doubt), doubt.others)

    def _listed(self, doubt: Doubt) -> Iterator[GatewayMessage]:
        outgoing, since = doubt.outgoing, doubt.since
        until = doubt.until or since + LONGEST_ATTEMPT
        for message in self._list(PAGE, to=outgoing.recipient, limit=LOOKED_THROUGH):
            created = message.date_created
            if created is not None and created < since - SURELY_BEFORE:
                # Sorted by the time of sending, which is later than that of creation by the time spent in a queue.
                return
            in_time = created is not None and since - CLOCK_SKEW <= created < until + CLOCK_SKEW
            if in_time and message.from_ == outgoing.sender_number and _folded(message.sid) not in doubt.taken:
                yield GatewayMessage(message.body or "", _taken(message))

    def backfill(self, numbers: Collection[str], since: datetime, until: datetime) -> Iterator[Inbound]:
        """Yield what came in between. Twilio filters by day, so the rest is done here; each number has its own list."""
        day = timedelta(days=1)
        for number in numbers:
            listed = self._list(PAGE, to=number, date_sent_after=since - day, date_sent_before=until + day)
            for message in listed:
                created = message.date_created
                if message.direction != "inbound" or created is None or not since <= created < until:
                    continue
                yield Inbound(
                    gateway=self.name,
                    provider_id=_folded(message.sid),
                    sender=message.from_,
                    recipient=message.to,
                    text=plain_text(message.body or ""),
                    sent_at=created,
                    media=_count(message.num_media or "") or 0,
                )

    def examine(self, numbers: Collection[str], url: str) -> Iterator[Flaw]:
        """Ask Twilio whether our account, token and numbers are set up to reach `url`, and what time it is."""
        try:
            yield from flaws_of(self._client, self._settings, numbers, url)
            if self._http.clock_off_s is not None and abs(self._http.clock_off_s) > CLOCK_TOLERANCE_S:
                yield Flaw(
                    f"This machine's clock is {-self._http.clock_off_s:+.0f} s off Twilio's: let it be set from the "
                    "network (NTP), for the order and times of reports depend on it."
                )
        except NotCreatedError as error:
            yield refusal_flaw(error.outcome)
        except (NotWrittenError, NoAnswerError) as error:
            raise GatewayAwayError(str(error)) from None
        except (TwilioException, ValueError, KeyError, TypeError) as error:
            raise GatewayAwayError(type(error).__name__) from None

    def _list(self, page: int, **which: Any) -> Iterator[Any]:
        try:
            yield from self._client.messages.stream(page_size=page, **which)
        except NotCreatedError as error:
            raise GatewayAwayError(str(error)) from None
        except (NotWrittenError, NoAnswerError, TwilioException, ValueError, KeyError) as error:
            raise GatewayAwayError(type(error).__name__) from None


def _fits(validator: RequestValidator, url: str, form: Form, given: str) -> bool:
    # The algorithm is ours to say: a header that chooses it would be chosen by the forger.
    computed = validator.compute_signature(url, form, HMAC_SHA1)
    # Twilio mostly signs the very address; `validate` tries it with and without a port, which takes twice as long.
    same = compare_digest(computed.encode(), given.encode("utf-8", "replace"))
    return same or validator.validate(url, form, given, HMAC_SHA1)


def _taken(message: Any) -> Handover:
    """Return what a message resource says of itself."""
    if not MESSAGE_SID.fullmatch(str(message.sid)):
        return Unknown("no sid", "Twilio's answer made no sense")
    delivery = DELIVERY_OF.get(str(message.status))
    code = None if message.error_code is None else str(message.error_code)
    return failure_of(delivery, code) or Sent(_folded(message.sid), delivery)


def _folded(sid: str) -> str:
    """Return an id as it is kept and compared: Twilio's may have letters of either case (L28)."""
    return sid[:2].upper() + sid[2:].lower()


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def open_twilio(settings: Settings, now: Clock) -> Twilio | None:
    """Return Twilio's adapter when its variables are set."""
    if settings.twilio is None:
        return None
    callback = f"{settings.public_url}/gateways/twilio/status" if settings.public_url else None
    return Twilio(settings.twilio, callback, now)
