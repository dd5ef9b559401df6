"""What became of one text: its place, its outcome, and what was answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from worker.store.database import reading
from worker.store.schema import decisions, inbox, replies
from worker.store.states import AT_REST


@dataclass(frozen=True, slots=True)
class Answered:
    """A decided text: `words` is the reply to its sender, "" when it gets none; `sent_at` when that reply went out."""

    seq: int
    received_at: datetime
    code: str
    words: str
    sent_at: datetime | None


def answered(engine: Engine, gateway: str, provider_id: str) -> Answered | None:
    """Return what became of a gateway's message, None while it is undecided or its reply has not gone out."""
    with reading(engine).connect() as connection:
        joined = decisions.join(inbox, (inbox.c.site_id == decisions.c.site_id) & (inbox.c.seq == decisions.c.seq))
        mine = (inbox.c.gateway == gateway) & (inbox.c.provider_id == provider_id)
        query = select(decisions, inbox.c.sender).select_from(joined).where(mine)
        decided = connection.execute(query).first()
        if decided is None:
            return None
        to_him = (replies.c.site_id == decided.site_id) & (replies.c.cause == f"m:{decided.seq}")
        reply = connection.execute(select(replies).where(to_him & (replies.c.recipient == decided.sender))).first()
    if reply is None:
        return Answered(decided.seq, decided.received_at, decided.code, "", None)
    if reply.state not in AT_REST:
        return None
    return Answered(decided.seq, decided.received_at, decided.code, reply.words, reply.sent_at)
