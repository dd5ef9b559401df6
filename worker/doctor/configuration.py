"""Settings that are each right and cannot be right together."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from worker.doctor.base import Advice, Ailment, Patient


def look_at_settings(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look at the addresses: can Twilio reach us, may its token travel like this, does anybody hear of trouble."""
    settings = patient.settings
    if patient.environ.get("PORT") and not patient.environ.get("HOST") and not settings.sandbox:
        yield Advice(
            f"PORT is set and HOST is not, so that the web process listens on {settings.host} alone: where requests "
            "come from outside this machine, as on platforms that give a PORT, set HOST=0.0.0.0."
        )
    if settings.twilio is not None:
        yield from _public(settings.public_url, "Twilio")
        api_url = settings.twilio.api_url
        if urlsplit(api_url).scheme != "https" and not _is_local(api_url):
            yield Ailment("TWILIO_API_URL is not https, so that the token travels readable for all: use https.")
    elif settings.sandbox_off:
        yield from _public(settings.public_url, "the phones")
    if settings.sandbox and settings.sandbox_hosts:
        yield Advice(
            f"SANDBOX_HOSTS lets whoever reaches {', '.join(settings.sandbox_hosts)} text as anybody: remove it where "
            "that is more than those who try it out."
        )
    elif settings.sandbox and not _is_local_host(settings.host):
        yield Advice(
            f"HOST is {settings.host}, but the sandbox answers this machine alone: set SANDBOX_HOSTS to the name under "
            "which others may try it, or leave HOST at 127.0.0.1."
        )
    if settings.alert_url is None and not settings.sandbox:
        yield Advice(
            "ALERT_URL is not set, so that nobody hears when texts wait or a gateway stops: set it. Alerts by text, on "
            "/account, come besides; they cannot tell that the database or the last gateway is away."
        )


def _is_local_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _public(url: str | None, who: str) -> Iterator[Ailment | Advice]:
    if url is None and who != "Twilio":
        yield Ailment(f"PUBLIC_URL is not set: set it to the https address under which {who} reach this server.")
        return
    if url is None:
        yield Ailment(
            "PUBLIC_URL is not set, so that every request of Twilio's fails the signature check and no delivery is "
            "reported: set it to the https address under which Twilio reaches this server."
        )
        return
    # Phones may stand in the same office.
    if _is_local(url) and who == "Twilio":
        yield Ailment(f"PUBLIC_URL is {url}, which Twilio cannot reach: set it to an address on the Internet.")
    if urlsplit(url).scheme != "https":
        yield Ailment(f"PUBLIC_URL is {url}, so that texts travel readable for all: use https.")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
