"""A backup is one file: an SQLite database with every table as it stood at one moment, and a manifest that proves it.

The same file comes from SQLite and from PostgreSQL, while texts go on coming in, and `worker.backup.restore` loads it
into either. Memory does not grow with the tables.
"""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from alembic.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    TableClause,
    Text,
    column,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy import table as untyped
from sqlalchemy.engine import make_url

from worker.proof.compare import AT_ONCE, stream
from worker.rules.chain import canonical
from worker.store.database import snapshot
from worker.store.revisions import head_revision
from worker.store.schema import cursors, metadata, sites
from worker.store.types import UtcTime

MANIFEST: Final = "backup_manifest"
manifests = Table(
    MANIFEST,
    MetaData(),
    Column("created_at", UtcTime, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("sites", JSON, nullable=False, comment="name, last_seq, decided_seq and head of each"),
    Column("rows", JSON, nullable=False, comment="how many rows each table has"),
    Column("sha256", String(64), nullable=False, comment="over all of this and every row of every other table"),
)

OnProgress = Callable[[str, int], None]
"""Is told a table's name and how many of its rows have been copied."""


class BackupError(Exception):
    """It cannot be backed up or restored so; the sentence says why and how to mend it."""


def back_up(engine: Engine, path: Path, now: datetime, on_progress: OnProgress = lambda *_: None) -> dict[str, Any]:
    """Write a backup and return its manifest; `path` is replaced in one step when all is written and on the disk.

    Raises BackupError when `path` is something else than an earlier backup, or the database lacks migrations.
    """
    if path.exists() and not path.is_file():
        raise BackupError(f"{path} is no file of the ordinary kind; name another one.")
    if path.exists() and path.stat().st_size and not is_backup(path):
        raise BackupError(f"{path} exists and is no backup, so it stays as it is; name another file.")
    if not path.absolute().parent.is_dir():
        raise BackupError(f"There is no folder {path.absolute().parent}; make it, or name another file.")
    with _file_beside(path) as part:
        with _fresh(part) as copy, snapshot(engine) as source:
            revision = head_revision()
            if MigrationContext.configure(source).get_current_revision() != revision:
                raise BackupError("The database lacks migrations; run `baobei migrate` first.")
            for table in metadata.sorted_tables:
                copy_table(source, copy, table, on_progress)
            copy.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            copy.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))
            said = {"created_at": now, "revision": revision, "sites": sites_of(copy), "rows": counts_of(copy)}
            copy.commit()
        said["sha256"] = digest(part, said)
        written = create_engine(make_url("sqlite://").set(database=str(part)), hide_parameters=True)
        with written.begin() as connection:
            connection.execute(insert(manifests), said)
        written.dispose()
        _sync(part)
        part.replace(path)
        _sync(path.absolute().parent)
    return said


@contextmanager
def _file_beside(path: Path) -> Iterator[Path]:
    """Yield an empty private file in the folder of `path`; it is gone afterwards, unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _fresh(part: Path) -> Iterator[Connection]:
    """Yield a connection to a new database with all tables; nothing is synced until the whole file is."""
    engine = create_engine(make_url("sqlite://").set(database=str(part)), hide_parameters=True)
    try:
        with engine.connect() as connection:
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            metadata.create_all(connection)
            manifests.metadata.create_all(connection)
            connection.commit()
            yield connection
    finally:
        engine.dispose()


def copy_table(source: Connection, copy: Connection, table: Table, on_progress: OnProgress) -> None:
    """Copy all rows of a table, a few of them in memory at a time."""
    names, copied = table.c.keys(), 0
    what: TableClause = table
    if source.dialect.name == copy.dialect.name:
        # Alike they lie in either: to take each value apart and put it together again is most of what copying takes.
        what = untyped(table.name, *map(column, names))
    rows = stream(source, select(what))
    while some := list(islice(rows, AT_ONCE)):
        copy.execute(insert(what), [dict(zip(names, row, strict=True)) for row in some])
        copied += len(some)
        on_progress(table.name, copied)


def sites_of(connection: Connection) -> list[dict[str, Any]]:
    """Return where each line stands."""
    columns = (sites.c.name, sites.c.last_seq, cursors.c.decided_seq, cursors.c.head)
    query = select(*columns).join(cursors, cursors.c.site_id == sites.c.id).order_by(sites.c.id)
    return [
        dict(zip(("name", "last_seq", "decided_seq", "head"), row, strict=True)) for row in connection.execute(query)
    ]


def counts_of(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = metadata.sorted_tables
    return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


def digest(path: Path, manifest: dict[str, Any]) -> str:
    """Return the hash (hex) of a manifest without its own hash, and of all other rows of the file as they lie there."""
    said = {name: manifest[name] for name in ("created_at", "revision", "sites", "rows")}
    covered = hashlib.sha256(canonical(said))
    with read_only(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in tables:
            if name == MANIFEST or name.startswith("sqlite_"):
                continue
            covered.update(name.encode())
            for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):  # noqa: S608  (a table's own name)
                covered.update(repr(row).encode())
    return covered.hexdigest()


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that cannot change the file."""
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
        yield connection


def is_backup(path: Path) -> bool:
    """Tell whether a file is an SQLite database with a manifest."""
    try:
        with read_only(path) as connection:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (MANIFEST,)).fetchone()
    except sqlite3.DatabaseError:
        return False
    return found is not None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
