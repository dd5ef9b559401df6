"""What a gateway of phones is beyond a gateway: its phones fetch replies, and ask how to be set up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from worker.gateways.base import Ack, Gateway, Outgoing, SimCard, Status


@dataclass(frozen=True, slots=True)
class Missed:
    """What came to a phone between these times: whatever of it the app has never seen, it is to post."""

    since: datetime
    until: datetime


News = Literal["replies", "set_up"] | Missed
"""What a phone that listens is told: that replies wait, that it is to ask anew how it is set up, or what to post."""


def handed_to(gateways: Mapping[str, Gateway]) -> dict[str, Gateway]:
    """Return those of these gateways to which replies are handed; the others' phones fetch theirs."""
    return {name: gateway for name, gateway in gateways.items() if not isinstance(gateway, PhoneServer)}


@dataclass(frozen=True, slots=True)
class PhoneWord:
    """What a phone says of itself, as it says it: maker and model, and its SIMs."""

    name: str
    sims: tuple[SimCard, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A reply that a phone fetches, to be sent by one of its SIMs; `written_at` tells their order.

    `sid`: the id by which it was given before, "" for its first time. `recalled`: it is not to be sent any more.
    """

    outgoing: Outgoing
    sim: int | None
    written_at: datetime
    sid: str = ""
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a phone says of one message that it was given, by which it shows that it has it.

    `attempt` at the reply `reply_id` of a site, under the id `sid`. `at`: since when that is so, by the phone's clock,
    where it tells what a clock can show; `status` is None while the message only stands in its queue. `cancelled`: it
    will not be sent, as the phone was asked.
    """

    site_id: int
    reply_id: int
    attempt: int
    sid: str
    at: datetime | None = None
    status: Status | None = None
    cancelled: bool = False


@runtime_checkable
class PhoneServer(Protocol):
    """A gateway that is phones: each talks to us as to its server, fetches its replies, and says what became of them.

    Its addresses lie under `/gateways/NAME/phone`. Here is what is said there; who may say it is seen to elsewhere. The
    replies of its sites are handed to nobody: they wait until they are fetched.
    """

    @property
    def name(self) -> str:
        """Its name, as every gateway has one."""

    def read_phone(self, raw: bytes) -> PhoneWord:
        """Return what a phone says of itself when it registers, or later. Raises MalformedError."""

    def app_version(self, headers: Mapping[str, str]) -> str:
        """Return the version of the app that asks, "" where it does not say."""

    def registered(self, phone: str, token: str) -> Ack:
        """Return the answer to a phone that registered under this id, and signs in with this token from now on."""

    def asked_from(self, address: str) -> Ack:
        """Return the answer to a phone that asks by which address it reached us."""

    def webhooks(self, url: str, app: str) -> Ack:
        """Return where an app of this version is to post what comes in: to `url`, the route `messages`."""

    def settings(self, phone: str) -> Ack:
        """Return how a phone is to be set, its signing key included."""

    def handed_out(self, replies: Sequence[Fetched], clock_ahead: timedelta) -> Ack:
        """Return the answer to a phone that fetches; the same reply and attempt is the same message to it.

        `clock_ahead`: by how much the phone's clock is, by which it holds until when a message is of use.
        """

    def message_id(self, outgoing: Outgoing) -> str:
        """Return the id of an attempt at a reply, for its first time; whoever gives it out keeps it."""

    def read_said(self, raw: bytes) -> list[Said]:
        """Return what a phone says of messages; whether we gave it these, its caller finds. Raises MalformedError."""

    def looks_back(self, app: str) -> bool:
        """Tell whether a phone with this version of the app may be asked for what it missed, and posts that alone."""

    def event(self, news: News | None) -> bytes:
        """Return what is written to a phone that listens; None: a sign of life."""
