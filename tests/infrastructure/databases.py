"""Fresh, migrated databases, one per test: copies of a template that is migrated once."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from worker.store.database import migrate


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


@dataclass
class PostgresDatabases:
    """Databases made from a migrated template, on a server on which we may make some."""

    server_url: str
    created: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Migrate the template. The name is random: several sessions may share the server."""
        self._prefix = f"baobei_test_{secrets.token_hex(4)}"
        self._template = f"{self._prefix}_template"
        with self._server() as server:
            server.execute(text(f'CREATE DATABASE "{self._template}" TEMPLATE template0'))
        migrate(self._url(self._template))

    def create(self) -> str:
        """Return the URL of a copy."""
        name = f"{self._prefix}_{secrets.token_hex(6)}"
        with self._server() as server:
            server.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"'))
        self.created.append(name)
        return self._url(name)

    def drop(self) -> None:
        """Remove the copies, whoever is still connected."""
        with self._server() as server:
            for name in self.created:
                server.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        self.created.clear()

    def close(self) -> None:
        """Remove the template too."""
        self.created.append(self._template)
        self.drop()

    def _url(self, name: str) -> str:
        return make_url(self.server_url).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def _server(self) -> Iterator[Connection]:
        engine = create_engine(self.server_url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
