"""What phones that listen are to be told: looked up for all of them together, twice a second while any listens.

SQL alone knows what is due, also what became due by time alone, so nobody needs to ring.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, bindparam, select

from worker.line.canaries import unfetched
from worker.outbox.fetch import newest_due
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.outbox.recall import recalled
from worker.store.database import reading
from worker.store.schema import phone_sims, phones
from worker.store.states import PhoneState

_THERE: Final = (
    select(phones.c.id, phones.c.ours_from, phones.c.app, phone_sims.c.site_id)
    .outerjoin(phone_sims, phone_sims.c.phone == phones.c.id)
    .where(phones.c.id.in_(bindparam("phones", expanding=True)), phones.c.state != PhoneState.ENDED)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a phone: `newest`, the newest reply that it may fetch, 0 for a canary or one to give back alone,
    None for nothing.

    `ours_from`: from when on what came to it is its sites'; None while it waits itself. `app`: the version of its app.
    """

    newest: int | None
    ours_from: datetime | None
    app: str = ""


def waiting_for(
    engine: Engine, listening: Collection[str], now: datetime, pace: Pace = AS_THEY_COME
) -> dict[str, Waiting]:
    """Return what waits for each of these phones. Those that have ended are not in it."""
    with reading(engine).connect() as connection:
        back = recalled(connection, now)
        rows = connection.execute(_THERE, {"phones": sorted(listening)}).all()
        wanted = {row.site_id for row in rows if row.site_id is not None}
        due: dict[int, int] = {}
        if wanted:
            due = dict.fromkeys(unfetched(connection, wanted, now), 0) | newest_due(connection, wanted, now, pace)
    due = {each.site_id: 0 for each in back if each.left} | due
    newest = {each.phone: 0 for each in back}
    for row in rows:
        if row.site_id in due:
            newest[row.id] = max(due[row.site_id], newest.get(row.id, 0))
    return {row.id: Waiting(newest.get(row.id), row.ours_from, row.app) for row in rows}
