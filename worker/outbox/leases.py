"""The outbox: who sends which reply now, and what is learnt of it afterwards (`worker.outbox.delivery` has the states).

A lease is committed before the gateway is asked, so a sender that dies leaves a lease behind and not a doubt about
whether it had begun. Replies to one phone go out in the order in which they were written; one that is backed off, in
doubt, or leased for longer than a gateway's answer takes (L20) lets the later ones pass.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    and_,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from worker.crash_points import committing
from worker.gateways.base import Outgoing, Unknown
from worker.log import say
from worker.outbox.ledger import (
    begin,
    change_reply,
    end,
    outgoing_of,
    with_site,
)
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.outbox.stops import stopped
from worker.store.database import reading
from worker.store.schema import opt_outs, replies, sites
from worker.store.states import ReplyState
from worker.trail import trail

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
LONGEST_HELD_UP = timedelta(seconds=10)
"""So long after it was leased a reply holds up later ones to its phone: its courier may be dead (L20)."""
CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class Lease:
    """A reply that its holder alone may hand to its gateway, once."""

    outgoing: Outgoing
    gateway: str
    site_id: int
    cause: str
    since: datetime

    @property
    def key(self) -> tuple[int, int]:
        """Reply and attempt."""
        return self.outgoing.reply_id, self.outgoing.attempt


def candidates(engine: Engine, gateways: Collection[str], now: datetime, pace: Pace = AS_THEY_COME) -> Sequence[int]:
    """Return ids of replies that may go out now, the longest due first; whoever leases one first has it."""
    sending = and_(sites.c.gateway.in_(gateways), ~stopped(), ~pace.holds_back(now))
    query = (
        select(replies.c.id)
        .join(sites, sites.c.id == replies.c.site_id)
        .where(_due(now), sending, ~_refused_before(), ~_would_overtake(now))
        .order_by(replies.c.next_at, replies.c.id)
        .limit(CANDIDATES)
    )
    with reading(engine).connect() as connection:
        return connection.execute(query).scalars().all()


def lease(engine: Engine, reply_id: int, now: datetime, pace: Pace = AS_THEY_COME) -> Lease | None:
    """Lease a candidate and commit that; None when somebody else was faster or it may not go out any more."""
    taken = {
        "state": ReplyState.SENDING,
        "attempt": replies.c.attempt + 1,
        "lease_until": now + LEASE,
        "delivery": None,
        "error_code": None,
        "error_words": None,
        "refusal": None,
        "updated_at": now,
    }
    # Asked again here: between being found and being leased its gateway may have been stopped by another reply.
    sending = replies.c.site_id.in_(select(sites.c.id).where(~stopped(), ~pace.holds_back(now)))
    mine = and_(replies.c.id == reply_id, _due(now), sending, ~_refused_before(), ~_would_overtake(now))
    with committing(engine, "lease.commit") as connection:
        if connection.execute(update(replies).where(mine).values(taken)).rowcount != 1:
            return None
        row = connection.execute(with_site().where(replies.c.id == reply_id)).one()
        if not pace.takes(connection, row.gateway, row.sending_number, now):
            connection.rollback()
            return None
        begin(connection, reply_id, row.attempt, now)
    say(log, "leased", **trail(row.site_id, row.cause), reply=reply_id, attempt=row.attempt)
    return Lease(outgoing_of(row), row.gateway, row.site_id, row.cause, now)


def close_leases(engine: Engine, now: datetime) -> int:
    """Declare the attempts of senders that have died to be of unknown outcome; return how many."""
    dead = and_(replies.c.state == ReplyState.SENDING, replies.c.lease_until <= now)
    lost = Unknown("lease", "the sender died")
    columns = (replies.c.id, replies.c.site_id, replies.c.cause, replies.c.attempt)
    with committing(engine, "leases.commit") as connection:
        rows = connection.execute(select(*columns).where(dead).with_for_update()).all()
        for row in rows:
            end(connection, row.id, row.attempt, lost, now)
            change = {
                "state": ReplyState.UNKNOWN,
                "lease_until": None,
                "error_code": lost.code,
                "error_words": lost.words,
            }
            change_reply(connection, row.id, change, now)
            ids = trail(row.site_id, row.cause)
            say(log, "lease closed", logging.WARNING, **ids, reply=row.id, attempt=row.attempt)
    return len(rows)


def retire(engine: Engine, now: datetime) -> int:
    """Record what is not to be sent any more and return how many.

    That is, as `stale`, what is no longer of use; as failed, notices to people who opted out and words refused before.
    Replies of a stopped gateway stay as they are: whoever resumes it sees what has waited.
    """
    sending = select(sites.c.id).where(~stopped())
    waiting = and_(replies.c.state == ReplyState.PENDING, replies.c.site_id.in_(sending))
    opted_out = exists().where(opt_outs.c.site_id == replies.c.site_id, opt_outs.c.phone == replies.c.recipient)
    stale = waiting & (replies.c.useful_until <= now)
    due = waiting & (replies.c.next_at <= now)
    unwanted = due & (replies.c.role == "notice") & opted_out
    in_vain = due & _refused_before()
    with reading(engine).connect() as connection:
        if not connection.execute(select(replies.c.id).where(or_(stale, unwanted, in_vain)).limit(1)).first():
            return 0
    ends: list[tuple[ColumnElement[bool], dict[str, Any]]] = [
        (stale, {"state": ReplyState.STALE}),
        (unwanted, _failed("opted out", "the person has opted out")),
        (in_vain, _failed("same words", "these words were refused before")),
    ]
    with committing(engine, "retire.commit") as connection:
        return sum(
            connection.execute(update(replies).where(which).values(end | {"updated_at": now})).rowcount
            for which, end in ends
        )


def _failed(code: str, words: str) -> dict[str, str]:
    return {"state": ReplyState.FAILED, "error_code": code, "error_words": words}


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(replies.c.state == ReplyState.PENDING, replies.c.next_at <= now, replies.c.useful_until > now)


def _refused_before() -> ColumnElement[bool]:
    """Return the condition that these very words were refused to this person for what they say."""
    before = replies.alias("before")
    # The words of the partial index, so that a long history costs nothing.
    refused = before.c.refusal == literal_column("'content'")
    same_phone = and_(before.c.site_id == replies.c.site_id, before.c.recipient == replies.c.recipient)
    return exists().where(refused, same_phone, before.c.words == replies.c.words, before.c.id != replies.c.id)


def _would_overtake(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an earlier reply to the same phone is due, or has been on its way for seconds (L20)."""
    earlier = replies.alias("earlier")
    # The words of the partial index, so that a long history costs nothing.
    to_send = earlier.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
    due = and_(earlier.c.state == ReplyState.PENDING, earlier.c.next_at <= now, earlier.c.useful_until > now)
    just_leased = earlier.c.lease_until > now + LEASE - LONGEST_HELD_UP
    on_its_way = and_(earlier.c.state == ReplyState.SENDING, just_leased)
    same_phone = and_(earlier.c.site_id == replies.c.site_id, earlier.c.recipient == replies.c.recipient)
    return exists().where(same_phone, earlier.c.id < replies.c.id, to_send, or_(due, on_its_way))
