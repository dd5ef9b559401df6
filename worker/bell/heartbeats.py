"""Signs of life of processes that nobody would miss otherwise: RQ knows of the workers, nobody of the sweeper."""

import os
import socket
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update

from worker.store.repeatable import repeatable
from worker.store.schema import heartbeats

SWEEPER: Final = "sweeper"
BEAT_EVERY_S: Final = 5.0
SILENT_AFTER: Final = timedelta(seconds=30)
FORGOTTEN_AFTER: Final = timedelta(days=1)


@repeatable
def beat(engine: Engine, name: str, now: datetime) -> None:
    """Note that this process, one of those called `name`, lives now; forget those that have been dead for long."""
    me = {"name": name, "host": socket.gethostname(), "pid": os.getpid()}
    mine = and_(*(heartbeats.c[column] == value for column, value in me.items()))
    with engine.begin() as connection:
        if connection.execute(update(heartbeats).where(mine).values(at=now)).rowcount == 0:
            connection.execute(insert(heartbeats).values(me | {"at": now}))
            connection.execute(delete(heartbeats).where(heartbeats.c.at < now - FORGOTTEN_AFTER))


def last_beat(connection: Connection, name: str) -> datetime | None:
    """Return when one of the processes called `name` last said that it lives; None: never, or long ago."""
    last: datetime | None = connection.execute(
        select(func.max(heartbeats.c.at, type_=heartbeats.c.at.type)).where(heartbeats.c.name == name)
    ).scalar_one()
    return last


def is_silent(last: datetime | None, now: datetime) -> bool:
    """Tell whether a process that last beat then has to be taken for dead."""
    return last is None or now - last > SILENT_AFTER
