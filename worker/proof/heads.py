"""The heads of the chain that went outside: in digests and exports, and by hand (reliability.md)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from worker.schema import cursors, published_heads

SHOWN: Final = 8
"""How many hex digits of a head are published."""


def publish(connection: Connection, site_id: int, seq: int, head: str, published_in: str, now: datetime) -> None:
    """Note that the head after the decision at `seq` goes outside; the first time of each kind is kept."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    noted = {"site_id": site_id, "seq": seq, "published_in": published_in, "head8": head[:SHOWN], "published_at": now}
    connection.execute(dialect.insert(published_heads).values(noted).on_conflict_do_nothing())


def publish_export(engine: Engine, last: Mapping[int, tuple[int, str]], now: datetime) -> None:
    """Note the heads that a register's export carries: for each site the place and head of its last row."""
    with engine.begin() as connection:
        for site_id, (seq, head) in last.items():
            publish(connection, site_id, seq, head, "export", now)


def publish_head(engine: Engine, site_id: int, now: datetime) -> str:
    """Note that the present head of a site goes outside with an export, and return what is shown of it."""
    with engine.begin() as connection:
        cursor = connection.execute(select(cursors).where(cursors.c.site_id == site_id)).one()
        publish(connection, site_id, cursor.decided_seq, cursor.head, "export", now)
    return str(cursor.head)[:SHOWN]
