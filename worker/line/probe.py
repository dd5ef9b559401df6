"""Whether a text that comes now could be put down: tried as far as the commit, with nothing that anybody sees."""

import secrets
from typing import Final

from sqlalchemy import Engine, delete, insert

from worker.clock import utc_now
from worker.gateways.base import LARGEST_BODY
from worker.line.door import time_of_line
from worker.store.schema import probes, unrouted

HEAVY: Final = LARGEST_BODY
"""Bytes that are committed: as much as the largest request brings, so that a disk with less room says so."""


def could_take(engine: Engine) -> bool:
    """Take the way that a text takes, to the lock, through the constraints and to the disk; leave nothing behind.

    Whatever is raised on that way, by the database or by its driver, would be raised for a text.
    """
    name = secrets.token_hex(8)
    nobodys = dict.fromkeys(("gateway", "sender", "recipient", "text"), "") | {"provider_id": name, "body": b""}
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(insert(unrouted).values(nobodys | {"received_at": time_of_line(connection)}))
            transaction.rollback()
        # A full disk says so only when something is written to it.
        with engine.begin() as connection:
            connection.execute(insert(probes).values(id=name, at=utc_now(), body=secrets.token_bytes(HEAVY)))
        with engine.begin() as connection:
            # What a probe that died left behind goes as well.
            connection.execute(delete(probes))
    except Exception:
        return False
    return True
