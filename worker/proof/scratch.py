"""Computes the register again: the line's messages through the same `decide` and writer, into a database of its own."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, MetaData, Row, create_engine, event, insert, select, true

from worker.clock import utc_now
from worker.decide.decider import fold_batch, open_batch, write_batch
from worker.rules.chain import GENESIS
from worker.rules.codes import Code
from worker.store.database import open_engine
from worker.store.schema import cursors, decisions, inbox, metadata, sites
from worker.store.statistics import describe

AT_ONCE: Final = 500
CACHE_KIB: Final = 65_536
SMALL_CACHE_KIB: Final = 8_192
"""For what is kept in a file so that it does not lie in memory."""

OnProgress = Callable[[int], None]
"""Is told the place that has been reached."""


class UndecidableError(Exception):
    """A message of the line breaks the program that decided it once; `seq` is its place."""

    def __init__(self, seq: int, cause: Exception) -> None:
        """Keep the place."""
        super().__init__(f"place {seq}: {type(cause).__name__}")
        self.seq = seq
        self.kind = type(cause).__name__


@contextmanager
def scratch_database() -> Iterator[Connection]:
    """Yield a connection to an empty database in a folder that is private and goes away with it."""
    with TemporaryDirectory(prefix="baobei-") as folder:
        file = Path(folder) / "scratch.sqlite"
        file.write_bytes(_empty())
        with _opened(file) as connection:
            yield connection


@contextmanager
def private_file(tables: MetaData) -> Iterator[Connection]:
    """Yield a connection to a database of these tables alone, in a file that no folder shows: nothing of it is left."""
    # So SQLite keeps a database without a name (https://www.sqlite.org/inmemorydb.html, “Temporary Databases”).
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(""), hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{SMALL_CACHE_KIB}")
            tables.create_all(connection)
            yield connection
    finally:
        engine.dispose()


@cache
def _empty() -> bytes:
    """Return the file of an empty database: making one takes longer than deciding a hundred messages."""
    with TemporaryDirectory(prefix="baobei-") as folder:
        file = Path(folder) / "empty.sqlite"
        with _opened(file) as connection:
            metadata.create_all(connection)
            describe(connection)
            connection.commit()
        return file.read_bytes()


@contextmanager
def _opened(file: Path) -> Iterator[Connection]:
    engine = open_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", _in_haste)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _in_haste(connection: Any, _record: object) -> None:
    """Nothing here must survive a crash, so nothing waits for the disk."""
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def begin_line(scratch: Connection, site: Row[Any]) -> None:
    """Put a site down with a line that nothing of is decided; `site` is a row of `sites`."""
    scratch.execute(insert(sites).values(dict(zip(sites.c.keys(), site, strict=True))))
    scratch.execute(insert(cursors).values(site_id=site.id, decided_seq=0, head=GENESIS, state={}))
    scratch.commit()


def recompute(
    source: Connection,
    scratch: Connection,
    site_id: int,
    until: ColumnElement[bool] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> int:
    """Decide a site's messages behind its scratch cursor as far as `until` holds; return the place reached.

    Needs memory for one batch, however long the line is. Raises UndecidableError.
    """
    while True:
        cursor = _cursor(scratch, site_id)
        mine = (inbox.c.site_id == site_id) & (inbox.c.seq > cursor.decided_seq) & (true() if until is None else until)
        rows = source.execute(select(inbox).where(mine).order_by(inbox.c.seq).limit(AT_ONCE)).all()
        if not rows:
            return int(cursor.decided_seq)
        # What is on record as undecidable (L26) is not decided now either.
        recorded = (decisions.c.site_id == site_id) & (decisions.c.code == Code.UNDECIDABLE)
        within = decisions.c.seq.between(rows[0].seq, rows[-1].seq)
        undecidable = source.execute(select(decisions.c.seq).where(recorded, within)).scalars()
        _decide(scratch, cursor, rows, frozenset(undecidable))
        on_progress(_cursor(scratch, site_id).decided_seq)


def _cursor(scratch: Connection, site_id: int) -> Row[Any]:
    return scratch.execute(select(cursors).where(cursors.c.site_id == site_id)).one()


def _decide(scratch: Connection, cursor: Row[Any], rows: Sequence[Row[Any]], undecidable: Collection[int]) -> None:
    try:
        folded = fold_batch(open_batch(scratch, cursor, rows, dict.fromkeys(undecidable)))
        write_batch(scratch, folded, utc_now())
    except Exception as error:
        scratch.rollback()
        if len(rows) == 1:
            raise UndecidableError(rows[0].seq, error) from error
        # One after the other, so that the one at fault can be named.
        for row in rows:
            _decide(scratch, _cursor(scratch, cursor.site_id), [row], undecidable)
        return
    for record in folded.done:
        if record.error is not None:
            scratch.rollback()
            raise UndecidableError(record.decision.seq, record.error)
    scratch.commit()
