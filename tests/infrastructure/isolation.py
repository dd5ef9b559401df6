"""What keeps a test from the outside: a clean environment, and no address beyond this machine."""

import ipaddress
import os
import socket
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from worker.settings import SECRET_VARIABLES, VARIABLES

# Besides ours: what libpq, HTTP clients and terminals would take from whoever starts the tests.
FOREIGN = ("FORCE_COLOR", "NO_COLOR", "FLASK_", "GUNICORN_", "PG", "TWILIO_", "BAOBEI_", "REDIS_", "RQ_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class OutsideWorldError(RuntimeError):
    """A test tried to reach an address that is not on this machine."""


def clean_environment(environ: MutableMapping[str, str]) -> None:
    """Remove every variable that could change what the program does under test."""
    ours = {*VARIABLES, *(f"{name}_FILE" for name in SECRET_VARIABLES)}
    for name in list(environ):
        if name in ours or name.startswith(FOREIGN) or name.lower() in PROXIES:
            del environ[name]


def keep_inside(patch: pytest.MonkeyPatch) -> None:
    """Let sockets reach loopback and unix sockets only, and names resolve only when they are local."""
    for method in ("connect", "connect_ex"):
        patch.setattr(socket.socket, method, _guarded_connect(getattr(socket.socket, method)))
    patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))


def _guarded_connect(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def connect_inside(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _require_local(address[0])
        return connect(self, address)

    return connect_inside


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def lookup_inside(host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        if host is not None:
            _require_local(os.fsdecode(host))
        return lookup(host, *arguments, **options)

    return lookup_inside


def _require_local(host: str) -> None:
    try:
        # The unspecified address is where a server listens; connecting to it stays on the machine.
        local = ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        local = host in ("", "localhost")
    if not local:
        raise OutsideWorldError(f"the tests may not reach {host}")
