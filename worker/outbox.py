"""The outbox: who sends which reply now, and what is learnt of it afterwards (`worker.delivery` has the states).

A claim is committed before the gateway is asked, so a sender that dies leaves a lease behind and not a doubt about
whether it had begun. Replies to one phone go out in the order in which they were written; one that is backed off or in
doubt lets the later ones pass.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from worker.clock import utc_now
from worker.database import reading
from worker.delivery import after_outcome, after_status
from worker.gateways.base import Outcome, Outgoing, Refused, SenderStopped, Sent, Status, Stopped, Unknown
from worker.ledger import (
    attempt_of,
    begin,
    chance,
    change_reply,
    end,
    note_delivery,
    outgoing_of,
    standing_of,
    with_site,
)
from worker.log import say
from worker.schema import opt_outs, replies, sites
from worker.stops import WHOLE_GATEWAY, is_believed, revive, stop, stopped

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class Claim:
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


def candidates(engine: Engine, gateways: Collection[str], now: datetime) -> Sequence[int]:
    """Return ids of replies that may go out now, the longest due first; whoever claims one first has it."""
    query = (
        select(replies.c.id)
        .join(sites, sites.c.id == replies.c.site_id)
        .where(_due(now), sites.c.gateway.in_(gateways), ~stopped(), ~_would_overtake(now))
        .order_by(replies.c.next_at, replies.c.id)
        .limit(CANDIDATES)
    )
    with reading(engine).connect() as connection:
        return connection.execute(query).scalars().all()


def claim(engine: Engine, reply_id: int, now: datetime) -> Claim | None:
    """Claim a candidate and commit that; None when somebody else was faster or it may not go out any more."""
    taken = {
        "state": "sending",
        "attempt": replies.c.attempt + 1,
        "lease_until": now + LEASE,
        "delivery": None,
        "error_code": None,
        "error_words": None,
        "updated_at": now,
    }
    mine = and_(replies.c.id == reply_id, _due(now), ~_would_overtake(now))
    with engine.begin() as connection:
        if connection.execute(update(replies).where(mine).values(taken)).rowcount != 1:
            return None
        row = connection.execute(with_site().where(replies.c.id == reply_id)).one()
        begin(connection, reply_id, row.attempt, now)
    return Claim(outgoing_of(row), row.gateway, row.site_id, row.cause, now)


def record(engine: Engine, claimed: Claim, outcome: Outcome, now: datetime) -> None:
    """Write down what became of an attempt, whatever has been learnt of it meanwhile."""
    reply_id, number = claimed.key
    with engine.begin() as connection:
        standing = standing_of(connection, reply_id)
        if standing is None:
            return
        weighed = _weighed(connection, claimed.site_id, claimed.outgoing.recipient, outcome, now)
        end(connection, reply_id, number, weighed, now)
        if standing.attempt == number:
            change_reply(connection, reply_id, after_outcome(standing, weighed, now, chance()), now)
        _see_to_others(connection, reply_id, weighed, now)


def record_status(engine: Engine, status: Status, now: datetime | None = None) -> bool:
    """Apply a gateway's later word; False when it is about no reply of ours. May come early, twice, or out of order."""
    now = now or utc_now()
    with engine.begin() as connection:
        found = attempt_of(connection, status)
        standing = found and standing_of(connection, found[0])
        if not found or not standing:
            say(log, "status of no reply", logging.WARNING, gateway=status.gateway, delivery=status.delivery)
            return False
        news = note_delivery(connection, *found, status)
        if news is not None:
            change_reply(connection, found[0], after_status(standing, news, now, chance()), now)
            _see_to_others(connection, found[0], news.failure, now)
    say(log, "status", reply=found[0], attempt=found[1], delivery=status.delivery, code=status.error_code)
    return True


def close_leases(engine: Engine, now: datetime) -> int:
    """Declare the attempts of senders that have died to be of unknown outcome; return how many."""
    dead = and_(replies.c.state == "sending", replies.c.lease_until <= now)
    lost = Unknown("lease", "the sender died")
    with engine.begin() as connection:
        rows = connection.execute(select(replies.c.id, replies.c.attempt).where(dead).with_for_update()).all()
        for row in rows:
            end(connection, row.id, row.attempt, lost, now)
            change = {"state": "unknown", "lease_until": None, "error_code": lost.code, "error_words": lost.words}
            change_reply(connection, row.id, change, now)
            say(log, "lease closed", logging.WARNING, reply=row.id, attempt=row.attempt)
    return len(rows)


def retire(engine: Engine, now: datetime) -> int:
    """Record as `stale` what is no longer of use, and as failed the notices to people who opted out; return how many.

    Replies of a stopped gateway stay as they are: whoever resumes it sees what has waited.
    """
    sending = select(sites.c.id).where(~stopped())
    waiting = and_(replies.c.state == "pending", replies.c.site_id.in_(sending))
    opted_out = exists().where(opt_outs.c.site_id == replies.c.site_id, opt_outs.c.phone == replies.c.recipient)
    refused = {
        "state": "failed",
        "error_code": "opted out",
        "error_words": "the person has opted out",
        "updated_at": now,
    }
    stale = waiting & (replies.c.useful_until <= now)
    unwanted = waiting & (replies.c.next_at <= now) & (replies.c.role == "notice") & opted_out
    with reading(engine).connect() as connection:
        if not connection.execute(select(replies.c.id).where(or_(stale, unwanted)).limit(1)).first():
            return 0
    with engine.begin() as connection:
        one = connection.execute(update(replies).where(stale).values(state="stale", updated_at=now)).rowcount
        return one + connection.execute(update(replies).where(unwanted).values(refused)).rowcount


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(replies.c.state == "pending", replies.c.next_at <= now, replies.c.useful_until > now)


def _would_overtake(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an earlier reply to the same phone is due or on its way."""
    earlier = replies.alias("earlier")
    # The words of the partial index, so that a long history costs nothing.
    to_send = earlier.c.state.in_([literal_column("'pending'"), literal_column("'sending'")])
    due = and_(earlier.c.state == "pending", earlier.c.next_at <= now, earlier.c.useful_until > now)
    on_its_way = and_(earlier.c.state == "sending", earlier.c.lease_until > now)
    same_phone = and_(earlier.c.site_id == replies.c.site_id, earlier.c.recipient == replies.c.recipient)
    return exists().where(same_phone, earlier.c.id < replies.c.id, to_send, or_(due, on_its_way))


def _weighed(connection: Connection, site_id: int, recipient: str, outcome: Outcome, now: datetime) -> Outcome:
    """Take a stopped number for its recipient's fault until enough recipients say the same."""
    if isinstance(outcome, SenderStopped) and not is_believed(connection, site_id, recipient, outcome, now):
        return Refused(outcome.code, outcome.words, "pair")
    return outcome


def _see_to_others(connection: Connection, reply_id: int, outcome: Outcome | None, now: datetime) -> None:
    """Do what an outcome means beyond its own reply: stop the gateway or number, mark a person who opted out."""
    row = connection.execute(with_site().where(replies.c.id == reply_id)).one()
    match outcome:
        case Stopped():
            stop(connection, row.gateway, WHOLE_GATEWAY, outcome, now)
        case SenderStopped():
            stop(connection, row.gateway, row.sending_number, outcome, now)
            revive(connection, row.site_id, outcome.code, now)
        case Refused(opted_out=True):
            _opt_out(connection, row.site_id, row.recipient, outcome.code, now)
        case Sent():
            mine = and_(opt_outs.c.site_id == row.site_id, opt_outs.c.phone == row.recipient)
            connection.execute(delete(opt_outs).where(mine))


def _opt_out(connection: Connection, site_id: int, phone: str, code: str, now: datetime) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(opt_outs).values(site_id=site_id, phone=phone, since=now, code=code))
    except IntegrityError:
        return
