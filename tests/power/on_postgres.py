"""A machine whose database is a PostgreSQL, beside the spool.

Its write-ahead log is written with O_DSYNC (`wal_sync_method=open_datasync`): what the log's files hold is durable, and
what is durable of the log they hold. Of all other files a cut leaves what the last checkpoint wrote, and no page since:
a server started on both recovers from the log alone. PostgreSQL's own care for torn pages and failing syncs is not
tried, for that is its authors' part; what is tried is that whatever we answer for is in the log by then.
"""

from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import psycopg
from sqlalchemy.engine import make_url

from tests.infrastructure.postgres import PostgresServer, copy_cluster, start_postgres
from tests.power.disk import Disk, Image, lay_out

LOG: Final = "pg_wal"
SEGMENT_MIB: Final = 1
STRICT: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "wal_sync_method": "open_datasync",
    # Whatever the server's owner has set: our transactions are to say what they rely on.
    "synchronous_commit": "off",
    # Nothing gets into the log's files by chance, some time after a commit that did not wait for it.
    "wal_writer_delay": "10s",
    "checkpoint_timeout": "1d",
    "max_wal_size": "4GB",
}


def checkpointed(server: PostgresServer) -> Path:
    """Return a copy of the cluster of a quiet server, in which everything is durable."""
    with _connected(server) as connection:
        connection.execute("CHECKPOINT")
    copy = server.data.with_name("checkpointed")
    copy_cluster(server.data, copy)
    return copy


def _connected(server: PostgresServer) -> "psycopg.Connection[tuple[Any, ...]]":
    url = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True)


class PostgresMachine:
    """A server with `STRICT` settings, one of its databases, and the program's folder. `base`: see `checkpointed`."""

    def __init__(self, server: PostgresServer, database: str, var: Path, base: Path) -> None:
        """Note what is durable."""
        self._server, self._database, self._base = server, database, base
        self.url = make_url(server.url).set(database=database).render_as_string(hide_password=False)
        self.var = var
        self.disk = Disk(var)
        self._asks = _connected(server)
        self._full: dict[str, bytes] = {}

    def image(self, chance: Random | None) -> Image:
        """Return what is on its disk after a cut now, as if the cluster lay in the program's folder."""
        (current,) = self._asks.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone() or ("",)
        for path in (self._server.data / LOG).iterdir():
            # Those before the current one are never written again, those behind it are not in use.
            if path.is_file() and path.name < current and path.name not in self._full:
                self._full[path.name] = path.read_bytes()
        log = self._full | {current: (self._server.data / LOG / current).read_bytes().rstrip(b"\0")}
        return {**self.disk.image(chance), **{f"{LOG}/{name}": content for name, content in log.items()}}

    def start_on(self, image: Image, folder: Path) -> "PostgresMachine":
        """Return a machine on what is left."""
        log = {path: content for path, content in image.items() if path.startswith(f"{LOG}/")}
        lay_out({path: content for path, content in image.items() if path not in log}, folder)
        whole = {path: (content or b"").ljust(SEGMENT_MIB * 2**20, b"\0") for path, content in log.items()}
        server = start_postgres(self._server.guard, make=partial(copy_cluster, self._base, newer=whole))
        return PostgresMachine(server, self._database, folder, self._base)

    def check(self) -> None:
        """Nothing to ask: it would not have started."""

    def close(self) -> None:
        """Let go of what it holds."""
        self.disk.close()
        self._asks.close()
        self._server.stop()
        self._server.guard.forget(self._server.process.pid)
