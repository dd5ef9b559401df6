"""Which decisions are of messages that could not be decided, and which of those do not stand in line again (L26)."""

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, exists, literal, select

from worker.line.door import PROGRAM
from worker.line.redecide import AGAIN
from worker.store.schema import UNDECIDED, decisions, inbox

_AGAIN = inbox.alias("again")


def left_undecided() -> ColumnElement[bool]:
    """Return the condition on `decisions` joined with `inbox`; what is erased can stand in line no more."""
    site, place = cast(decisions.c.site_id, Text), cast(decisions.c.seq, Text)
    same_id = literal(f"{AGAIN}:") + site + ":" + place
    again = exists(select(_AGAIN.c.seq).where(_AGAIN.c.gateway == PROGRAM, _AGAIN.c.provider_id == same_id))
    return and_(UNDECIDED, inbox.c.salt != "", ~again)


def undecidable_places(connection: Connection, site_id: int) -> set[int]:
    """Return the places of a line at which stands what could not be decided when it was its turn."""
    query = select(decisions.c.seq).where(decisions.c.site_id == site_id, UNDECIDED)
    return set(connection.execute(query).scalars())
