"""Our replies as messages at an SMSGate server: their ids, and what the server says of how they stand; pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from worker.gateways.base import Handover, Outgoing, Sent, Status
from worker.gateways.smsgate_codes import Failure, failure_of
from worker.gateways.smsgate_events import AppEvent
from worker.gateways.smsgate_http import REFUSALS

DELIVERY_OF_STATE: Final[Mapping[str, str]] = {
    "Pending": "queued",
    "Cancelling": "queued",
    "Processed": "sending",
    "Sent": "sent",
    "Delivered": "delivered",
    "Failed": "failed",
    "Cancelled": "failed",
}
"""State of a message, as the app and servers give it → one of `base.DELIVERIES`."""
_OURS: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,3})-[0-9a-f]{12}")


def id_of(secret: str, outgoing: Outgoing) -> str:
    """Return the id of an attempt, of at most 36 characters: the same whenever it is asked for.

    It is no other attempt's, also of a database that was set up anew or restored: a server that knows an id sends
    nothing under it.
    """
    named = f"{outgoing.site_id}-{outgoing.reply_id}-{outgoing.attempt}"
    said = f"{named} {outgoing.recipient} {outgoing.useful_until.timestamp()}".encode()
    return f"{named}-{hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:12]}"


def status_of(gateway: str, event: AppEvent) -> Status | None:
    """Return what an event says of a reply of ours; None where it says nothing, or is of somebody else's message."""
    ours = _OURS.fullmatch(event.message_id or "")
    if event.delivery is None or ours is None:
        return None
    failure = _failure(event.event, event.error) if event.delivery == "failed" else None
    return status_with(gateway, ours, event.delivery, failure)


def status_with(gateway: str, ours: re.Match[str], delivery: str, failure: Failure | None) -> Status:
    """Return a word on a reply by the id of its message, whose groups begin with site, reply and attempt."""
    site, reply, attempt = (int(part) for part in ours.groups())
    return Status(
        gateway=gateway,
        sid=ours[0],
        reply_id=reply,
        delivery=delivery,
        error_code=None if failure is None else failure.code,
        attempt=attempt,
        failure=failure,
        site_id=site,
        # Each part of a text is reported by itself, and the one that failed makes the whole fail.
        takes_back=True,
    )


def standing(ours: str, said: Any) -> Handover:
    """Return how a message stands by a server's `{id, state, recipients: [{phoneNumber, state, error}]}`."""
    delivery, failure = state_of(said) if isinstance(said, dict) else (None, None)
    if delivery is None:
        return REFUSALS["NO_SENSE"]("NO_SENSE")
    return Sent(ours, delivery) if failure is None else failure


def state_of(said: Mapping[str, Any]) -> tuple[str | None, Failure | None]:
    """Return what a message's `state` is of `base.DELIVERIES`, None for none that is known; and how it failed."""
    state = said.get("state")
    delivery = DELIVERY_OF_STATE.get(state) if isinstance(state, str) else None
    if delivery != "failed":
        return delivery, None
    recipients = said.get("recipients")
    recipients = recipients if isinstance(recipients, list) else []
    errors = [each.get("error") for each in recipients if isinstance(each, dict)]
    return delivery, _failure(str(state), next((each for each in errors if isinstance(each, str)), None))


def _failure(state: str, error: str | None) -> Failure:
    return failure_of(state if state.lower().endswith("cancelled") else error)
