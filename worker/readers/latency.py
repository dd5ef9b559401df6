"""How long agents wait: from a text's receipt to the moment when the gateway has taken its reply."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil
from typing import Final

from sqlalchemy import Connection, and_, select

from worker.store.schema import attempts, decisions, replies
from worker.trail import trail

NEWEST: Final = 1_000


def latencies(connection: Connection, since: datetime) -> Iterator[float]:
    """Yield the seconds of each reply to a text that was taken since then; of very many attempts, the newest ones'."""
    sent_at: dict[int, dict[int, datetime]] = defaultdict(dict)
    recent = select(attempts.c.reply_id).where(attempts.c.ended_at > since, attempts.c.outcome == "sent")
    newest = recent.order_by(attempts.c.ended_at.desc()).limit(NEWEST).subquery()
    query = select(replies.c.site_id, replies.c.cause, replies.c.sent_at).join(
        newest, newest.c.reply_id == replies.c.id
    )
    for row in connection.execute(query.where(replies.c.role == "reply", replies.c.sent_at > since)):
        ids = trail(row.site_id, row.cause)
        if "seq" in ids:
            sent_at[row.site_id][ids["seq"]] = row.sent_at
    for site_id, times in sent_at.items():
        # These stand close together in their line, so a range costs less than so many places by name.
        theirs = and_(decisions.c.site_id == site_id, decisions.c.seq.between(min(times), max(times)))
        for seq, received_at in connection.execute(select(decisions.c.seq, decisions.c.received_at).where(theirs)):
            if seq in times:
                yield max(0.0, (times[seq] - received_at).total_seconds())


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that `share` of these, in rising order and at least one, do not exceed."""
    return ordered[max(1, ceil(share * len(ordered))) - 1]
