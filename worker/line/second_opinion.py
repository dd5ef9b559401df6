"""A second opinion on what time it is, so that one jump of a clock does not poison a line (reliability.md, point 3).

PostgreSQL's clock gives the line its times, and this machine's is asked as well. With SQLite there is one clock alone;
but no setting of it changes how long the machine has been running, and so what it should say now is known.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from worker.clock import utc_now
from worker.rules.door_notes import AHEAD_LEAST
from worker.store.schema import clock_anchors

BELIEVED_AFTER: Final = timedelta(days=1)
"""A clock that was set anew and has gone on for so long is taken for right: somebody was told all the while."""
ANCHOR_EVERY: Final = timedelta(minutes=1)

_ANCHOR: Final = select(clock_anchors).where(clock_anchors.c.boot == bindparam("boot"))


@dataclass(frozen=True, slots=True)
class Running:
    """How long this machine has been running, since which start."""

    boot: str
    up: timedelta


@lru_cache
def _boot() -> str:
    """Return the name of this start of the machine; no process sees another one. Raises OSError."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def running() -> Running | None:
    """Return how long the machine runs, as its kernel says; None where that is not to be had."""
    try:
        return Running(_boot(), timedelta(seconds=float(Path("/proc/uptime").read_text("ascii").split()[0])))
    except (OSError, ValueError, IndexError):
        return None


def second_opinion(connection: Connection, now: datetime) -> datetime | None:
    """Return what time it is by another clock than that which says `now`; None where there is none."""
    if connection.dialect.name == "postgresql":
        return utc_now()
    here = running()
    if here is None:
        return None
    anchor = connection.execute(_ANCHOR, {"boot": here.boot}).first()
    if anchor is None:
        _anchor(connection, here, now)
        return None
    elapsed = here.up - timedelta(milliseconds=anchor.up_ms)
    believed: datetime = anchor.at + elapsed
    jumped = now - believed > AHEAD_LEAST and elapsed < BELIEVED_AFTER
    if not jumped and (elapsed > ANCHOR_EVERY or believed - now > AHEAD_LEAST):
        _anchor(connection, here, now)
    return believed if jumped else now


def clock_ahead(connection: Connection, now: datetime) -> timedelta:
    """Return how far `now` is ahead of the second opinion, nothing being written; zero where there is none.

    Only of SQLite: with PostgreSQL the line itself is then ahead of this machine's clock, which is told by itself.
    """
    here = running()
    if connection.dialect.name == "postgresql" or here is None:
        return timedelta()
    anchor = connection.execute(_ANCHOR, {"boot": here.boot}).first()
    if anchor is None:
        return timedelta()
    elapsed = here.up - timedelta(milliseconds=anchor.up_ms)
    return now - anchor.at - elapsed if elapsed < BELIEVED_AFTER else timedelta()


def _anchor(connection: Connection, here: Running, now: datetime) -> None:
    connection.execute(delete(clock_anchors))
    up_ms = here.up // timedelta(milliseconds=1)
    connection.execute(insert(clock_anchors).values(boot=here.boot, up_ms=up_ms, at=now))
