"""Phones from which no act by text is taken after five wrong codes, until somebody opens them again (L6)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from worker.rules.codes import Code
from worker.rules.confirming import CLOSED_FOR
from worker.store.schema import CLOSED_ACTS, decisions, inbox, roster, senders, sites


@dataclass(frozen=True, slots=True)
class Closing:
    """What the wrong code at place `seq` has closed; `name` and `unit` where the phone is on the roster."""

    site_id: int
    site: str
    seq: int
    phone: str
    name: str | None
    unit: str | None
    since: datetime
    until: str
    """as the line keeps it: ISO, aware"""

    @property
    def ends_at(self) -> datetime:
        """Return until when it holds."""
        return datetime.fromisoformat(self.until)


def closings(connection: Connection, now: datetime, site_ids: Collection[int] | None = None) -> list[Closing]:
    """Return what is closed at `now`, the first one first; reads what was decided since the oldest could close."""
    fifth = and_(CLOSED_ACTS, decisions.c.kind == "confirm", decisions.c.code == Code.REFUSED_INVALID)
    text = and_(inbox.c.site_id == decisions.c.site_id, inbox.c.seq == decisions.c.seq)
    remembered = and_(senders.c.site_id == inbox.c.site_id, senders.c.phone == inbox.c.sender)
    on_roster = and_(roster.c.site_id == inbox.c.site_id, roster.c.phone == inbox.c.sender)
    query = (
        select(inbox.c.site_id, sites.c.name.label("site"), inbox.c.seq, inbox.c.sender, inbox.c.received_at)
        .add_columns(roster.c.name, roster.c.unit, senders.c.state)
        .select_from(decisions.join(inbox, text).join(sites, sites.c.id == inbox.c.site_id).join(senders, remembered))
        .outerjoin(roster, on_roster)
        .where(fifth, decisions.c.decided_at > now - CLOSED_FOR)
        .order_by(inbox.c.received_at, inbox.c.site_id, inbox.c.seq)
    )
    found = connection.execute(query if site_ids is None else query.where(inbox.c.site_id.in_(site_ids)))
    return [
        Closing(row.site_id, row.site, row.seq, row.sender, row.name, row.unit, row.received_at, until)
        for row in found
        # Of one phone's closings only the last may still hold; one that was opened has no end any more.
        if (until := row.state.get("acts_closed_until")) == (row.received_at + CLOSED_FOR).isoformat()
        and datetime.fromisoformat(until) > now
    ]
