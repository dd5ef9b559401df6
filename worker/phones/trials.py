"""Canaries as phones fetch them: messages among the replies, with an attempt that no reply has (`line.canaries`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from worker.gateways.base import Outgoing, Status
from worker.gateways.phone_server import Fetched
from worker.line.canaries import note_failed, to_send

NO_ATTEMPT: Final = 0
"""Attempts at a reply are counted from 1."""


def fetch_canaries(engine: Engine, sims: Mapping[int, int], now: datetime) -> list[Fetched]:
    """Return the canaries that a phone is to send, by which of its `sims` (SIM → site id)."""
    sim_of = {site_id: sim for sim, site_id in sims.items()}
    return [
        Fetched(
            Outgoing(
                site_id=each.site_id,
                reply_id=each.id,
                sender_number="",
                recipient=each.recipient,
                words=each.text,
                code="canary",
                params={},
                ref="",
                useful_until=each.until,
                attempt=NO_ATTEMPT,
            ),
            sim_of[each.site_id],
            each.asked_at,
        )
        for each in to_send(engine, sim_of, now)
    ]


def is_canary(status: Status) -> bool:
    """Tell whether a phone says this of a canary: it is then no word on a reply."""
    return status.attempt == NO_ATTEMPT


def note_canary(engine: Engine, status: Status) -> None:
    """Note what a phone says of a canary: that it could not send it; whether it arrived it shows by coming back."""
    if status.delivery == "failed" and status.site_id is not None and status.reply_id is not None:
        note_failed(engine, status.site_id, status.reply_id, status.error_code or "failed")
