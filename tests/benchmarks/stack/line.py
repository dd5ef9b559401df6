"""A line and a register as large as a measure wants them, put down in seconds: the webhook is measured elsewhere.

What is copied was made by the program itself, so that whatever a row needs stands in it.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Table, insert, select, text, update

from tests.benchmarks.stack.texts import agent, words
from worker.clock import utc_now
from worker.decide.decider import decide_site
from worker.store.database import reading
from worker.store.schema import claims, cursors, inbox, reports, sites

AT_ONCE = 100_000
_HELD_SINCE = 86_400_000_000
"""A day, in the unit of times in the tables: the copies were reported then, which no amending looks back to."""
_COUNT = "WITH RECURSIVE n(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_SPREAD = {
    "number": "1000000000 + i",
    "part": "1 + i",
    # Prefixes that no text of the benchmark has, and with them each of the ten thousand endings.
    "first3": "CAST(140 + i / 10000 % 10 + i / 100000 % 2 * 20 AS VARCHAR)",
    "last4": "substr(CAST(10000 + i % 10000 AS VARCHAR), 2)",
    "sender": "'+86139' || substr(CAST(100000000 + i % 500 AS VARCHAR), 2)",
    "agent_phone": "'+86139' || substr(CAST(100000000 + i % 500 AS VARCHAR), 2)",
    "reported_at": f"reported_at - {_HELD_SINCE}",
    "received_at": f"received_at - {_HELD_SINCE}",
}


def lay(engine: Engine, site_id: int, numbers: Sequence[int]) -> None:
    """Put these texts into the line behind what is there, undecided."""
    with engine.begin() as connection:
        last = connection.execute(select(sites.c.last_seq).where(sites.c.id == site_id)).scalar_one()
        now = utc_now()
        connection.execute(insert(inbox), [_row(site_id, last + k, i, now) for k, i in enumerate(numbers, 1)])
        moved = {"last_seq": last + len(numbers), "last_received_at": now}
        connection.execute(update(sites).where(sites.c.id == site_id).values(moved))


def _row(site_id: int, seq: int, i: int, now: Any) -> dict[str, Any]:
    said = words(i)
    where = {"site_id": site_id, "seq": seq, "received_at": now, "kind": "text", "gateway": "twilio"}
    what = {"provider_id": f"SM{i:032x}", "sender": agent(i), "text": said, "body": said.encode()}
    return where | what | {"echo": False, "salt": secrets.token_hex(16)}


def decided(engine: Engine, site_id: int) -> int:
    """Return up to which place a line is decided."""
    with reading(engine).connect() as connection:
        return int(connection.execute(select(cursors.c.decided_seq).where(cursors.c.site_id == site_id)).scalar_one())


def register(engine: Engine, site_id: int, count: int, pattern: int) -> None:
    """Have `count` live registrations, spread over clients and agents: copies of the one that text `pattern` wins."""
    lay(engine, site_id, [pattern])
    while decide_site(engine, site_id).more:
        pass
    for table in (claims, reports):
        for first in range(0, count, AT_ONCE):
            with engine.begin() as connection:
                span = {"first": first, "last": min(first + AT_ONCE, count) - 1}
                connection.execute(text(_copying(table)), span | {"site": site_id})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What autovacuum does by itself after so many rows.
        connection.execute(text("ANALYZE"))


def _copying(table: Table) -> str:
    columns = ", ".join(column.name for column in table.c)
    values = ", ".join(_SPREAD.get(column.name, column.name) for column in table.c)
    own = f"SELECT * FROM {table.name} WHERE site_id = :site AND number = (SELECT min(number) FROM claims)"  # noqa: S608
    return f"INSERT INTO {table.name} ({columns}) {_COUNT} SELECT {values} FROM n, ({own}) AS pattern"  # noqa: S608
