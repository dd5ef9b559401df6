"""From where a phone's token is used: from two networks in turn within minutes it may be somebody else's as well.

A phone that goes from its Wi-Fi to mobile data changes its network once, and is not back within minutes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from worker.accounts.throttle import network_of

BACK_WITHIN: Final = timedelta(minutes=20)
"""Without being told of news its app asks every 15 minutes."""
NOTED_EVERY: Final = timedelta(minutes=2)


def used_from(kept: Mapping[str, str] | None, address: str, now: datetime) -> dict[str, Any]:
    """Return what changes in a phone's row when its token is used from an address, not oftener than `NOTED_EVERY`.

    That is from where it was used last (`kept`: as it stood there), and whether it was another's in between.
    """
    network, seen = network_of(address), {each: datetime.fromisoformat(at) for each, at in (kept or {}).items()}
    last = max(seen, key=lambda each: seen[each], default=network)
    before = seen.get(network)
    if last == network and before is not None and abs(now - before) < NOTED_EVERY:
        return {}
    back = last != network and before is not None and now - before <= BACK_WITHIN
    change: dict[str, Any] = {"elsewhere_at": now} if back else {}
    latest = {last: seen.get(last, now), network: now}
    return change | {"seen_from": {each: at.isoformat() for each, at in latest.items()}}
