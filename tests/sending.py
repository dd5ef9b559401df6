"""What tests of sending share: a site, replies in its outbox, and a clock that stands until it is moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, insert, select

from worker.gateways.base import Outgoing, Status
from worker.outbox.callbacks import record_statuses
from worker.outbox.leases import Lease, lease_all
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.store.schema import attempts, cursors, replies, sites

NUMBER = "+8613800000000"
AGENT = "+8613900000011"
MANAGER = "+8613800000001"
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


@dataclass
class StandingClock:
    """A clock that stands."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Return the present."""
        return self.now

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def add_site(engine: Engine, gateway: str = "twilio", number: str = NUMBER) -> int:
    """Open a site, without any message in its line."""
    with engine.begin() as connection:
        named = {"name": f"site {number}", "number": number, "gateway": gateway}
        site_id = int(connection.execute(insert(sites).values(named)).inserted_primary_key[0])
        connection.execute(insert(cursors).values(site_id=site_id, decided_seq=0, head="0" * 64, state={}))
    return site_id


def add_reply(engine: Engine, site_id: int, words: str = "报备成功 R1", now: datetime = NOON, **fields: Any) -> int:
    """Put a reply into the outbox."""
    row = {
        "site_id": site_id,
        "cause": f"d:test:{words}",
        "code": "accepted",
        "recipient": AGENT,
        "role": "reply",
        "ref": "R1",
        "params": {},
        "words": words,
        "created_at": now,
        "next_at": now,
        "useful_until": now + timedelta(hours=4),
        "updated_at": now,
    }
    with engine.begin() as connection:
        return int(connection.execute(insert(replies).values(row | fields)).inserted_primary_key[0])


def reply(engine: Engine, reply_id: int) -> Row[Any]:
    """Return a reply as it stands."""
    with engine.connect() as connection:
        return connection.execute(select(replies).where(replies.c.id == reply_id)).one()


def attempts_of(engine: Engine, reply_id: int) -> list[Row[Any]]:
    """Return the attempts at a reply, in their order."""
    query = select(attempts).where(attempts.c.reply_id == reply_id).order_by(attempts.c.number)
    with engine.connect() as connection:
        return list(connection.execute(query))


def outgoing(words: str = "报备成功 R1", params: Mapping[str, Any] | None = None, **fields: Any) -> Outgoing:
    """Return an attempt at a reply that is in no database."""
    given: dict[str, Any] = {
        "site_id": 3,
        "reply_id": 7,
        "sender_number": NUMBER,
        "recipient": AGENT,
        "words": words,
        "code": "accepted",
        "params": params or {},
        "ref": "R1",
        "useful_until": NOON + timedelta(hours=4),
        "attempt": 1,
    }
    return Outgoing(**(given | fields))


def lease(engine: Engine, reply_id: int, now: datetime, pace: Pace = AS_THEY_COME) -> Lease | None:
    """Lease one candidate; None when it may not go out."""
    return next(iter(lease_all(engine, [reply_id], now, pace)), None)


def record_status(engine: Engine, status: Status, now: datetime) -> bool:
    """Apply one word of a gateway's; False when it is about no reply of ours."""
    return record_statuses(engine, [status], now)[0]
