"""The line's clock against those of the gateways that state a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, exists, func, select

from worker.alerts.alarm import SHOWN_FOR, Alarm, counted, of_site
from worker.rules.door_notes import AHEAD_LEAST, APART
from worker.store.schema import inbox, sites

LAST_TEXTS: Final = 3
"""One text alone may have been long on its way, or have been stamped by a telephone with a wrong clock."""
LOOKED_BACK: Final = 50
_OF_LATE: Final = (inbox.c.site_id == sites.c.id) & (inbox.c.seq > sites.c.last_seq - LOOKED_BACK)
_FAR: Final = func.abs(inbox.c.payload[APART].as_integer()) > AHEAD_LEAST.total_seconds()
_CONTRADICTED: Final = exists().where(_OF_LATE, inbox.c.kind == "text", _FAR)
"""A look at all lines at once, of which mostly none is looked at more closely."""


def clocks_apart(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the lines whose last texts came minutes later, or earlier, than their gateway says that they were sent.

    Only what came at once counts, not what waited in a file or was found in the gateway's list.
    """
    lines = select(sites.c.id, sites.c.last_seq).where(sites.c.last_received_at > now - SHOWN_FOR, _CONTRADICTED)
    for site_id, last in connection.execute(lines.order_by(sites.c.id)).all():
        texts = select(inbox).where(inbox.c.site_id == site_id, inbox.c.seq > last - LOOKED_BACK)
        stated = (inbox.c.kind == "text") & inbox.c.sent_at.is_not(None) & (inbox.c.received_at > now - SHOWN_FOR)
        newest = connection.execute(texts.where(stated).order_by(inbox.c.seq.desc()))
        at_once = [row for row in newest if APART in (row.payload or {})][:LAST_TEXTS]
        apart = [timedelta(seconds=row.payload[APART]) for row in at_once]
        later = all(each > AHEAD_LEAST for each in apart)
        if len(apart) == LAST_TEXTS and (later or all(each < -AHEAD_LEAST for each in apart)):
            minutes = min(map(abs, apart)) // timedelta(minutes=1)
            sentence = (
                f"The last {LAST_TEXTS} texts of site {site_id} bear times at least "
                f"{counted(minutes, 'minute', 'minutes')} {'later' if later else 'earlier'} than gateway "
                f"{at_once[0].gateway} says that they were sent: see that this machine's clock and the database's are "
                "set from the network (NTP); if they are right, ask the gateway about its clock, or why texts are late."
            )
            detail = of_site(site_id, minutes=minutes) | {"gateway": at_once[0].gateway}
            yield Alarm("clocks_apart", f"site:{site_id}", min(now, at_once[-1].received_at), sentence, detail)
