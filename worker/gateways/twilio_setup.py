"""Whether Twilio is set up to reach us: account, numbers, and the addresses that it posts texts to.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource and, for numbers in a messaging service,
https://www.twilio.com/docs/messaging/api/service-resource. Behind `#` in an address stand connection overrides:
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from worker.errors import N_
from worker.gateways.base import Flaw, Handover, Stopped, flaw
from worker.settings import TwilioSettings

OVERRIDES: Final = "#rc=3&rp=5xx,ct,rt&ct=2000&rt=3500&tt=15000"
"""Three more tries, after a 5xx and an unanswered request too, each short enough for all to have their turn."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where Twilio posts what comes to a number, and whose setting that is, as words of a sentence."""

    whose: str
    url: str
    method: str
    fallback: str


def flaws_of(client: Any, settings: TwilioSettings, numbers: Collection[str], url: str) -> Iterator[Flaw]:
    """Yield what hinders texts to these numbers from being posted to `url`. Raises what the client raises."""
    account = client.api.accounts(settings.account_sid).fetch()
    if account.status != "active":
        words = N_("Twilio says that our account is %(status)s: settle that in Twilio's console.")
        yield flaw(words, status=account.status)
    service = _Service.of(client, settings.messaging_service_sid) if settings.messaging_service_sid else None
    for number in numbers:
        yield from _flaws_of_number(client, service, number, url)


NOT_THERE = "20404"
"""Of what was asked for: of a messaging service it says nothing about our account."""


def refusal_flaw(outcome: Handover) -> Flaw:
    """Return what it means that Twilio refused to be asked."""
    code = getattr(outcome, "code", "none")
    if isinstance(outcome, Stopped) and code != NOT_THERE:
        words = N_(
            "Twilio refuses our account or token (%(code)s): copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN anew from "
            "Twilio's console, restart, and run `baobei gateway resume twilio`."
        )
        return flaw(words, code=code)
    words = N_("Twilio did not say how it is set up (code %(code)s): try again, and look the code up in its console.")
    return flaw(words, code=code)


@dataclass(frozen=True, slots=True)
class _Service:
    """A messaging service: the numbers in it, and its own address, which replaces theirs unless they keep them."""

    sid: str
    numbers: frozenset[str]
    keep_theirs: bool
    address: Target

    @classmethod
    def of(cls, client: Any, sid: str) -> "_Service":
        service = client.messaging.v1.services(sid)
        found = service.fetch()
        own = Target(
            f"Messaging service {sid}", found.inbound_request_url or "", found.inbound_method, found.fallback_url or ""
        )
        numbers = frozenset(number.phone_number for number in service.phone_numbers.list())
        return cls(sid, numbers, bool(found.use_inbound_webhook_on_number), own)


def _flaws_of_number(client: Any, service: _Service | None, number: str, url: str) -> Iterator[Flaw]:
    found = [n for n in client.incoming_phone_numbers.list(phone_number=number) if n.phone_number == number]
    if not found:
        words = N_(
            "%(number)s is none of our Twilio account's numbers: buy it there, or set TWILIO_ACCOUNT_SID to the "
            "account that has it."
        )
        yield flaw(words, number=number)
        return
    if service is not None and number not in service.numbers:
        words = N_(
            "%(number)s is not in messaging service %(service)s: add it to its senders, or unset "
            "TWILIO_MESSAGING_SERVICE_SID."
        )
        yield flaw(words, number=number, service=service.sid)
    elif service is not None and not service.keep_theirs:
        yield from _flaws_of_address(service.address, url)
        return
    own = found[0]
    address, method = own.sms_url or "", own.sms_method
    if own.sms_application_sid:
        # A TwiML application's address counts, and the number's own, though it still stands there, does not.
        address, method = f"application {own.sms_application_sid}", "POST"
    yield from _flaws_of_address(Target(number, address, method, own.sms_fallback_url or ""), url)


def _flaws_of_address(address: Target, url: str) -> Iterator[Flaw]:
    given, _, overrides = address.url.partition("#")
    asked = dict(parse_qsl(overrides))
    tries_again = asked.get("rc", "0") not in ("0", "1") and {"5xx", "all"} & set(asked.get("rp", "").split(","))
    if given != url:
        # An address may carry a name and a password; they are not shown.
        parts = urlsplit(given)
        shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        words = N_(
            "%(whose)s posts its texts to %(shown)s, but we check them for %(url)s: enter that "
            "at Twilio, or mend PUBLIC_URL; the two must agree to the letter."
        )
        yield flaw(words, whose=address.whose, shown=shown or "nobody", url=url)
    elif address.method != "POST":
        words = N_("%(whose)s uses %(method)s for its webhook: set it to POST, other forms are refused.")
        yield flaw(words, whose=address.whose, method=address.method)
    elif not tries_again:
        words = N_("%(whose)s lets Twilio try only once or twice while we are away: enter %(address)s there.")
        yield flaw(words, advice=True, whose=address.whose, address=url + OVERRIDES)
    if not address.fallback or urlsplit(address.fallback).hostname == urlsplit(url).hostname:
        words = N_(
            "%(whose)s has no fallback URL on another host, so that texts of a longer absence wait for the "
            "backfill: enter one that stores or forwards them."
        )
        yield flaw(words, advice=True, whose=address.whose)
