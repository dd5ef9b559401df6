"""Who calls, and by which name we are called: neither is believed because a header says so.

A page of another site can make a browser ask us under that site's name (DNS rebinding); a proxy makes the whole world
look like this machine. So where anybody may text as anybody, this machine alone is answered unless the settings name
others, and everything but the gateways' routes answers to the names that we know.
"""

from collections.abc import Mapping
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import abort, request

from webhook.language import _
from webhook.runtime import runtime
from worker.settings import Settings

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
PROBES = frozenset({"health.healthz", "health.readyz"})
"""Platforms ask them by whatever name a machine has."""


def demand_known_host(proved: bool) -> None:
    """Refuse a request that calls us by a name that is not ours, or one from elsewhere where that is not wished.

    `proved`: a gateway's request, which its signature proves, whatever proxy it came by.
    """
    settings = runtime().settings
    if not may_be_asked(settings, request.environ):
        abort(
            403,
            _("Here anybody may text as anybody, so this machine alone is answered; README says how to ask others in."),
        )
    if proved or request.endpoint in PROBES:
        return
    host = _host_of(f"//{request.host}")
    known = host in {*settings.asked_in, _host_of(settings.base_url)}
    if settings.this_machine_alone or settings.asked_in:
        known = known or _is_loopback(host)
    else:
        # A number needs no name server, whose answers anybody may make up.
        known = known or host == "localhost" or _address(host) is not None
    if not known:
        abort(400, _("This server is not called by that name."))


def may_be_asked(settings: Settings, environ: Mapping[str, Any]) -> bool:
    """Tell whether whoever sent a request (its WSGI environment) is answered at all."""
    return not settings.this_machine_alone or _is_from_here(environ)


def may_see_details() -> bool:
    """Tell whether the caller may see how we are: from this machine, or with METRICS_TOKEN as bearer."""
    token = runtime().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if token is not None and compare_digest(given, token.encode()):
        return True
    return _is_from_here(request.environ) and _is_loopback(_host_of(f"//{request.host}"))


def caller() -> str:
    """Return the address of who calls: the nearest one that is no proxy of TRUSTED_PROXIES."""
    address = request.remote_addr or ""
    told = request.headers.get("X-Forwarded-For", "").split(",")
    # What stands before the word of somebody whom we do not know, anybody may have invented.
    while told and _is_trusted(address):
        if not (nearer := told.pop().strip()):
            break
        address = nearer
    return address


def _is_from_here(environ: Mapping[str, Any]) -> bool:
    headers = (f"HTTP_{name.upper().replace('-', '_')}" for name in FORWARDED)
    return _is_loopback(environ.get("REMOTE_ADDR", "")) and not any(name in environ for name in headers)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _is_trusted(host: str) -> bool:
    address = _address(host)
    return address is not None and any(address in network for network in runtime().settings.trusted_proxies)
