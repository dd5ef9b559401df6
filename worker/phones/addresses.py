"""From where a phone's token is used: from two networks in turn within minutes it may be somebody else's as well.

A phone that goes from its Wi-Fi to mobile data changes its network once, and is not back within minutes.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, select, update

from worker.accounts.throttle import network_of
from worker.store.database import reading
from worker.store.schema import phones

BACK_WITHIN: Final = timedelta(minutes=20)
"""Without being told of news its app asks every 15 minutes."""
NOTED_EVERY: Final = timedelta(minutes=2)


def note_address(engine: Engine, phone: str, address: str, now: datetime) -> None:
    """Note from which address a phone's token was used, and whether it was another's in between."""
    network, mine = network_of(address), phones.c.id == phone
    with reading(engine).connect() as connection:
        kept = connection.execute(select(phones.c.seen_from).where(mine)).scalar() or {}
    seen = {each: datetime.fromisoformat(at) for each, at in kept.items()}
    last = max(seen, key=lambda each: seen[each], default=network)
    before = seen.get(network)
    if last == network and before is not None and abs(now - before) < NOTED_EVERY:
        return
    back = last != network and before is not None and now - before <= BACK_WITHIN
    change: dict[str, Any] = {"elsewhere_at": now} if back else {}
    latest = {last: seen.get(last, now), network: now}
    change["seen_from"] = {each: at.isoformat() for each, at in latest.items()}
    with engine.begin() as connection:
        connection.execute(update(phones).where(mine).values(change))
