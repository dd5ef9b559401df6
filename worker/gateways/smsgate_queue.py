"""Our replies as messages that a phone fetches from us: how each is written, its id, and what the phone says of it.

Pure. `key` is the key of a gateway that makes its ids differ from those of any other installation.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from worker.gateways.base import MalformedError, Outgoing
from worker.gateways.phone_server import Fetched, Said
from worker.gateways.smsgate_events import CLOCK_OFF_MOST, time_stated, written
from worker.gateways.smsgate_messages import state_of, status_with

MOST_STATES: Final = 100
_ID: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,9})\.[0-9a-f]{1,12}\.[0-9a-f]{12}")


def messages_of(key: str, replies: Sequence[Fetched], clock_ahead: timedelta) -> list[dict[str, Any]]:
    """Return messages as the app reads them. It sends by `createdAt`, so that rises from one to the next.

    `clock_ahead`: by how much the phone's clock is, by which it holds `validUntil`; at the most `CLOCK_OFF_MOST`.
    """
    messages: list[dict[str, Any]] = []
    last = datetime.min.replace(tzinfo=UTC)
    for reply in replies:
        outgoing = reply.outgoing
        last = max(reply.written_at, last + timedelta(milliseconds=1))
        messages.append(
            {
                "id": reply.sid or message_id(key, outgoing),
                "message": outgoing.words,
                "textMessage": {"text": outgoing.words},
                "phoneNumbers": [outgoing.recipient],
                "simNumber": reply.sim,
                "withDeliveryReport": True,
                "isEncrypted": False,
                "validUntil": written(outgoing.useful_until + clock_ahead),
                "priority": 0,
                "createdAt": written(last),
                "state": "Cancelling" if reply.recalled else "Pending",
            }
        )
    return messages


def message_id(key: str, outgoing: Outgoing) -> str:
    """Return the id of an attempt at a reply: a further attempt is another message, or it would not be sent.

    So is one of a database that was set up anew, whose numbers begin again while the phone knows the old ones: the
    reply's own time tells them apart.
    """
    until = int(outgoing.useful_until.timestamp())
    of = f"{outgoing.site_id}.{outgoing.reply_id}.{outgoing.attempt}.{until:x}"
    return f"{of}.{hmac.new(key.encode(), of.encode(), hashlib.sha256).hexdigest()[:12]}"


def read_said(gateway: str, said: Any, now: datetime) -> list[Said]:
    """Return what a phone says of messages whose ids are written as ours are. Raises MalformedError.

    Whether we gave it such a one is known by what was kept of it: an id is older than the key that is in force now.
    """
    if not isinstance(said, list) or len(said) > MOST_STATES:
        raise MalformedError("the body is no list of messages, or too long a one")
    words = (_said_of(gateway, each, now) for each in said if isinstance(each, dict))
    return [word for word in words if word is not None]


def _said_of(gateway: str, said: Mapping[str, Any], now: datetime) -> Said | None:
    found = _ID.fullmatch(str(said.get("id")))
    if found is None:
        return None
    state, states = str(said.get("state")), said.get("states")
    at = time_stated(states.get(state)) if isinstance(states, dict) else None
    at = at if at is not None and abs(at - now) <= CLOCK_OFF_MOST else None
    site_id, reply_id, attempt = (int(part) for part in found.groups())
    delivery, failure = state_of(said)
    # Queued says nothing of the reply: what is in a phone's queue may never leave it.
    status = None if delivery in (None, "queued") else status_with(gateway, found, delivery, failure)
    return Said(site_id, reply_id, attempt, found[0], at, status, state == "Cancelled")
