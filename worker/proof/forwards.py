"""Between two lines: what one forwarded stands in the other, and what came from another was forwarded there (L25)."""

from typing import Any

from sqlalchemy import Connection, Row, select

from worker.line.door import PROGRAM
from worker.line.forwards import forward_id
from worker.proof.findings import Findings, place
from worker.rules.forwards import origin_of
from worker.store.schema import former_numbers, forwards, inbox


def check_forwards(source: Connection, site: Row[Any], found: Findings) -> None:
    """Check both ends of every forward of a site; what is erased at either end is compared no further."""
    for row in source.execute(select(forwards).where(forwards.c.site_id == site.id, forwards.c.done)).all():
        there = (inbox.c.gateway == PROGRAM) & (inbox.c.provider_id == forward_id(site.id, row.seq, row.part))
        if source.execute(select(inbox.c.seq).where(there)).first() is None:
            found.add("forwards", place(row.seq), "done", "this was forwarded, but stands in no other line.")
    once = select(former_numbers.c.number).where(former_numbers.c.site_id == site.id)
    numbers = {site.number, *source.execute(once).scalars()}
    mine = (inbox.c.site_id == site.id) & (inbox.c.gateway == PROGRAM) & inbox.c.provider_id.like("forward:%")
    for row in source.execute(select(inbox).where(mine).order_by(inbox.c.seq)).all():
        if not row.salt:
            continue
        origin = origin_of(row.payload) or {}
        its = (forwards.c.site_id == origin.get("site_id")) & (forwards.c.seq == origin.get("seq"))
        sent = source.execute(select(forwards).where(its, forwards.c.number.in_(numbers))).first()
        if sent is None or row.provider_id != forward_id(sent.site_id, sent.seq, sent.part):
            found.add("inbox", place(row.seq), "payload", "no line has forwarded this text.")
            continue
        first = source.execute(select(inbox).where(inbox.c.site_id == sent.site_id, inbox.c.seq == sent.seq)).one()
        if first.salt and (row.text, row.sender, row.sent_at) != (first.text, first.sender, first.received_at):
            words = "text, sender or sent_at is not that of the line that it came from."
            found.add("inbox", place(row.seq), "text", words)
