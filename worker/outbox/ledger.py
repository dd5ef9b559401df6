"""The ledger of attempts: each time that a reply was handed to a gateway, or perhaps was, and what is known of it."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, select, update

from worker.gateways.base import Outgoing, Refused, Retry, Sent, Unknown
from worker.outbox.delivery import FAILED, Change, ReplyHistory
from worker.rules.act_code import code_of, key_of, with_code
from worker.rules.codes import Code
from worker.store.causes import salt_of_cause
from worker.store.schema import attempts, replies, sites
from worker.store.states import ReplyState


def this_attempt(reply_id: Any, number: Any) -> ColumnElement[bool]:
    """Return the condition on a row of `attempts` that it is this one, by values, parameters or columns."""
    return and_(attempts.c.reply_id == reply_id, attempts.c.number == number)


PRESENT: Final = this_attempt(replies.c.id, replies.c.attempt)
"""The attempt at which a reply is."""
OUTCOMES = {Sent: "sent", Retry: "retry", Refused: "refused", Unknown: "unknown"}


def with_site() -> Select[Any]:
    """Return a query for replies along with their site's `gateway` and `sending_number`, and their message's `salt`."""
    salt = salt_of_cause().label("salt")
    columns = [*replies.c, sites.c.gateway, sites.c.number.label("sending_number"), salt]
    return select(*columns).join(sites, sites.c.id == replies.c.site_id)


def outgoing_of(row: Row[Any]) -> Outgoing:
    """Return what a gateway gets of a row of `with_site`; here alone the code of an act gets into its gap (L6)."""
    asks = row.code == Code.CONFIRM_CODE
    return Outgoing(
        site_id=row.site_id,
        reply_id=row.id,
        sender_number=row.sending_number,
        recipient=row.recipient,
        words=with_code(row.words, row.salt) if asks else row.words,
        code=row.code,
        params=row.params | ({"code": code_of(key_of(row.salt))} if asks else {}),
        ref=row.ref,
        useful_until=row.useful_until,
        attempt=row.attempt,
    )


def tally_of(connection: Connection, reply_id: int) -> ReplyHistory | None:
    """Lock a reply to the end of the transaction and return how it stands; None when there is no such reply."""
    row = connection.execute(select(replies).where(replies.c.id == reply_id).with_for_update()).first()
    if row is None:
        return None
    others = and_(attempts.c.reply_id == reply_id, attempts.c.number != row.attempt)
    count = select(func.count()).select_from(attempts)
    soft = connection.execute(count.where(others, attempts.c.delivery.in_(FAILED))).scalar_one()
    unknown = connection.execute(count.where(others, attempts.c.outcome == "unknown")).scalar_one()
    return ReplyHistory(ReplyState(row.state), row.attempt, row.delivery, row.sid, row.useful_until, soft, unknown)


def change_reply(connection: Connection, reply_id: int, change: Change, now: datetime) -> None:
    """Write what changes, if anything does."""
    if change:
        connection.execute(update(replies).where(replies.c.id == reply_id).values(change | {"updated_at": now}))


def begin(
    connection: Connection,
    attempted: Iterable[tuple[int, int, str]],
    now: datetime,
    phone: str | None = None,
    sids: Sequence[str | None] = (),
) -> None:
    """Note that these attempts begin, each by its reply, number and gateway.

    `phone`: which one fetched them, under which of the `sids` each.
    """
    common = {"started_at": now, "lookups": 0, "phone": phone}
    begun = [
        {"reply_id": one, "number": number, "gateway": gateway, "sid": sid} | common
        for (one, number, gateway), sid in zip_longest(attempted, sids)
    ]
    connection.execute(insert(attempts), begun)


def end(connection: Connection, reply_id: int, number: int, outcome: Unknown, now: datetime) -> None:
    """Note that nobody knows what became of an attempt."""
    connection.execute(update(attempts).where(this_attempt(reply_id, number)).values(ending(outcome, now)))


def ending(outcome: Sent | Retry | Refused | Unknown, now: datetime) -> Change:
    """Return what is noted of an attempt that ended so."""
    known = {"sid": outcome.sid} if isinstance(outcome, Sent) else {"code": outcome.code}
    return {"outcome": OUTCOMES[type(outcome)], "ended_at": now} | known


def note_lookup(connection: Connection, reply_id: int, number: int, known: int) -> bool:
    """Note that an attempt was looked for in vain once more than the `known` times; False: another noted it already."""
    mine = and_(this_attempt(reply_id, number), attempts.c.lookups == known)
    return connection.execute(update(attempts).where(mine).values(lookups=known + 1)).rowcount == 1


def chance() -> float:
    """Return a number in 0…1 for jitter."""
    return random.random()  # noqa: S311 - it spreads retries, it hides nothing.
