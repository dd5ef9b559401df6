"""What belongs to no site and gets old as well: texts to no site, unreadable files, tries to log in, acts."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, func, select, update

from worker.line.spool import Spool
from worker.store.database import reading
from worker.store.schema import acts, retentions, throttles, unrouted

TEXTS_KEPT: Final = timedelta(days=30)
RECORDS_KEPT: Final = timedelta(days=365)


def erase_elsewhere(engine: Engine, spool: Spool, now: datetime, dry_run: bool) -> dict[str, int]:
    """Erase what is older than its period and belongs to no site; return how much of each kind that is."""
    names = spool.set_aside_until(now - TEXTS_KEPT)
    counts: dict[str, int] = {}
    old_texts = (unrouted.c.received_at <= now - TEXTS_KEPT) & (unrouted.c.sender != "")
    with reading(engine).connect() if dry_run else engine.begin() as connection:
        due = select(func.count()).select_from(unrouted).where(old_texts)
        counts["unrouted"] = int(connection.execute(due).scalar_one())
        if not dry_run:
            # The id stays: a repeated delivery must still be known for one.
            connection.execute(update(unrouted).where(old_texts).values(text="", body=b"", sender=""))
        for column in (acts.c.at, throttles.c.since, retentions.c.started_at):
            old = column <= now - RECORDS_KEPT
            due = select(func.count()).select_from(column.table).where(old)
            counts[column.table.name] = int(connection.execute(due).scalar_one())
            if not dry_run:
                connection.execute(column.table.delete().where(old))
    for name in () if dry_run else names:
        spool.throw_away(name)
    return {kind: count for kind, count in (counts | {"unreadable_files": len(names)}).items() if count}
