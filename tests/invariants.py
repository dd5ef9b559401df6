"""What must be true of a system at rest, whatever happened to it before (reliability.md, "How it is proved").

Compared with ledgers outside it: what the senders got 2xx for, and what the fake Twilio took. Each sentence that comes
back is a broken promise.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select

from tests.folding import fold, recorded
from worker.line.forwards import forward_id
from worker.outbox.ledger import outgoing_of, with_site
from worker.store.schema import attempts, cursors, decisions, forwards, inbox, replies, sites, unrouted
from worker.store.states import AT_REST


@dataclass(slots=True)
class Counts:
    """How much of what was found; `resent`: texts that went out twice because nobody could know of the first."""

    acknowledged: int = 0
    lost: int = 0
    out_of_order: int = 0
    duplicates: int = 0
    resent: int = 0
    broken: list[str] = field(default_factory=list)


def weigh(engine: Engine, acknowledged: Collection[str], taken: Collection[dict[str, Any]]) -> Counts:
    """Return what became of the texts that were acknowledged and of the messages that the gateway took."""
    counts = Counts(acknowledged=len(acknowledged))
    lost = set(acknowledged) - received(engine)
    counts.lost = len(lost)
    counts.broken += [f"lost: {message_id}" for message_id in sorted(lost)]
    with engine.connect() as connection:
        site_ids = connection.execute(select(sites.c.id)).scalars().all()
    for site_id in site_ids:
        misplaced = list(_misplaced(engine, site_id))
        counts.out_of_order += len(misplaced)
        counts.broken += [*misplaced, *_undecided(engine, site_id), *_unlike_the_fold(engine, site_id)]
    _weigh_replies(engine, counts, taken)
    return counts


def at_rest(engine: Engine) -> bool:
    """Tell whether every line is decided, what is another's is in its line, and every reply has come to its end."""
    with engine.connect() as connection:
        behind = select(sites.c.id).join(cursors, cursors.c.site_id == sites.c.id)
        if connection.execute(behind.where(cursors.c.decided_seq < sites.c.last_seq)).first():
            return False
        if connection.execute(select(forwards.c.seq).where(~forwards.c.done)).first():
            return False
        return connection.execute(select(replies.c.id).where(replies.c.state.not_in(AT_REST))).first() is None


def received(engine: Engine) -> set[str]:
    """Return the message ids of all that is kept."""
    with engine.connect() as connection:
        found = [connection.execute(select(table.c.provider_id)).scalars() for table in (inbox, unrouted)]
        return {message_id for its in found for message_id in its}


def forwarded(engine: Engine) -> int:
    """Return how many texts came into a line from another one; fail unless each was sent there, and came once."""
    with engine.connect() as connection:
        sent = {forward_id(row.site_id, row.seq, row.part) for row in connection.execute(select(forwards))}
        mine = inbox.c.provider_id.like("forward:%")
        came = connection.execute(select(inbox.c.provider_id).where(mine)).scalars().all()
    assert sorted(came) == sorted(sent)
    return len(came)


def _misplaced(engine: Engine, site_id: int) -> Iterator[str]:
    line = select(inbox.c.seq, inbox.c.received_at).where(inbox.c.site_id == site_id).order_by(inbox.c.seq)
    with engine.connect() as connection:
        rows = connection.execute(line).all()
        last = connection.execute(select(sites.c.last_seq).where(sites.c.id == site_id)).scalar_one()
    if last != len(rows):
        yield f"site {site_id}: its last place is {last}, of {len(rows)} texts"
    for index, row in enumerate(rows, start=1):
        if row.seq != index:
            yield f"site {site_id}: place {row.seq} comes as number {index}"
        if index > 1 and row.received_at < rows[index - 2].received_at:
            yield f"site {site_id}: the time of place {row.seq} is before the one before it"


def _undecided(engine: Engine, site_id: int) -> Iterator[str]:
    with engine.connect() as connection:
        places = set(connection.execute(select(inbox.c.seq).where(inbox.c.site_id == site_id)).scalars())
        decided = connection.execute(select(decisions.c.seq).where(decisions.c.site_id == site_id)).scalars().all()
    if sorted(decided) != sorted(places):
        yield f"site {site_id}: {len(decided)} decisions on {len(places)} texts"


def _unlike_the_fold(engine: Engine, site_id: int) -> Iterator[str]:
    wanted, found = fold(engine, site_id).register, recorded(engine, site_id)
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            yield f"site {site_id}: {name} differ from the fold of its line"


def _weigh_replies(engine: Engine, counts: Counts, taken: Collection[dict[str, Any]]) -> None:
    with engine.connect() as connection:
        rows = connection.execute(with_site()).all()
        in_doubt = select(attempts.c.reply_id).where(attempts.c.outcome == "unknown")
        doubtful = connection.execute(in_doubt).scalars().all()
    # As they are handed over: with the code of an act (L6).
    keys = {row.id: (row.recipient, outgoing_of(row).words) for row in rows}
    doubts = Counter(keys[reply_id] for reply_id in doubtful)
    written = Counter(keys.values())
    sent = Counter(keys[row.id] for row in rows if row.state == "sent")
    went = Counter((message["to"], message["body"]) for message in taken)
    for key in {*written, *went}:
        extra = max(0, went[key] - written[key])
        counts.resent += min(extra, doubts[key])
        counts.duplicates += max(0, extra - doubts[key])
        if went[key] < sent[key]:
            ids = [row.id for row in rows if keys[row.id] == key]
            counts.broken.append(f"of the equal replies {ids} the gateway took {went[key]}, and {sent[key]} are sent")
    if counts.duplicates:
        counts.broken.append(f"{counts.duplicates} messages went out again without any doubt about the first")
    counts.broken += [f"reply {row.id} is still {row.state}" for row in rows if row.state not in AT_REST]
