"""Which replies may go out now: the conditions, and the queries made of them.

Each query is built once and takes the times as parameters, because building one costs more than it takes to answer.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from worker.outbox.ledger import this_attempt, with_site
from worker.outbox.pace import Pace, held_back
from worker.outbox.stops import stopped
from worker.store.schema import attempts, opt_outs, replies, sites
from worker.store.states import ReplyState
from worker.store.types import UtcTime

LEASE: Final = timedelta(seconds=60)
LONGEST_HELD_UP: Final = timedelta(seconds=10)
"""So long after it was leased a reply holds up later ones to its phone: its courier may be dead (L20)."""
LONGEST_BESIDE: Final = timedelta(minutes=2)
"""So long what one phone of a site has fetched holds up another phone's later replies to the same person."""
AT_ONCE: Final = 256

NOW: Final[BindParameter[datetime]] = bindparam("now", type_=UtcTime())
_AFTER: Final[BindParameter[datetime]] = bindparam("after", type_=UtcTime())
_JUST_LEASED: Final[BindParameter[datetime]] = bindparam("just_leased", type_=UtcTime())
_HELD_BESIDE: Final[BindParameter[datetime]] = bindparam("held_beside", type_=UtcTime())


def times(now: datetime, pace: Pace) -> dict[str, Any]:
    """Return the parameters that all of these queries take."""
    return {
        "now": now,
        "just_leased": now - LONGEST_HELD_UP,
        "held_beside": now - LONGEST_BESIDE,
        "free_again": now + (pace.gap or timedelta()),
    }


@cache
def due_query(paced: bool) -> Select[Any]:
    """Return the query for the next due replies of the `gateways`, the longest due first, each `free` to go or not.

    They are those behind the reply `after_id` that was due at `after`, `AT_ONCE` of them: no index tells what is free,
    and PostgreSQL would weigh all that wait for each few that it returns.
    """
    sending = and_(sites.c.gateway.in_(bindparam("gateways", expanding=True)), _may_send(paced))
    behind = or_(replies.c.next_at > _AFTER, replies.c.id > bindparam("after_id"))
    next_ones = (
        select(*(replies.c[name] for name in ("id", "site_id", "recipient", "words", "next_at")))
        # Sites first, once, rather than again for each reply that waits behind a stopped gateway.
        .where(DUE, replies.c.next_at >= _AFTER, behind, replies.c.site_id.in_(select(sites.c.id).where(sending)))
        .order_by(replies.c.next_at, replies.c.id)
        .limit(AT_ONCE)
        .subquery("due")
    )
    free = and_(~_refused_before(next_ones), ~_would_overtake(next_ones)).label("free")
    return select(next_ones.c.id, next_ones.c.next_at, free).order_by(next_ones.c.next_at, next_ones.c.id)


@cache
def leasable_query(paced: bool) -> Select[Any]:
    """Return the query that locks those of the replies `ids` that may go out, passing over what others have locked."""
    return (
        with_site()
        # Asked again: between being found and being leased a gateway may have been stopped by another reply.
        .where(replies.c.id.in_(bindparam("ids", expanding=True)), DUE, _may_send(paced))
        .where(~REFUSED_BEFORE, ~_WOULD_OVERTAKE)
        .order_by(replies.c.next_at, replies.c.id)
        .with_for_update(of=replies, skip_locked=True)
    )


@cache
def fetchable_query(paced: bool) -> Select[Any]:
    """Return the query that locks the next `room` due replies of the `sites`, in the order of their writing."""
    return (
        with_site()
        .where(replies.c.site_id.in_(bindparam("sites", expanding=True)), _TO_SEND, DUE)
        .where(_may_send(paced), ~REFUSED_BEFORE, ~_beside_another(bindparam("phone")))
        # Added to, no index is in this order: else all that was ever sent would be gone through to find few.
        .order_by(replies.c.id + 0)
        .limit(bindparam("room"))
        .with_for_update(of=replies, skip_locked=True)
    )


@cache
def newest_due_query(paced: bool) -> Select[Any]:
    """Return the query for those of the `sites` that have something to be fetched, each with its newest such reply."""
    sending = select(sites.c.id).where(sites.c.id.in_(bindparam("sites", expanding=True)), _may_send(paced))
    due = select(replies.c.site_id, func.max(replies.c.id)).where(replies.c.site_id.in_(sending), _TO_SEND, DUE)
    return due.group_by(replies.c.site_id)


def _may_send(paced: bool) -> ColumnElement[bool]:
    return and_(~stopped(), ~held_back(NOW)) if paced else ~stopped()


def _beside_another(phone: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that another phone has lately fetched an earlier reply to the same person, and not sent it.

    Two phones of a site send each in its own order; only so the one does not overtake the other (L20).
    """
    earlier = replies.alias("earlier")
    present = this_attempt(earlier.c.id, earlier.c.attempt)
    theirs = exists().where(present, attempts.c.phone != phone, attempts.c.started_at > _HELD_BESIDE)
    same_phone = and_(earlier.c.site_id == replies.c.site_id, earlier.c.recipient == replies.c.recipient)
    to_send = earlier.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
    before = and_(same_phone, earlier.c.id < replies.c.id, to_send, earlier.c.state == ReplyState.SENDING)
    return exists().where(before, theirs)


def _refused_before(these: FromClause) -> ColumnElement[bool]:
    """Return the condition that these very words were refused to this person for what they say."""
    before = replies.alias("before")
    # The words of the partial index, so that a long history costs nothing.
    refused = before.c.refusal == literal_column("'content'")
    same_phone = and_(before.c.site_id == these.c.site_id, before.c.recipient == these.c.recipient)
    return exists().where(refused, same_phone, before.c.words == these.c.words, before.c.id != these.c.id)


def _would_overtake(these: FromClause) -> ColumnElement[bool]:
    """Return the condition that an earlier reply to the same phone is due, or has been on its way for seconds (L20)."""
    earlier = replies.alias("earlier")
    # The words of the partial index, so that a long history costs nothing.
    to_send = earlier.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
    due = and_(earlier.c.state == ReplyState.PENDING, earlier.c.next_at <= NOW, earlier.c.useful_until > NOW)
    # Not by how long the lease is: a phone's lasts as long as the reply is of use.
    present = this_attempt(earlier.c.id, earlier.c.attempt)
    begun = exists().where(present, attempts.c.started_at > _JUST_LEASED)
    on_its_way = and_(earlier.c.state == ReplyState.SENDING, begun)
    same_phone = and_(earlier.c.site_id == these.c.site_id, earlier.c.recipient == these.c.recipient)
    return exists().where(same_phone, earlier.c.id < these.c.id, to_send, or_(due, on_its_way))


DUE: Final = and_(replies.c.state == ReplyState.PENDING, replies.c.next_at <= NOW, replies.c.useful_until > NOW)
_TO_SEND: Final = replies.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
"""The words of the partial index, so that a long history costs nothing."""
REFUSED_BEFORE: Final = _refused_before(replies)
_WOULD_OVERTAKE: Final = _would_overtake(replies)

_WAITING: Final = and_(
    replies.c.state == ReplyState.PENDING, replies.c.site_id.in_(select(sites.c.id).where(~stopped()))
)
_OPTED_OUT: Final = exists().where(opt_outs.c.site_id == replies.c.site_id, opt_outs.c.phone == replies.c.recipient)
STALE: Final = _WAITING & (replies.c.useful_until <= NOW)
"""What is no longer of use. Replies of a stopped gateway stay: whoever resumes it sees what has waited."""
UNWANTED: Final = _WAITING & (replies.c.next_at <= NOW) & (replies.c.role == "notice") & _OPTED_OUT
"""Notices to people who opted out."""
IN_VAIN: Final = _WAITING & (replies.c.next_at <= NOW) & REFUSED_BEFORE
"""Words that were refused before."""
