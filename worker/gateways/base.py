"""What a gateway is to the rest of the program: one adapter, one file, both directions (gateways.md).

What comes in is a value (Inbound, Status, Ping) or a refusal of the request, which carries its HTTP status:

    RefusedRequestError
    ├── ForgedError             403, somebody else wrote it
    ├── NotYetError             503, who wrote it is not let in yet, and comes again
    └── MalformedError          400, 413 or 415, nobody could read it

What became of a reply that went out is a value too, which carries what to do:

    Handover
    ├── Sent                    the gateway has it
    ├── Retry                   surely not sent: again later
    ├── Refused                 surely not sent and never will be: the number's, the content's or the pair's fault
    ├── Unknown                 it may have been sent: look it up, never just send again
    ├── Stopped                 our account's fault: the gateway stops, everything stays pending
    └── SenderStopped           our sending number's fault: that number stops, everything of it stays pending
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from worker.rules.door_notes import REPEATED_WITHIN

Route = Literal["messages", "status"]
"""Which of an adapter's two addresses a request came to: `/gateways/NAME/messages` or `/gateways/NAME/status`."""
OptOut = Literal["stop", "start"]
"""What a gateway says that a text does to its sender's consent to hear from us."""

LARGEST_BODY = 64 * 1024
MOST_FIELDS = 100


class RefusedRequestError(Exception):
    """A request to a gateway's route that leaves no trace; `status` is the HTTP status of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class ForgedError(RefusedRequestError):
    """The signature is missing or wrong, or it was signed for somebody else's account or too long ago."""

    def __init__(self, words: str) -> None:
        super().__init__(403, words)


class NotYetError(RefusedRequestError):
    """Whoever wrote it, and proved that, waits for a person's approval. It is to come again: until then it is kept."""

    def __init__(self, words: str) -> None:
        super().__init__(503, words)


class MalformedError(RefusedRequestError):
    """The request is too large (413), of a wrong type (415), or not what the gateway's documentation says (400)."""

    def __init__(self, words: str, status: Literal[400, 413, 415] = 400) -> None:
        super().__init__(status, words)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text as received, not yet masked: only `worker.line.door.accept` may keep it.

    `provider_id` is unique within the gateway; `sender` and `recipient` are E.164 where the gateway gives that;
    `sent_at` is the gateway's word on when it was sent; `media` counts attachments, which are not kept; `opt_out` is
    its word on what the text does to the person's consent, which goes before what the text says (L8). The gateway may
    bring one text under two ids, whose times are up to `repeats_within` apart.
    """

    gateway: str
    provider_id: str
    sender: str
    recipient: str
    text: str = field(repr=False)
    sent_at: datetime | None = None
    media: int = 0
    opt_out: OptOut | None = None
    repeats_within: timedelta = REPEATED_WITHIN


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway has taken it under the id `sid`; `delivery` is its word on how far it is, one of `DELIVERIES`."""

    sid: str
    delivery: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Surely not sent, and not refused for good: again after at least `after_s` seconds.

    `once`: a delivery that failed softly, worth one new attempt and not as many as it takes.
    """

    after_s: float
    code: str
    words: str
    once: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not sent and useless to repeat: this number, these words, or this pair of sender and recipient.

    Words that were refused are never sent to the same person again.
    """

    code: str
    words: str
    scope: Literal["number", "content", "pair"]
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps sent: no answer came, or one that proves nothing."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Our account cannot send at all (token, suspension, balance): nobody's reply is at fault."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class SenderStopped:
    """Our sending number cannot send.

    `recipients` is how many different ones must have met this within ten minutes, without one success, before it is
    believed; until then it is taken for the recipient's fault.
    """

    code: str
    words: str
    recipients: int = 1


Handover = Sent | Retry | Refused | Unknown | Stopped | SenderStopped

DELIVERIES = ("queued", "sending", "sent", "delivered", "undelivered", "failed")
"""A gateway's words on a reply it has taken, by rank; the last three end it and are of one rank."""


@dataclass(frozen=True, slots=True)
class Status:
    """A gateway's later word on a reply, found by our own id (and attempt) where the callback carries them, or by sid.

    `delivery` is one of `DELIVERIES`; `failure` is what an `undelivered` or `failed` one means for us. `site_id` is the
    reply's site where the callback carries it: with it an id means one reply, also among several databases.
    `takes_back`: the gateway means it so when it says `failed` after `delivered`, as of a text of several parts.
    """

    gateway: str
    sid: str | None
    reply_id: int | None
    delivery: str
    error_code: str | None = None
    attempt: int | None = None
    failure: Retry | Refused | Stopped | SenderStopped | None = None
    site_id: int | None = None
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class SimCard:
    """A SIM of a phone: `slot` from 0, `sim_number` from 1, as texts and messages name it."""

    slot: int
    sim_number: int
    number: str | None = field(default=None, repr=False)
    carrier: str | None = None
    iccid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life of the gateway; of one that is phones `phone` says of which, and in which version its app runs.

    `sims`: what SIMs it has, `clock`: what time it has now; None where it does not say.
    """

    gateway: str
    phone: str | None = None
    app: str = ""
    sims: tuple[SimCard, ...] | None = None
    clock: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt at one reply. `words` for gateways that send free text; `code` and `params` for templates."""

    site_id: int
    reply_id: int
    sender_number: str
    recipient: str = field(repr=False)
    words: str = field(repr=False)
    code: str
    params: Mapping[str, Any] = field(repr=False)
    ref: str
    useful_until: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt of unknown outcome, as it is looked for: tried at `since`, over at `until` (None: within a lease).

    `taken`: ids of messages that are other attempts'. `others`: the words of what else may be under way to the phone,
    so that one is not taken for the other.
    """

    outgoing: Outgoing
    since: datetime
    until: datetime | None = None
    taken: Collection[str] = ()
    others: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer that the gateway wants to its request."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something at the gateway that is not as it should be, and how to mend it, in one sentence.

    `advice`: it works as it is, and would bear more the other way.
    """

    sentence: str
    advice: bool = False
    known: str = ""
    """what pages have words for, which `values` fill; "": they say the sentence as it is"""
    values: Mapping[str, object] = field(default_factory=dict)


def flaw(known: str, *, advice: bool = False, **values: object) -> Flaw:
    """Return a flaw whose sentence stands in N_(), so that pages say it in their language."""
    return Flaw(known % values, advice, known, values)


class Reader(Protocol):
    """What reads the requests of one device of a gateway, whose signature has shown which device it is."""

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """As `Gateway.parse`."""


class Gateway(Protocol):
    """One adapter. Nothing in it knows Flask, the database or the queue; `url` is always the one the gateway signed."""

    @property
    def name(self) -> str:
        """Name in routes, in `sites.gateway` and in `inbox.gateway`."""

    @property
    def keeps_list(self) -> bool:
        """Whether it has a list of the texts that it brought, which `backfill` reads."""

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str) -> "Reader | None":
        """Raise ForgedError or MalformedError unless the gateway wrote exactly this.

        Where one gateway is several devices, each with a key of its own, returns what reads this one's requests.
        """

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Return what a verified request says. Raises MalformedError; ForgedError when it is not for our account."""

    def ack(self, ok: bool) -> Ack:
        """Return the answer to a verified request: made durable, or to be sent again."""

    def send(self, outgoing: Outgoing) -> Handover:
        """Hand one reply over and say what became of it; never raises for what the gateway or the network does."""

    def backfill(self, numbers: Collection[str], since: datetime, until: datetime) -> Iterator[Inbound]:
        """Yield the texts to these numbers which the gateway has in its own list, from `since` to before `until`.

        Those to one number of the same `sent_at` come newest first. Raises GatewayAwayError.
        """

    def lookup(self, doubt: Doubt) -> Handover | None:
        """Find in the gateway's own list a reply of which nobody knows whether it was taken.

        Returns what became of it; None: it is not there; Unknown: it may be there, so that it must not be sent again.
        Raises GatewayAwayError when the list could not be read.
        """

    def examine(self, numbers: Collection[str], url: str) -> Iterator[Flaw]:
        """Yield what is set up wrongly at the gateway, for our `numbers` to reach `url` with their texts.

        Raises GatewayAwayError when the gateway could not be asked.
        """


class GatewayAwayError(Exception):
    """The gateway's list or settings could not be read now; the message is the kind of the fault, never words."""
