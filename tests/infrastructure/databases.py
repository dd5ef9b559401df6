"""Fresh, migrated databases, one per test: copies of a template that is migrated once.

On PostgreSQL a copy takes longer than most tests: one that is as it was but for its rows is emptied for the next test.
"""

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import make_url

from worker.store.revisions import migrate
from worker.store.schema import metadata


class Databases(Protocol):
    """One kind of database."""

    def create(self) -> str:
        """Return the URL of a fresh, migrated database."""

    def drop(self) -> None:
        """Remove every database created since the last time."""


@dataclass
class SqliteDatabases:
    """Copies of a migrated file."""

    folder: Path
    created: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Migrate the template."""
        self._template = self.folder / "template.sqlite"
        migrate(f"sqlite:///{self._template}")

    def create(self) -> str:
        """Return the URL of a copy."""
        path = self.folder / f"{secrets.token_hex(6)}.sqlite"
        # Whoever closed the template last has carried its write-ahead log into this one file.
        shutil.copyfile(self._template, path)
        self.created.append(path)
        return f"sqlite:///{path}"

    def drop(self) -> None:
        """Remove the copies with what SQLite laid beside them."""
        for path in self.created:
            for beside in self.folder.glob(f"{path.name}*"):
                beside.unlink(missing_ok=True)
        self.created.clear()


MANY = 500
_ADVANCED = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
"""Sequences of which a number was taken, be it for a row that was not kept."""
_SHAPE = """
    SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
        SELECT concat_ws(':', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull) AS line
        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(':', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat_ws(':', conrelid::regclass, conname) FROM pg_constraint
        UNION ALL SELECT concat_ws(':', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting
        UNION ALL SELECT version_num FROM alembic_version
    ) AS shape
"""
"""A hash of all that a test can change of a database besides rows."""


_EMPTY = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))  # noqa: S608
"""Those rows first that point at others. Truncating takes far longer than deleting a few rows."""
_ALONE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _answers(connection: "psycopg.Connection[tuple[Any, ...]]") -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


@dataclass
class PostgresDatabases:
    """Databases made from a migrated template, on a server on which we may make some."""

    server_url: str
    created: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    _sweepers: "dict[str, psycopg.Connection[tuple[Any, ...]]]" = field(default_factory=dict)
    """Connections by which databases are emptied: a new one has to learn all about its tables first."""

    def __post_init__(self) -> None:
        """Migrate the template. The name is random: several sessions may share the server."""
        self._prefix = f"baobei_test_{secrets.token_hex(4)}"
        self._template = f"{self._prefix}_template"
        self._server = self._connect(self.server_url)
        self._server.execute(f'CREATE DATABASE "{self._template}" TEMPLATE template0')
        migrate(self._url(self._template))
        with self._connect(self._url(self._template)) as template:
            self._shape = template.execute(_SHAPE).fetchone()

    def create(self) -> str:
        """Return the URL of an emptied database, or of a copy."""
        if self.emptied:
            name = self.emptied.pop()
        else:
            name = f"{self._prefix}_{secrets.token_hex(6)}"
            self._server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        self.created.append(name)
        return self._url(name)

    def drop(self) -> None:
        """Empty the databases that were in use, whoever is still connected; remove those that were changed."""
        for name in self.created:
            if self._empty(name):
                self.emptied.append(name)
            else:
                self._remove(name)
        self.created.clear()

    def close(self) -> None:
        """Remove them all, and the template."""
        for name in (*self.created, *self.emptied, self._template):
            self._remove(name)
        self.created.clear()
        self.emptied.clear()
        self._server.close()

    def _empty(self, name: str) -> bool:
        """Take the rows away; tell whether the database then is as it was."""
        try:
            sweeper = self._sweepers.get(name)
            if sweeper is None or not _answers(sweeper):
                sweeper = self._sweepers[name] = self._connect(self._url(name))
            sweeper.execute(_ALONE)
            deleted = sweeper.execute(_EMPTY)
            counts = [deleted.rowcount]
            while deleted.nextset():
                counts.append(deleted.rowcount)
            if max(counts) > MANY:
                # The dead rows would slow down whoever reads the table next.
                sweeper.execute("VACUUM")
            for (sequence,) in sweeper.execute(_ADVANCED).fetchall():
                sweeper.execute(f'ALTER SEQUENCE "{sequence}" RESTART')
            return sweeper.execute(_SHAPE).fetchone() == self._shape
        except psycopg.Error:
            return False

    def _remove(self, name: str) -> None:
        if sweeper := self._sweepers.pop(name, None):
            sweeper.close()
        self._server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return make_url(self.server_url).set(database=name).render_as_string(hide_password=False)

    def _connect(self, url: str) -> "psycopg.Connection[tuple[Any, ...]]":
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)
