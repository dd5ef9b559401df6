"""A message that could not be decided stands in line again, as a new one with the old receipt as `sent_at` (L26)."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, and_, select

from worker.clock import Clock
from worker.line.door import PROGRAM, Entry, enter
from worker.rules.codes import Code
from worker.rules.decide import BY_PERSON
from worker.rules.door_notes import AHEAD, APART
from worker.rules.forwards import ORIGIN
from worker.rules.undecidable import REDECIDED
from worker.store.database import reading
from worker.store.schema import decisions, inbox

AGAIN: Final = "redecide"
"""What the message id of one that stands in line again begins with; its site and first place follow."""


class RedecideError(ValueError):
    """The message cannot stand in line again; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Again:
    """Where a message stands in line again; `fresh`: since now."""

    seq: int
    fresh: bool


def redecide(engine: Engine, site_id: int, seq: int, clock: Clock | None = None) -> Again:
    """Put an undecidable message of a site in line again, once. Raises RedecideError."""
    decided = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    query = select(inbox, decisions.c.code).outerjoin(decisions, decided)
    with reading(engine).connect() as connection:
        row = connection.execute(query.where(inbox.c.site_id == site_id, inbox.c.seq == seq)).first()
    if row is None:
        raise RedecideError(f"Site {site_id} has no message at place {seq}.")
    if row.code != Code.UNDECIDABLE:
        stands = "is not decided yet" if row.code is None else f"was decided as {row.code}"
        raise RedecideError(f"Place {seq} of site {site_id} {stands}; only what could not be decided is decided again.")
    if not row.salt:
        raise RedecideError(f"The message at place {seq} of site {site_id} is erased.")
    payload, sent_at = row.payload, None
    if row.kind in BY_PERSON:
        told = row.payload or {}
        # The first receipt, by our clock; what is here for the second time says so, and it is not told of again.
        sent_at = row.sent_at if ORIGIN in told or REDECIDED in told else row.received_at
        # What clocks said at its first place holds at no other: the door notes it anew.
        payload = {name: value for name, value in told.items() if name not in (AHEAD, APART)} | {REDECIDED: seq}
    entry = Entry(row.kind, PROGRAM, message_id(site_id, seq), row.sender, row.text, payload, sent_at)
    fresh = enter(engine, site_id, entry, clock).outcome != "repeated"
    again = (inbox.c.gateway == PROGRAM) & (inbox.c.provider_id == message_id(site_id, seq))
    with reading(engine).connect() as connection:
        return Again(connection.execute(select(inbox.c.seq).where(again)).scalar_one(), fresh)


def message_id(site_id: int, seq: int) -> str:
    """Return the message id under which a message stands in line again."""
    return f"{AGAIN}:{site_id}:{seq}"
