"""A person lets acts by text be taken again from a phone that wrong codes have closed (L6): a message of its own."""

import hashlib

from sqlalchemy import Engine

from worker.clock import Clock
from worker.line.door import PROGRAM, Entry, Receipt, enter
from worker.rules.chain import canonical


def reopen(engine: Engine, site_id: int, phone: str, until: str, clock: Clock | None = None) -> Receipt:
    """Put into a site's line that acts by text of `phone` (E.164) are taken again.

    `until` (ISO) is the end of the closing that is meant; the same one twice is `repeated`. Raises SetUpError when the
    line's clock is wrong.
    """
    payload = {"phone": phone, "until": until}
    digest = hashlib.sha256(canonical(payload)).hexdigest()
    return enter(engine, site_id, Entry("reopen", PROGRAM, f"reopen:{site_id}:{digest}", "", payload=payload), clock)
