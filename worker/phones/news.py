"""What phones that listen are to be told: looked up for all of them together, twice a second while any listens.

SQL alone knows what is due, also what became due by time alone, so nobody needs to ring.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, bindparam, select

from worker.line.canaries import unfetched
from worker.outbox.fetch import newest_due
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.store.database import reading
from worker.store.schema import phone_sims, phones
from worker.store.states import PhoneState

_THERE: Final = (
    select(phones.c.id, phone_sims.c.site_id)
    .outerjoin(phone_sims, phone_sims.c.phone == phones.c.id)
    .where(phones.c.id.in_(bindparam("phones", expanding=True)), phones.c.state != PhoneState.ENDED)
)


def waiting_for(
    engine: Engine, listening: Collection[str], now: datetime, pace: Pace = AS_THEY_COME
) -> dict[str, int | None]:
    """Return of each of these phones the newest reply that it may fetch, 0 for a canary alone, None for nothing.

    Those that have ended are not in it.
    """
    served: dict[str, set[int]] = {}
    with reading(engine).connect() as connection:
        for phone, site_id in connection.execute(_THERE, {"phones": sorted(listening)}):
            served.setdefault(phone, set()).update(() if site_id is None else (site_id,))
    wanted = {site_id for sites in served.values() for site_id in sites}
    if not wanted:
        return dict.fromkeys(served)
    with reading(engine).connect() as connection:
        canaries = dict.fromkeys(unfetched(connection, wanted, now), 0)
    due = canaries | newest_due(engine, wanted, now, pace)
    return {
        phone: max((due[site_id] for site_id in sites if site_id in due), default=None)
        for phone, sites in served.items()
    }
