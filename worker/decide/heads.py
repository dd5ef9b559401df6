"""The heads of the chain that went outside: in digests and exports, and by hand (reliability.md)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from worker.store.schema import cursors, decisions, published_heads, sites

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


def places_of(connection: Connection, head8: str) -> list[Row[Any]]:
    """Return site, time zone, place and receipt of each decision with which a chain's head began so."""
    columns = (sites.c.name, cursors.c.state["timezone"].as_string().label("timezone"))
    of_site = (decisions.c.seq, decisions.c.received_at)
    here = sites.join(cursors, cursors.c.site_id == sites.c.id).join(decisions, decisions.c.site_id == sites.c.id)
    same = func.substr(decisions.c.head, 1, SHOWN) == head8
    query = select(*columns, *of_site).select_from(here).where(same).order_by(sites.c.id, decisions.c.seq)
    return list(connection.execute(query))
