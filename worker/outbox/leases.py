"""Leases: who sends which reply now (`worker.outbox.delivery` has the states, `outcomes` what became of it).

A lease is committed before the gateway is asked, so a sender that dies leaves a lease behind and not a doubt about
whether it had begun. Replies to one phone go out in the order in which they were written; one that is backed off, in
doubt, or leased for longer than a gateway's answer takes (L20) lets the later ones pass.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, bindparam, or_, select, update

from worker.crash_points import committing
from worker.gateways.base import Outgoing, Unknown
from worker.log import say
from worker.outbox.due import AT_ONCE, IN_VAIN, LEASE, STALE, UNWANTED, due_query, leasable_query, times
from worker.outbox.ledger import PRESENT, begin, change_reply, end, outgoing_of
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import attempts, replies
from worker.store.states import ReplyState
from worker.store.types import FIRST, UtcTime
from worker.trail import trail

log = logging.getLogger(__name__)

# Names of its own for the parameters: those of the columns are the statement's.
TAKEN: Final = {
    "state": ReplyState.SENDING,
    "attempt": replies.c.attempt + 1,
    "lease_until": bindparam("leased_until", type_=UtcTime()),
    "delivery": None,
    "error_code": None,
    "error_words": None,
    "refusal": None,
    "updated_at": bindparam("leased_at", type_=UtcTime()),
}
_LOST: Final = Unknown("lease", "the sender died")
_SILENT: Final = Unknown("silent", "its phone did not say what became of it")
_TAKE: Final = update(replies).where(replies.c.id.in_(bindparam("ids", expanding=True))).values(TAKEN)
_DEAD: Final = (
    select(replies.c.id, replies.c.site_id, replies.c.cause, replies.c.attempt, attempts.c.phone)
    .outerjoin(attempts, PRESENT)
    .where(replies.c.state == ReplyState.SENDING, replies.c.lease_until <= bindparam("now", type_=UtcTime()))
)
_ANY_TO_RETIRE: Final = select(replies.c.id).where(or_(STALE, UNWANTED, IN_VAIN)).limit(1)
_ENDS: Final[Sequence[tuple[ColumnElement[bool], dict[str, Any]]]] = [
    (STALE, {"state": ReplyState.STALE}),
    (UNWANTED, {"state": ReplyState.FAILED, "error_code": "opted out", "error_words": "the person has opted out"}),
    (
        IN_VAIN,
        {"state": ReplyState.FAILED, "error_code": "same words", "error_words": "these words were refused before"},
    ),
]


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
    given: dict[str, Any] = times(now, pace) | {"gateways": list(gateways), "after": FIRST, "after_id": 0}
    with reading(engine).connect() as connection:
        while True:
            rows = connection.execute(due_query(pace.gap is not None), given).all()
            free = [row.id for row in rows if row.free]
            if free or len(rows) < AT_ONCE:
                return free
            # All of these wait for one another; behind them is who does not.
            given |= {"after": rows[-1].next_at, "after_id": rows[-1].id}


@repeatable
def lease_all(engine: Engine, ids: Collection[int], now: datetime, pace: Pace = AS_THEY_COME) -> list[Lease]:
    """Lease those of these candidates that may still go out, and commit that; the longest due come first.

    Of several to one phone only the first is leased, and at a pace one of each of our numbers.
    """
    with committing(engine, "lease.commit") as connection:
        found = connection.execute(leasable_query(pace.gap is not None), times(now, pace) | {"ids": list(ids)}).all()
        rows = pace.takes_all(connection, found, now)
        if rows:
            taken = {"ids": [row.id for row in rows], "leased_until": now + LEASE, "leased_at": now}
            connection.execute(_TAKE, taken)
            begin(connection, [(row.id, row.attempt + 1, row.gateway) for row in rows], now)
    for row in rows:
        say(log, "leased", **trail(row.site_id, row.cause), reply=row.id, attempt=row.attempt + 1)
    attempted = [(row, replace(outgoing_of(row), attempt=row.attempt + 1)) for row in rows]
    return [Lease(outgoing, row.gateway, row.site_id, row.cause, now) for row, outgoing in attempted]


@repeatable
def close_leases(engine: Engine, now: datetime) -> int:
    """Declare the attempts of senders that have died to be of unknown outcome; return how many.

    What a phone fetched, and said nothing of while it was of use, is stale; its later word settles it all the same.
    """
    with reading(engine).connect() as connection:
        # Each round of the sweeper asks, mostly in vain.
        if connection.execute(_DEAD.limit(1), {"now": now}).first() is None:
            return 0
    with committing(engine, "leases.commit") as connection:
        rows = connection.execute(_DEAD.with_for_update(of=replies), {"now": now}).all()
        for row in rows:
            # A phone's lease ends with the reply's use: it will not go out any more, and nothing is to be looked up.
            lost = _LOST if row.phone is None else _SILENT
            end(connection, row.id, row.attempt, lost, now)
            change = {
                "state": ReplyState.UNKNOWN if row.phone is None else ReplyState.STALE,
                "lease_until": None,
                "error_code": lost.code,
                "error_words": lost.words,
            }
            change_reply(connection, row.id, change, now)
            ids = trail(row.site_id, row.cause)
            say(log, "lease closed", logging.WARNING, **ids, reply=row.id, attempt=row.attempt)
    return len(rows)


@repeatable
def retire(engine: Engine, now: datetime) -> int:
    """Record what is not to be sent any more and return how many.

    That is, as `stale`, what is no longer of use; as failed, notices to people who opted out and words refused before.
    Replies of a stopped gateway stay as they are: whoever resumes it sees what has waited.
    """
    with reading(engine).connect() as connection:
        if not connection.execute(_ANY_TO_RETIRE, {"now": now}).first():
            return 0
    with committing(engine, "retire.commit") as connection:
        return sum(
            connection.execute(update(replies).where(which).values(end | {"updated_at": now}), {"now": now}).rowcount
            for which, end in _ENDS
        )
