"""Fresh, migrated databases, one per test: copies of a template that is migrated once.

On PostgreSQL a copy takes longer than most tests: one that is as it was but for its rows is emptied for the next test.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, delete, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from worker.store.database import migrate
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
                beside.unlink()
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


@dataclass
class PostgresDatabases:
    """Databases made from a migrated template, on a server on which we may make some."""

    server_url: str
    created: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Migrate the template. The name is random: several sessions may share the server."""
        self._prefix = f"baobei_test_{secrets.token_hex(4)}"
        self._template = f"{self._prefix}_template"
        with self._on(self.server_url) as server:
            server.execute(text(f'CREATE DATABASE "{self._template}" TEMPLATE template0'))
        migrate(self._url(self._template))
        with self._on(self._url(self._template)) as template:
            self._shape = template.execute(text(_SHAPE)).scalar_one()

    def create(self) -> str:
        """Return the URL of an emptied database, or of a copy."""
        if self.emptied:
            name = self.emptied.pop()
        else:
            name = f"{self._prefix}_{secrets.token_hex(6)}"
            with self._on(self.server_url) as server:
                server.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"'))
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

    def _empty(self, name: str) -> bool:
        """Take the rows away; tell whether the database then is as it was."""
        with self._on(self.server_url) as server:
            found = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name")
            server.execute(found, {"name": name})
        try:
            with self._on(self._url(name)) as database:
                # Truncating takes far longer than deleting a few rows, those first that point at others; of many rows
                # the dead ones would slow down whoever reads the table next.
                for table in reversed(metadata.sorted_tables):
                    if database.execute(delete(table)).rowcount > MANY:
                        database.execute(text(f'VACUUM "{table.name}"'))
                for sequence in database.execute(text(_ADVANCED)).scalars().all():
                    database.execute(text(f'ALTER SEQUENCE "{sequence}" RESTART'))
                return bool(database.execute(text(_SHAPE)).scalar_one() == self._shape)
        except DBAPIError:
            return False

    def _remove(self, name: str) -> None:
        with self._on(self.server_url) as server:
            server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def _url(self, name: str) -> str:
        return make_url(self.server_url).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def _on(self, url: str) -> Iterator[Connection]:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
