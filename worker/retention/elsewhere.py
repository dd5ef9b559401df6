"""What belongs to no site and gets old as well: texts to no site, unreadable files, tries to log in, acts."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, func, select, update

from worker.line.spool import Spool
from worker.store.database import reading
from worker.store.schema import acts, retentions, throttles, unrouted

TEXTS_KEPT: Final = timedelta(days=30)
RECORDS_KEPT: Final = timedelta(days=365)


def erase_elsewhere(engine: Engine, spool: Spool, now: datetime, dry_run: bool) -> dict[str, int]:
    """Erase what is older than its period and belongs to no site; return how much of each kind that is."""
    names = spool.set_aside_until(now - TEXTS_KEPT)
    with reading(engine).connect() if dry_run else engine.begin() as connection:
        counts = _unrouted(connection, now, dry_run) | _records(connection, now, dry_run)
    for name in () if dry_run else names:
        spool.throw_away(name)
    return {kind: count for kind, count in (counts | {"unreadable_files": len(names)}).items() if count}


def _unrouted(connection: Connection, now: datetime, dry_run: bool) -> dict[str, int]:
    due = (unrouted.c.received_at <= now - TEXTS_KEPT) & (unrouted.c.sender != "")
    count = connection.execute(select(func.count()).select_from(unrouted).where(due)).scalar_one()
    if not dry_run:
        # The id stays: a repeated delivery must still be known for one.
        connection.execute(update(unrouted).where(due).values(text="", body=b"", sender=""))
    return {"unrouted": int(count)}


def _records(connection: Connection, now: datetime, dry_run: bool) -> dict[str, int]:
    counts: dict[str, int] = {}
    for column in (acts.c.at, throttles.c.since, retentions.c.started_at):
        due = column <= now - RECORDS_KEPT
        counts[column.table.name] = int(
            connection.execute(select(func.count()).select_from(column.table).where(due)).scalar_one()
        )
        if not dry_run:
            connection.execute(column.table.delete().where(due))
    return counts
