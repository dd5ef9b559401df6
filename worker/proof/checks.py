"""What can be said of a line without deciding it again: places, times, the chain, and the heads that went outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from worker.decide.heads import SHOWN
from worker.proof.compare import stream
from worker.proof.findings import Findings, place
from worker.rules.chain import GENESIS, VERSION, next_head
from worker.rules.model import Decision
from worker.storable import storable
from worker.store.schema import cursors, decisions, inbox, published_heads
from worker.store.types import EPOCH


@dataclass(slots=True)
class Extent:
    """How far a line goes; `erased` is the last place whose text is gone (0: none), `head` the chain's end."""

    last: int = 0
    received_at: datetime = EPOCH
    erased: int = 0
    head: str = GENESIS


def check_line(source: Connection, site: Row[Any], found: Findings) -> Extent:
    """Check that places have no gap and end with the site's counter, and that times never fall along them."""
    line = Extent()
    columns = (inbox.c.seq, inbox.c.received_at, inbox.c.salt, inbox.c.text, inbox.c.body)
    in_order = select(*columns).where(inbox.c.site_id == site.id).order_by(inbox.c.seq)
    for seq, received_at, salt, text, body in stream(source, in_order):
        if seq != line.last + 1:
            missing = place(seq - 1) if seq == line.last + 2 else f"places {line.last + 1} to {seq - 1}"
            found.add("inbox", missing, "seq", "nothing stands here any more; places have no gaps.")
        if received_at < line.received_at:
            found.add("inbox", place(seq), "received_at", "received_at falls behind the place before it.")
        if not salt:
            line.erased = seq
        elif storable(body.decode("utf-8", "surrogatepass")) != text:
            found.add("inbox", place(seq), "body", "text and body are not the same.")
        line.last, line.received_at = seq, max(received_at, line.received_at)
    if line.last != site.last_seq:
        found.add("sites", "", "last_seq", f"last_seq is {site.last_seq}, but the line ends at place {line.last}.")
    if line.received_at != site.last_received_at:
        found.add("sites", "", "last_received_at", "last_received_at is not when the line's last message came.")
    return line


def check_chain(source: Connection, cursor: Row[Any], found: Findings) -> None:
    """Check that each head covers the one before it and its own decision, and that the cursor stands on the last."""
    head, last = GENESIS, 0
    mine = select(*decisions.c).where(decisions.c.site_id == cursor.site_id).order_by(decisions.c.seq)
    names = [c.name for c in decisions.c]
    decided = ("seq", "received_at", "kind", "code", "rules", "policy_seq")
    for values in stream(source, mine):
        row = dict(zip(names, values, strict=True))
        last = row["seq"]
        decision = Decision(**{name: row[name] for name in decided})
        if next_head(head, decision, row["commitment"]) != row["head"]:
            found.add("decisions", place(last), "head", "the chain of hashes breaks here.")
        head = row["head"]
    if (cursor.decided_seq, cursor.head) != (last, head):
        found.add("cursors", "", "head", "decided_seq and head are not those of the last decision.")


def check_heads(source: Connection, site_id: int, found: Findings) -> int:
    """Check that every head that was published still stands on the chain, and return how many there are."""
    same = and_(decisions.c.site_id == published_heads.c.site_id, decisions.c.seq == published_heads.c.seq)
    lost = or_(decisions.c.head.is_(None), func.substr(decisions.c.head, 1, SHOWN) != published_heads.c.head8)
    mine = published_heads.c.site_id == site_id
    query = select(published_heads).select_from(published_heads.outerjoin(decisions, same)).where(mine)
    for row in source.execute(query.where(lost).order_by(published_heads.c.seq)):
        words = f"head {row.head8}, published on {row.published_at:%Y-%m-%d} ({row.published_in}), is not on the chain."
        found.add("published_heads", place(row.seq), "head8", words)
    return int(source.execute(select(func.count()).select_from(published_heads).where(mine)).scalar_one())


def decided_otherwise(source: Connection, site_id: int, after: int) -> tuple[int, int] | None:
    """Return the first and last place behind `after` that another version of the rules decided, None without any."""
    other = or_(decisions.c.version.is_(None), decisions.c.version != VERSION)
    ends = select(func.min(decisions.c.seq), func.max(decisions.c.seq))
    first, last = source.execute(ends.where(decisions.c.site_id == site_id, decisions.c.seq > after, other)).one()
    return None if first is None else (first, last)


def check_site(site: Row[Any], state: dict[str, Any], found: Findings) -> None:
    """Check that the row in which the site is looked up says what its line says."""
    for column in ("name", "number"):
        if state and getattr(site, column) != state.get(column):
            found.add("sites", "", column, f"{column} is not what the line's first message says.")


def cursor_of(connection: Connection, site_id: int) -> Row[Any]:
    """Return a site's cursor."""
    return connection.execute(select(cursors).where(cursors.c.site_id == site_id)).one()
