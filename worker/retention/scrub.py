"""After erasing: no old copy of a row is left where the database itself keeps some."""

from typing import Final

from sqlalchemy import Engine, Table

from worker.proof.seals import sealed_tables
from worker.store.schema import acts, inbox, replies, sealed_facts, throttles, unrouted

ERASED_FROM: Final[tuple[Table, ...]] = (inbox, replies, sealed_facts, unrouted, acts, throttles)


def scrub(engine: Engine) -> bool:
    """Take old copies out of the database's own files; False where others were reading and it must be done again.

    SQLite has overwritten them already (`secure_delete`), and its write-ahead log is written back and cut to nothing.
    PostgreSQL's VACUUM frees them to be overwritten; its write-ahead log and backups are the operator's.
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.close()
        finally:
            connection.close()
        return not busy
    tables = sorted({table.name for table in (*ERASED_FROM, *sealed_tables())})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as patient:
        patient.exec_driver_sql("SET statement_timeout = 0")
        try:
            patient.exec_driver_sql(f"VACUUM {', '.join(tables)}")
        finally:
            patient.exec_driver_sql("RESET statement_timeout")
    return True
