"""What every request of a gateway goes through, whichever adapter it is for: the edge owns the order of the steps.

Signature, reading, then each text masked and made durable (`worker.line.intake`), the bell, the answer.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from worker.gateways.base import Ack, ForgedError, Gateway, Inbound, Ping, RefusedRequestError, Route, Status
from worker.line.door import NotDurableError, Receipt
from worker.log import complain, say
from worker.phones.trials import is_canary, note_canary
from worker.runtime import Runtime

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reception:
    """What a request brought: a receipt for each text in it, and the answer that its gateway wants."""

    ack: Ack
    receipts: tuple[Receipt, ...] = ()


def address(name: str, route: Route) -> str:
    """Return the path of a gateway's route, exactly as gateways sign it."""
    return f"/gateways/{name}/{route}"


def receive(
    runtime: Runtime, gateway: Gateway, route: Route, headers: Mapping[str, str], raw: bytes, query: str = ""
) -> Reception:
    """Take in one request. `query` is the raw query string, without `?`.

    Raises RefusedRequestError for what the gateway did not write or nobody could read; that leaves no row anywhere.
    """
    url = _signed_url(runtime, gateway, route, query)
    try:
        messages = _messages(gateway, route, headers, raw, url)
    except ForgedError:
        runtime.forgeries.note(gateway.name, url)
        raise
    return _take(runtime, gateway, messages)


def receive_later(
    runtime: Runtime,
    gateway: Gateway,
    route: Route,
    headers: Mapping[str, str],
    raw: bytes,
    query: str,
    then: Callable[[Ack], object],
) -> bool:
    """Take in one request without waiting for the database, so that one thread can take in many.

    A thread for each of those that come at the same time would cost more in turns than all the rest.

    True: another thread tells `then` the answer. False: nothing was done; `receive` may be asked, and says why.
    """
    try:
        match _messages(gateway, route, headers, raw, _signed_url(runtime, gateway, route, query)):
            case [Inbound() as inbound]:
                runtime.intake.take_in_later(inbound, partial(_later_received, gateway, inbound, then))
            case [Status() as status] if not is_canary(status):
                runtime.statuses.later(status, runtime.patience_s, partial(_acknowledge, gateway, then))
            case _:
                return False
    except RefusedRequestError:
        return False
    return True


def _signed_url(runtime: Runtime, gateway: Gateway, route: Route, query: str) -> str:
    # Never the URL as the server saw it: proxies change scheme and host, and werkzeug quotes anew.
    return runtime.settings.base_url + address(gateway.name, route) + (f"?{query}" if query else "")


def _messages(
    gateway: Gateway, route: Route, headers: Mapping[str, str], raw: bytes, url: str
) -> list[Inbound | Status | Ping]:
    reader = gateway.verify(headers, raw, url)
    return (reader or gateway).parse(route, raw, url)


def _take(runtime: Runtime, gateway: Gateway, messages: list[Inbound | Status | Ping]) -> Reception:
    receipts: list[Receipt] = []
    try:
        for message in messages:
            match message:
                case Inbound():
                    receipts.append(runtime.intake.take_in(message))
                    _say_received(message, receipts[-1])
                case Status():
                    record(runtime, message)
                case Ping(phone=str()):
                    runtime.heard_of(message)
    except NotDurableError as error:
        # What came before it in the same request is in line already; it comes again and is silent then.
        complain(log, "not durable", error, gateway=gateway.name)
        return Reception(gateway.ack(ok=False), tuple(receipts))
    return Reception(gateway.ack(ok=True), tuple(receipts))


def _later_received(
    gateway: Gateway, inbound: Inbound, then: Callable[[Ack], object], came: Receipt | BaseException
) -> None:
    if isinstance(came, Receipt):
        _say_received(inbound, came)
    _acknowledge(gateway, then, came)


def _acknowledge(gateway: Gateway, then: Callable[[Ack], object], came: object) -> None:
    if isinstance(came, BaseException):
        complain(log, "not durable", came, gateway=gateway.name)
    then(gateway.ack(ok=not isinstance(came, BaseException)))


def _say_received(inbound: Inbound, receipt: Receipt) -> None:
    say(log, receipt.outcome, gateway=inbound.gateway, site=receipt.site_id, seq=receipt.seq)


def record(runtime: Runtime, status: Status) -> None:
    """Keep a gateway's later word on a reply, or on a canary. Raises NotDurableError when it is not kept."""
    try:
        if is_canary(status):
            note_canary(runtime.engine, status)
        else:
            runtime.statuses(status, runtime.patience_s)
    except Exception as error:
        # Whatever it was: the word on a reply is not kept. It needs no spool: the gateway says it again, a later word
        # replaces it, and a reply of which nothing is heard is looked up in the gateway's list.
        raise NotDurableError("the status was not kept") from error
