"""What SQLite's planner goes by: how many rows a large register has, and how far each column of an index narrows them.

SQLite counts nothing by itself. Without figures it takes ten rows for a whole site's line, and reads a million of them
where another index would have led to fifty. These figures are of no database in particular: so every one is read in the
same way, however it grows, and tests see which. PostgreSQL counts for itself. Whoever runs ANALYZE puts a database's
own figures in their place, until `migrate` runs again. See “Manual Control Of Query Plans Using SQLITE_STAT Tables”,
https://www.sqlite.org/optoverview.html.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from worker.store.schema import metadata

ROWS: Final = 1_000_000
FEW: Final = {"sites": 10, "cursors": 10, "units": 100, "roster": 1_000, "users": 100, "forwards": 1_000}
"""Rows of the tables that stay small."""
PARTIAL: Final = 1_000
"""Rows of an index that only few rows stand in."""
NARROWING: Final = {"site_id": 1, "gateway": 1, "state": 3, "kind": 3, "done": 2, "unit": 20, "last4": 10_000}
"""By how much a column narrows the rows; one that is not named and is no id, by a thousand."""
USUAL: Final = 1_000
IDS: Final = ("seq", "number", "reply_id", "provider_id", "sid")


def describe(connection: Connection) -> None:
    """Let SQLite plan for a large register; does nothing where it does so already, and on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    wanted = sorted(_figures(connection))
    if [
        tuple(row) for row in connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2")
    ] == wanted:
        return
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", wanted)
    connection.exec_driver_sql("ANALYZE sqlite_schema")


def _figures(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield table, index, and how many rows it has and how many share each of its beginnings."""
    for table in metadata.tables:
        indexes = connection.exec_driver_sql(f'PRAGMA index_list("{table}")').all()
        for _, index, unique, _, partial in indexes:
            rows = PARTIAL if partial else FEW.get(table, ROWS)
            columns = [row[2] for row in connection.exec_driver_sql(f'PRAGMA index_info("{index}")')]
            shares, left = [], rows
            for column in columns:
                left = max(1, left // (ROWS if column in IDS else NARROWING.get(column, USUAL)))
                shares.append(left)
            yield table, index, " ".join(map(str, [rows, *shares[:-1], 1 if unique else shares[-1]]))
