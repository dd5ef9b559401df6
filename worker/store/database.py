"""Connections to SQLite and PostgreSQL that behave alike: one writer's transaction at a time where it matters."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, String, collate, create_engine, event, inspect, text
from sqlalchemy.engine import make_url

from worker.store.types import Words

LOCK_WAIT_MS = 5_000
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.0005, 0.002
"""Between two looks at whether another's transaction on SQLite is over."""
STATEMENT_MS = 30_000
IDLE_IN_TRANSACTION_MS = 30_000
OUR_WAY: dict[str, str | int] = {
    "statement_timeout": STATEMENT_MS,
    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    # What is answered for is on the disk, whatever a server, role or database was set to.
    "synchronous_commit": "on",
}
"""Settings of PostgreSQL by which we and the driver read and write; times in ms."""
CACHE_KIB = 512
"""What a connection keeps of a SQLite file, whose pages the system keeps as well: a process has up to a dozen."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"cache_size=-{CACHE_KIB}")
"""Settings of SQLite; what is erased or replaced is overwritten in the file, and not only given free."""
OF_BEFORE = re.compile("00[0-9]{2}")
"""Revisions of databases that no version carries on."""
# A machine that vanishes says no goodbye; without these a connection to it would be waited on for a quarter of an hour.
LINE_DEAD = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def open_engine(url: str, lock_wait_ms: int = LOCK_WAIT_MS) -> Engine:
    """Return an engine for a SQLite or PostgreSQL (psycopg 3) URL; nothing connects until it is used.

    `lock_wait_ms`: how long a transaction waits for another's lock before it gives up.
    """
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": lock_wait_ms / 1000})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", partial(_sqlite_begin, lock_wait_ms))
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        pool_timeout=lock_wait_ms / 1000,
        # A statement prepared on one connection of a pooler's may be executed on another, which does not know it.
        connect_args={"connect_timeout": 3, "client_encoding": "utf8", "prepare_threshold": None} | LINE_DEAD,
    )
    wanted = OUR_WAY | {"lock_timeout": lock_wait_ms}
    # By transaction: behind a pooler in transaction mode the next one is on another connection, and neither it nor
    # `options` would do. What somebody set for the database, the role or the server then counts for us no more.
    # All in one message, which the server does not plan: a list of `set_config` took it twice as long.
    ours = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in wanted.items())
    # Not by the driver's own switch: given back to the pool a connection would then begin READ WRITE, whatever its
    # database says, and write where a service has forbidden it (a disk nearly full).
    by_reader = {False: ours, True: f"{ours}; SET LOCAL transaction_read_only = on"}
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(by_reader[_reads(connection)]))
    return engine


def _reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("reading", False))


def reading(engine: Engine) -> Engine:
    """Return the engine for readers: its transactions take no write lock, and the database refuses what they write."""
    return engine.execution_options(reading=True)


def locks_everything(engine: Engine) -> bool:
    """Tell whether a transaction that writes keeps every other writer waiting to its end: SQLite's does."""
    return engine.dialect.name == "sqlite"


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees the database as it stands at its first read, for however long; it cannot write."""
    if engine.dialect.name == "sqlite":
        with reading(engine).connect() as connection:
            yield connection
        return
    still = engine.execution_options(isolation_level="REPEATABLE READ", reading=True)
    with still.connect() as connection:
        # The limits are meant for transactions that others wait for; nobody waits for this one.
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        yield connection


def in_key_order(connection: Connection, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return columns to order by, so that both databases and Python agree on the order of texts."""
    if connection.dialect.name != "postgresql":
        return list(columns)
    return [collate(c, "C") if isinstance(c.type, (String, Words)) else c for c in columns]


def _sqlite_connect(connection: Any, _record: object) -> None:
    # Taken from everybody else's eyes: the file holds names and numbers.
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    if path and os.stat(path).st_mode & 0o077:
        os.chmod(path, 0o600)
    # The driver must not open transactions by itself: _sqlite_begin says which kind.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(lock_wait_ms: int, connection: Connection) -> None:
    # A plain BEGIN that writes later fails at once when another wrote meanwhile; IMMEDIATE waits its turn.
    driver: Any = connection.connection.driver_connection
    reader = _reads(connection)
    driver.execute(f"PRAGMA query_only={'ON' if reader else 'OFF'}")
    if reader:
        connection.exec_driver_sql("BEGIN")
        return
    driver.execute("PRAGMA busy_timeout=0")
    try:
        if not _begun(driver, lock_wait_ms):
            # Once more, for the error that it ends with.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={lock_wait_ms}")


def _begun(driver: sqlite3.Connection, lock_wait_ms: int) -> bool:
    """Begin a transaction that writes, as soon as nobody else does; False when that lasts too long, or cannot be.

    SQLite's own waiting sleeps 1, 2, 5 and up to 100 ms at a time, while whoever writes is done within a few: of
    several processes one would lie asleep for most of its wait, and the lock with nobody.
    """
    until, pause_s = time.monotonic() + lock_wait_ms / 1000, SHORTEST_PAUSE_S
    while time.monotonic() < until:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(pause_s)
            pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)
        else:
            return True
    return False


class OldDatabaseError(Exception):
    """A database of before the first migration that is carried on; the sentence says what to do."""


def refuse_old(revision: str | None) -> None:
    """Raise OldDatabaseError for a revision of before r0001; what was made then was never released."""
    if revision and OF_BEFORE.fullmatch(revision):
        raise OldDatabaseError(
            "This database was made before the first version that is carried on: keep it with the program that made "
            "it, and begin a new one by another DATABASE_URL or BAOBEI_VAR."
        )


def require_carried_on(engine: Engine) -> None:
    """Raise OldDatabaseError for a database that `revisions.migrate` does not carry on."""
    refuse_old(revision_of(engine))


def revision_of(engine: Engine) -> str | None:
    """Return the newest migration that the database has had, None where it has had none."""
    with reading(engine).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision
