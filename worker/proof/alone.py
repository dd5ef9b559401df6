"""One at a time: whoever seals a line or erases behind a seal must not meet another who does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select

from worker.lock import file_lock
from worker.store.database import reading

LOCK: Final = 0x62616F6265690001
"""Any number that nothing else on the server takes: “baobei”, 1."""


@contextmanager
def alone(engine: Engine) -> Iterator[bool]:
    """Be the only one who seals or erases in this database, to the end of the block; yields False when another is.

    The lock goes with the process that holds it: a crash leaves none behind.
    """
    if engine.dialect.name == "sqlite":
        with file_lock(Path(f"{engine.url.database}-sealing")) as mine:
            yield mine
        return
    with reading(engine).connect() as connection:
        # A lock of the transaction, and not of the session, which behind a pooler is not ours alone. It is held idle
        # for as long as the work takes, and keeps nothing from being cleaned up: it has looked at no row.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield bool(connection.execute(select(func.pg_try_advisory_xact_lock(LOCK))).scalar_one())
