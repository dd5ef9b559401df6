"""What every request of a gateway goes through, whichever adapter it is for: the edge owns the order of the steps.

Signature, reading, then each text masked and made durable (`worker.line.intake`), the bell, the answer.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from worker.gateways.base import Ack, ForgedError, Gateway, Inbound, Ping, Route, Status
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
    # Never the URL as the server saw it: proxies change scheme and host, and werkzeug quotes anew.
    url = runtime.settings.base_url + address(gateway.name, route) + (f"?{query}" if query else "")
    try:
        reader = gateway.verify(headers, raw, url)
        messages = (reader or gateway).parse(route, raw, url)
    except ForgedError:
        runtime.forgeries.note(gateway.name, url)
        raise
    return _take(runtime, gateway, messages)


def _take(runtime: Runtime, gateway: Gateway, messages: list[Inbound | Status | Ping]) -> Reception:
    receipts: list[Receipt] = []
    try:
        for message in messages:
            match message:
                case Inbound():
                    receipt = runtime.intake.take_in(message)
                    receipts.append(receipt)
                    say(log, receipt.outcome, gateway=message.gateway, site=receipt.site_id, seq=receipt.seq)
                case Status():
                    record(runtime, message)
                case Ping(phone=str()):
                    runtime.heard_of(message)
    except NotDurableError as error:
        # What came before it in the same request is in line already; it comes again and is silent then.
        complain(log, "not durable", error, gateway=gateway.name)
        return Reception(gateway.ack(ok=False), tuple(receipts))
    return Reception(gateway.ack(ok=True), tuple(receipts))


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
