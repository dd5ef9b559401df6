"""Loads a backup into an empty database of either kind, in one transaction, and proves that all of it is there.

What stood in the outbox as still to be sent may have gone out after the backup was taken, so it is not sent again
blindly: each becomes one of unknown outcome, and `worker.outbox.doubts` looks it up in the gateway's own list.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, create_engine, func, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from worker.backup.backup import BackupError, OnProgress, copy_table, counts_of, digest, is_backup, manifests, sites_of
from worker.gateways.base import Unknown
from worker.outbox.ledger import begin, end
from worker.proof.compare import same_rows
from worker.store.database import OldDatabaseError, reading, refuse_old
from worker.store.revisions import head_revision, known_revisions, migrate
from worker.store.schema import gateways, metadata, replies, sites
from worker.store.states import TO_SEND, ReplyState

GAP: Final = 1_000_000
"""How many ids of replies a restore leaves out: more than were given between the backup and the loss."""
IN_DOUBT = Unknown("restored", "it may have been sent after the backup")


def restore(engine: Engine, url: str, path: Path, now: datetime, on_progress: OnProgress = lambda *_: None) -> Any:
    """Load the backup at `path` into the empty database at `url`, which `engine` opens, and return its manifest.

    The database is migrated first; a backup of an older revision is, too, as a copy. Raises BackupError.
    """
    manifest = _checked(path)
    here = set(inspect(engine).get_table_names())
    with reading(engine).connect() as connection:
        for table in metadata.sorted_tables:
            if table.name in here and connection.execute(select(text("1")).select_from(table).limit(1)).first():
                raise BackupError(_NOT_EMPTY)
    migrate(url)
    with _at_newest_revision(path, manifest.revision) as file, _opened(file) as source, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Limits that are meant for the line's short transactions: nobody uses this database yet.
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        if any(counts_of(connection).values()):
            raise BackupError(_NOT_EMPTY)
        for table in metadata.sorted_tables:
            copy_table(source, connection, table, on_progress)
        different = [table.name for table in metadata.sorted_tables if not same_rows(source, connection, table)]
        if different or sites_of(connection) != manifest.sites:
            raise BackupError(
                f"What was loaded is not what the backup holds ({', '.join(different)}); nothing was kept."
            )
        _number_behind(connection)
        _put_in_doubt(connection, now)
    return manifest


_NOT_EMPTY = "The database is not empty, and a backup replaces nothing; name a new one in DATABASE_URL or BAOBEI_VAR."


def _checked(path: Path) -> Row[Any]:
    """Return the manifest of a backup that is whole and not from the future."""
    if not is_backup(path):
        raise BackupError(f"{path} is no backup of baobei, or it is damaged.")
    try:
        with _opened(path) as source:
            manifest = source.execute(select(manifests)).one()
        whole = digest(path, dict(zip(manifests.c.keys(), manifest, strict=True))) == manifest.sha256
    except (sqlite3.DatabaseError, DatabaseError, ValueError):
        whole = False
    if not whole:
        raise BackupError(f"{path} is damaged: its contents are not those that its manifest was made of.")
    try:
        refuse_old(manifest.revision)
    except OldDatabaseError as error:
        raise BackupError(str(error)) from None
    if manifest.revision not in known_revisions():
        raise BackupError(f"{path} was made by a newer version of baobei; upgrade this one first.")
    return manifest


@contextmanager
def _at_newest_revision(path: Path, revision: str) -> Iterator[Path]:
    """Yield the file itself, or a copy of an older one with the migrations that it lacks."""
    if revision == head_revision():
        yield path
        return
    with TemporaryDirectory(prefix="baobei-") as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / "backup.sqlite"))
        migrate(f"sqlite:///{copy}")
        yield copy


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    url = make_url("sqlite://").set(database=f"file:{path.absolute()}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _number_behind(connection: Connection) -> None:
    """Number new rows behind those loaded: PostgreSQL does not learn from rows that bring their own number.

    No reply gets an id that one of the lost time may have had: a gateway's late word on that would meet this.
    """
    last_reply = (connection.execute(select(func.max(replies.c.id))).scalar() or 0) + GAP
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'replies'")
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('replies', ?)", (last_reply,))
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        last = None if column is None else connection.execute(select(func.max(column))).scalar()
        if table is replies:
            last = last_reply
        if column is not None and last is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, last)))


def _put_in_doubt(connection: Connection, now: datetime) -> None:
    """Declare every reply that was still to be sent, or on its way, to be of unknown outcome."""
    # But for those that phones fetch: a phone knows what it has had by its id, and sends nothing twice.
    fetched = replies.c.site_id.in_(select(sites.c.id).where(sites.c.gateway.in_(select(gateways.c.name))))
    waiting = replies.c.state.in_(TO_SEND) & ~fetched
    query = select(replies, sites.c.gateway).join(sites, sites.c.id == replies.c.site_id).where(waiting)
    for row in connection.execute(query).all():
        number = row.attempt
        if row.state == ReplyState.PENDING:
            number += 1
            # Its list is searched from here on: from when it could have been sent at the earliest.
            begin(connection, [(row.id, number, row.gateway)], row.created_at)
        end(connection, row.id, number, IN_DOUBT, now)
        doubt = {
            "state": ReplyState.UNKNOWN,
            "attempt": number,
            "lease_until": None,
            "delivery": None,
            "updated_at": now,
        }
        words = {"error_code": IN_DOUBT.code, "error_words": IN_DOUBT.words}
        connection.execute(update(replies).where(replies.c.id == row.id).values(doubt | words))
