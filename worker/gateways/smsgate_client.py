"""Phones with the SMSGate app behind a server that somebody runs already: the app's own on the phone, or a cloud's.

Texts come by the app's webhooks (`smsgate_events.py`). Replies go by `POST /messages` under an id of ours, which the
server takes once: 409 says that it has it. The phone's own server also has a list of what came in, `GET /inbox`; a
cloud's answers 501 there. API: the app's assets/api/swagger.json, the server's handlers.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from parsers.numbers import region_of
from worker.clock import Clock
from worker.gateways.base import (
    Ack,
    Doubt,
    Flaw,
    GatewayAwayError,
    Handover,
    Inbound,
    Outgoing,
    Ping,
    Reader,
    Retry,
    Route,
    Sent,
    Status,
    Unknown,
)
from worker.gateways.forms import header
from worker.gateways.smsgate_events import (
    REPEATED_WITHIN,
    SIGNATURE,
    TIMESTAMP,
    AppEvent,
    app_of,
    check_signature,
    message_id,
    read_event,
    spelled,
    text_of,
    time_stated,
    written,
)
from worker.gateways.smsgate_http import REFUSALS, SmsgateHttp, refusal_of
from worker.gateways.smsgate_messages import id_of, standing, status_of
from worker.gateways.smsgate_setup import flaws_of
from worker.gateways.wire import NoAnswerError, NotWrittenError

LONGEST_TTL_S: Final = 14_400
PAGE: Final = 500
LOOKED_THROUGH: Final = 100_000


@dataclass(frozen=True, slots=True)
class SimLine:
    """By which phone one of our numbers is reached, and which of its SIMs has it; None: it has one alone."""

    device_id: str
    sim_number: int | None = None


@dataclass(frozen=True, slots=True)
class SmsgateAccount:
    """An account at a server. Its phones sign webhooks with `signing_key`; `keeps_list`: it has `GET /inbox`."""

    base_url: str
    login: str
    password: str = field(repr=False)
    signing_key: str = field(repr=False)
    keeps_list: bool = False


def signing_key(secret: str, name: str) -> str:
    """Return the key by which the phones of a gateway sign. It stands nowhere: it follows from our own."""
    return hmac.new(secret.encode(), json.dumps(["smsgate key", name]).encode(), hashlib.sha256).hexdigest()


class SmsgateClient:
    """The adapter of an account."""

    def __init__(
        self,
        name: str,
        account: SmsgateAccount,
        lines: Callable[[], Mapping[str, SimLine]],
        secret: str,
        now: Clock,
    ) -> None:
        """`lines` returns our numbers and their SIMs as they are now; `secret` makes ids out of words (L28)."""
        self._name = name
        self._account = account
        self._lines = lines
        self._secret = secret
        self._now = now
        self._http = SmsgateHttp(account.base_url, account.login, account.password)

    @property
    def name(self) -> str:
        """What its operator called it."""
        return self._name

    @property
    def keeps_list(self) -> bool:
        """Whether the server is the phone's own, which alone keeps a list."""
        return self._account.keeps_list

    # Inbound.

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str) -> Reader:
        """Raise ForgedError unless a phone of this account signed exactly this; return what knows its app as well."""
        stamp, signature = header(headers, TIMESTAMP), header(headers, SIGNATURE)
        check_signature(self._account.signing_key, raw, stamp, signature, self._now())
        return _Signed(self, app_of(headers))

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Return what an event says, and that its phone lives. Raises MalformedError."""
        return self.read(raw, "")

    def read(self, raw: bytes, app: str) -> list[Inbound | Status | Ping]:
        """As `parse`, of a phone with this version of the app, "" where that is not known."""
        event = read_event(raw)
        alive = Ping(self.name, event.device_id, app, event.sim_cards if event.event == "app:started" else None)
        said = self._text(event) if event.is_text else status_of(self.name, event)
        return [alive] if said is None else [said, alive]

    def _text(self, event: AppEvent) -> Inbound:
        ours = _number_of(self._lines(), event.device_id, event.sim_number)
        return text_of(self.name, self._secret, ours, event, self._now())

    def ack(self, ok: bool) -> Ack:
        """Return the answer; the app tries again for two days unless it is a 2xx."""
        return Ack(200, "text/plain", "ok") if ok else Ack(503, "text/plain", "not now")

    # Outbound.

    def send(self, outgoing: Outgoing) -> Handover:
        """Hand the reply over to the server, which drops it by itself when it was not sent while of use."""
        line = self._lines().get(outgoing.sender_number)
        if line is None:
            return REFUSALS["NO_LINE"]("NO_LINE")
        ours, of_use_s = id_of(self._secret, outgoing), int((outgoing.useful_until - self._now()).total_seconds())
        message = {
            "id": ours,
            "textMessage": {"text": outgoing.words},
            "phoneNumbers": [outgoing.recipient],
            # Without it a cloud picks any phone, and takes the same id once for each.
            "deviceId": line.device_id,
            "withDeliveryReport": True,
        }
        if outgoing.attempt == 1:
            # A cloud makes a time of it, which a phone whose clock is hours ahead has behind it: the next has none.
            message["ttl"] = max(1, min(LONGEST_TTL_S, of_use_s))
        if line.sim_number is not None:
            message["simNumber"] = line.sim_number
        try:
            answer = self._http.request("POST", "/messages", message, skipPhoneValidation="true")
        except NotWrittenError as error:
            return Retry(5, str(error), "the server could not be reached")
        except NoAnswerError as error:
            return Unknown(str(error), "the server did not answer")
        if answer.status == 409:
            return Sent(ours)
        return standing(ours, answer.said) if 200 <= answer.status < 300 else refusal_of(answer)

    def lookup(self, doubt: Doubt) -> Handover | None:
        """Ask the server for the message of this attempt, by its id."""
        ours = id_of(self._secret, doubt.outgoing)
        answer = self._http.ask(f"/messages/{ours}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise GatewayAwayError(str(answer.status))
        return standing(ours, answer.said)

    def backfill(self, numbers: Collection[str], since: datetime, until: datetime) -> Iterator[Inbound]:
        """Yield what the phone received in between by the carrier's time, of all its SIMs newest first."""
        between, lines = {"from": written(since), "to": written(until)}, self._lines()
        for offset in range(0, LOOKED_THROUGH, PAGE):
            answer = self._http.ask("/inbox", type="SMS", **between, limit=str(PAGE), offset=str(offset))
            if answer.status != 200 or not isinstance(answer.said, list):
                raise GatewayAwayError(f"GET /inbox answers {answer.status}")
            for row in answer.said:
                text = self._listed(row, lines)
                if text is not None and text.recipient in numbers and since <= (text.sent_at or until) < until:
                    yield text
            if len(answer.said) < PAGE:
                return

    def _listed(self, row: Any, lines: Mapping[str, SimLine]) -> Inbound | None:
        """Return a text of the list, None for a row that is none; `contentPreview` of an SMS is the whole of it."""
        if not isinstance(row, dict):
            return None
        sender, text, sent_at = row.get("sender"), row.get("contentPreview"), time_stated(row.get("createdAt"))
        if not isinstance(sender, str) or not isinstance(text, str) or sent_at is None:
            return None
        sim = row.get("simNumber")
        # The list is one phone's, of whichever device id.
        device = next((line.device_id for line in lines.values()), "")
        ours = _number_of(lines, device, sim if isinstance(sim, int) else None)
        return Inbound(
            gateway=self.name,
            provider_id=message_id(self._secret, ours, sender, sent_at, text),
            sender=spelled(sender, region_of(ours)),
            recipient=ours,
            text=text,
            sent_at=sent_at,
            repeats_within=REPEATED_WITHIN,
        )

    def examine(self, numbers: Collection[str], url: str) -> Iterator[Flaw]:
        """Ask the server for its webhooks, settings and phones."""
        phones = {number: line.device_id for number, line in self._lines().items()}
        return flaws_of(self._http, self._account.base_url, numbers, phones, url)


@dataclass(frozen=True, slots=True)
class _Signed:
    """Reads what a phone has signed whose app is of this version."""

    gateway: SmsgateClient
    app: str

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """As `SmsgateClient.parse`."""
        return self.gateway.read(raw, self.app)


def _number_of(lines: Mapping[str, SimLine], device_id: str, sim_number: int | None) -> str:
    """Return our number at a SIM; words for it where it is none of ours, so that the text is kept apart."""
    mine = {number: line.sim_number for number, line in lines.items() if line.device_id == device_id}
    exactly = [number for number, sim in mine.items() if sim_number is not None and sim == sim_number]
    # A phone that may not read its state names no SIM.
    either = [number for number, sim in mine.items() if sim_number is None or sim is None]
    found = exactly or (either if len(either) == 1 else [])
    return found[0] if found else f"SIM {sim_number or '?'} of {device_id}"
