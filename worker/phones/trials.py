"""Canaries as gateways take them: messages like replies, with an attempt that no reply has (`line.canaries`).

A phone fetches them among its replies; a gateway that is handed its replies is handed them, once each.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select

from worker.gateways.base import Gateway, Outgoing, Sent, Status, Unknown
from worker.gateways.phone_server import Fetched, PhoneServer
from worker.line.canaries import Canary, note_failed, to_send, unfetched
from worker.store.database import reading
from worker.store.schema import canary_ways, phone_sims, sites

NO_ATTEMPT: Final = 0
"""Attempts at a reply are counted from 1."""


def fetch_canaries(engine: Engine, phone: str, sims: Mapping[int, int], now: datetime) -> list[Fetched]:
    """Return the canaries that a phone is to send, by which of its `sims` (SIM → site id).

    Of several phones of a site one alone sends them: each is good once.
    """
    query = select(phone_sims.c.site_id).where(phone_sims.c.site_id.in_(sims.values()))
    query = query.group_by(phone_sims.c.site_id).having(func.min(phone_sims.c.phone) == phone)
    sim_of = {site_id: sim for sim, site_id in sims.items()}
    return [Fetched(_outgoing(each), sim_of[each.site_id], each.asked_at) for each in to_send(engine, query, now)]


def hand_over_canaries(engine: Engine, gateways: Mapping[str, Gateway], now: datetime) -> None:
    """Hand the canaries that nobody has fetched to those gateways that do not fetch."""
    query = select(sites.c.id, sites.c.number, sites.c.gateway).join(
        canary_ways, canary_ways.c.gateway == sites.c.gateway
    )
    with reading(engine).connect() as connection:
        rows = {row.id: row for row in connection.execute(query)}
        handed = [each for each, row in rows.items() if not isinstance(gateways.get(row.gateway), PhoneServer)]
        new = unfetched(connection, handed, now) if handed else set()
    for each in to_send(engine, new, now) if new else ():
        row = rows[each.site_id]
        gateway = gateways.get(row.gateway)
        handover = gateway and gateway.send(replace(_outgoing(each), sender_number=row.number))
        if not isinstance(handover, Sent | Unknown):
            note_failed(engine, each.site_id, each.id, handover.code if handover else "no such gateway")


def _outgoing(canary: Canary) -> Outgoing:
    return Outgoing(
        site_id=canary.site_id,
        reply_id=canary.id,
        sender_number="",
        recipient=canary.recipient,
        words=canary.text,
        code="canary",
        params={},
        ref="",
        useful_until=canary.until,
        attempt=NO_ATTEMPT,
    )


def is_canary(status: Status) -> bool:
    """Tell whether a gateway says this of a canary: it is then no word on a reply."""
    return status.attempt == NO_ATTEMPT


def note_canary(engine: Engine, status: Status) -> None:
    """Note what a gateway says of a canary: that it could not send it; whether it arrived it shows by coming back."""
    if status.delivery == "failed" and status.site_id is not None and status.reply_id is not None:
        note_failed(engine, status.site_id, status.reply_id, status.error_code or "failed")
