"""The table of gateways: one row registers an adapter, and nothing outside it needs to change.

Some are asked for by the settings, under a name of their own; the others are added to an installation, under any name,
and stand in the table `gateways`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Engine

from worker.clock import Clock
from worker.errors import N_
from worker.gateways import smsgate_codes, smsgate_http, twilio_codes, wire
from worker.gateways.base import Gateway
from worker.gateways.phone_lines import open_phones, open_smsgate
from worker.gateways.sandbox import open_sandbox
from worker.gateways.twilio import open_twilio
from worker.settings import Settings

ADAPTERS: Final[Mapping[str, Callable[[Settings, Clock], Gateway | None]]] = {
    "twilio": open_twilio,
    "sandbox": open_sandbox,
}
"""Name → opener; an opener returns None when the settings do not ask for its gateway."""

VARIABLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "twilio": (
        ("TWILIO_ACCOUNT_SID", N_("the account, as Twilio's console shows it: AC…")),
        ("TWILIO_AUTH_TOKEN", N_("its token, there as well")),
        ("PUBLIC_URL", N_("the https address at which Twilio reaches this server")),
    ),
}
"""Name → which variables ask for it, each with what it is."""

PHONE, SMSGATE = "phone", "smsgate"
KINDS: Final[Mapping[str, Callable[[str, Settings, Clock, Callable[[], Engine], Any], Gateway]]] = {
    PHONE: open_phones,
    SMSGATE: open_smsgate,
}
"""Kind → opener of a gateway of that kind, by the name under which it was added, and the account that it has."""

TITLES: Final[Mapping[str, str]] = {
    "twilio": "Twilio",
    "sandbox": N_("Trial phones on /phones"),
    PHONE: N_("Phone with SMSGate"),
    SMSGATE: N_("Phone behind an SMSGate server"),
}
"""What people call an adapter or a kind."""

WORDS: Final[tuple[Callable[[str, str], str], ...]] = (
    twilio_codes.explained,
    smsgate_codes.explained,
    smsgate_http.explained,
    wire.explained,
)
"""What each adapter says of its error codes: code and language → words, "" for one that is not its own."""


def explained(code: str, language: str) -> str:
    """Return what an error code of a gateway means, "" where no adapter knows it, whether it is in use here or not."""
    return next((words for explain in WORDS if (words := explain(code, language))), "")


def open_gateways(settings: Settings, clock: Clock) -> dict[str, Gateway]:
    """Return the gateways that the settings ask for, by name."""
    opened = {name: adapter(settings, clock) for name, adapter in ADAPTERS.items()}
    return {name: gateway for name, gateway in opened.items() if gateway is not None}
