"""Whether an SMSGate server is set up to reach us, and setting it up: webhooks, signing key, order of sending.

`/webhooks`, `/settings`, `/health` and `/devices` (on the phone's own server `/device`) of the server's API.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from worker.gateways.base import Flaw, GatewayAwayError, SimCard
from worker.gateways.phone_versions import FIRST_GOOD, faults_of
from worker.gateways.smsgate_events import LONGEST_ID, read_sim_cards
from worker.gateways.smsgate_http import ServerAnswer, SmsgateHttp

NEEDED: Final = ("sms:received", "sms:failed")
USEFUL: Final = ("sms:sent", "sms:delivered", "mms:downloaded", "system:ping", "app:started")
RETRIES: Final = 30
"""Each is twice as late as the one before; the app's own 15 end after two days."""
PING_S: Final = 60


@dataclass(frozen=True, slots=True)
class Device:
    """A phone as its server names it, the whole of its SIMs' numbers among it."""

    id: str
    name: str
    sims: tuple[SimCard, ...] = field(repr=False)


def flaws_of(
    http: SmsgateHttp, base_url: str, numbers: Collection[str], phones: Mapping[str, str], url: str
) -> Iterator[Flaw]:
    """Yield what hinders texts to these numbers from being posted to `url`, and replies from leaving in their order.

    `phones`: our numbers and the devices that have them. Raises GatewayAwayError.
    """
    if urlsplit(base_url).scheme == "http" and not _is_here(base_url):
        yield Flaw(
            f"{base_url} is asked without TLS, so that whoever shares its network can read passwords and texts: keep "
            "the phone in a network of its own, or put https before it.",
            advice=True,
        )
    webhooks = http.ask("/webhooks")
    if webhooks.status in (401, 403):
        yield Flaw(f"{base_url} refuses our login ({webhooks.status}): enter login and password anew.")
        return
    yield from _flaws_of_webhooks(_list(webhooks), url)
    yield from _flaws_of_settings(http.ask("/settings"))
    known = [device.id for device in devices_of(http)]
    for number in numbers:
        if number not in phones:
            yield Flaw(f"{number} is at no SIM of a phone here: say which phone and SIM have it.")
        elif phones[number] not in known:
            yield Flaw(
                f"{number} is at phone {phones[number]}, which {base_url} does not know: an app that was installed "
                f"anew has another id; it knows {', '.join(known) or 'none'}."
            )
    yield from _flaws_of_version(http.ask("/health"))


def devices_of(http: SmsgateHttp) -> list[Device]:
    """Return the phones that the server knows. Raises GatewayAwayError."""
    answer = http.ask("/devices")
    listed = _list(http.ask("/device") if answer.status == 404 else answer)
    return [
        Device(each["id"], str(each.get("name") or "?"), read_sim_cards(each.get("simCards")))
        for each in listed
        if isinstance(each.get("id"), str) and 0 < len(each["id"]) <= LONGEST_ID
    ]


def keeps_list(http: SmsgateHttp) -> bool:
    """Tell whether the server has a list of the texts that came in. Raises GatewayAwayError."""
    answer = http.ask("/inbox", type="SMS", limit="1")
    return answer.status == 200 and isinstance(answer.said, list)


def set_up(http: SmsgateHttp, url: str, signing_key: str) -> ServerAnswer | None:
    """Have the server's phones post to `url`, signed by this key, and send in order; return what was refused, if any.

    The app takes the key and the order when it is started anew. The same again changes nothing. Raises NotWrittenError
    or NoAnswerError.
    """
    settings = {
        "webhooks": {"signing_key": signing_key, "retry_count": RETRIES},
        "messages": {"processing_order": "FIFO"},
        "ping": {"interval_seconds": PING_S},
    }
    answer = http.request("PATCH", "/settings", settings)
    for event in (*NEEDED, *USEFUL) if answer.status < 300 else ():
        # An app that is older than an event refuses that alone.
        webhook = {"id": hashlib.sha256(f"{url} {event}".encode()).hexdigest()[:21], "url": url, "event": event}
        registered = http.request("POST", "/webhooks", webhook)
        if registered.status >= 300 and event in NEEDED:
            return registered
    return None if answer.status < 300 else answer


def _flaws_of_webhooks(webhooks: list[dict[str, Any]], url: str) -> Iterator[Flaw]:
    ours = {each.get("event") for each in webhooks if each.get("url") == url}
    for event in NEEDED:
        if event not in ours:
            yield Flaw(f"No webhook posts {event} to {url}: run `baobei gateway add` for it once more.")
    missing = [event for event in USEFUL if event not in ours]
    if missing and not set(NEEDED) - ours:
        yield Flaw(f"No webhook posts {', '.join(missing)} to {url}: update the app, then add the gateway again.", True)


def _flaws_of_settings(answer: ServerAnswer) -> Iterator[Flaw]:
    messages = answer.said.get("messages") if isinstance(answer.said, dict) else None
    if answer.status == 200 and not (isinstance(messages, dict) and messages.get("processing_order") == "FIFO"):
        yield Flaw("The app sends the newest message first: set its order of processing to FIFO and start it anew.")


def _flaws_of_version(answer: ServerAnswer) -> Iterator[Flaw]:
    stated = answer.said.get("version") if isinstance(answer.said, dict) else None
    for fault in faults_of(str(stated)):
        if fault.loses:
            yield Flaw(f"The app {stated} {fault.words}: install {FIRST_GOOD} or newer.")


def _list(answer: ServerAnswer) -> list[dict[str, Any]]:
    if answer.status != 200 or not isinstance(answer.said, list):
        raise GatewayAwayError(f"it answers {answer.status}")
    return [each for each in answer.said if isinstance(each, dict)]


def _is_here(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
