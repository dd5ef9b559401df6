"""`baobei up`: everything in the foreground, embedded where the environment names nothing else.

This process stays as long as all the others, so it imports as little as it can: what needs the database is done in
processes of its own (`errands`).
"""

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from worker.cli.problems import Problem, WrongUsage
from worker.lock import AlreadyRunningError, var_lock
from worker.settings import Settings, address, load_settings
from worker.up.console import Console, ConsoleClosedError
from worker.up.forks import ForkServer, flags_of
from worker.up.guard import Guard
from worker.up.process import Start, spawn
from worker.up.procfile import ProcfileError, read_procfile
from worker.up.redis_server import EmbeddedError, spawn_redis, start_redis
from worker.up.supervisor import Program, Supervisor, SupervisorError
from worker.var_folder import recorded_address, require_folder, secret_key_of
from worker.variables import SettingsError

PACKAGED = Path(__file__).resolve().parents[1] / "up"
"""Holds the Procfile that travels with the program."""
IMPORTED = ("gunicorn.arbiter", "webhook.app", "webhook.connections", "worker.cli.main", "worker.cli.work")
LOADED = "parsers.weights:model"
"""What the Procfile's programs have in common: imported and loaded once, before they are forked."""
OF_TWILIO = ("twilio.rest.api",)
"""What its library imports when the first message is sent or looked up: 7 MB, which several of them need."""
THRIFTY = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""By these glibc gives back what was freed, also by threads, where it would keep it for later."""
ERRANDS = ("-m", "worker.cli.errands")
READY_SECONDS = 120.0
FIRST_LOGIN = "first login"
"""So begins the sentence that shows it."""
# Where we listen on every address, we reach ourselves on the loopback one.
REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass(frozen=True)
class Demonstration:
    """What to show once everything runs."""

    wanted: bool
    then_exit: bool


def up(port: int, host: str, var: str | None, show: bool, exit_after_demo: bool) -> None:
    """Bring the database up to date and run every process until Ctrl-C."""
    given = {"HOST": host, "PORT": str(port)} | ({"BAOBEI_VAR": var} if var else {})
    environ = os.environ | given
    try:
        settings = load_settings(environ)
        require_folder(settings.var)
        _require_free_port(settings)
        code = serve(settings, environ, Demonstration(show or exit_after_demo, exit_after_demo))
    except (SettingsError, ProcfileError) as error:
        raise WrongUsage(str(error)) from None
    except (AlreadyRunningError, EmbeddedError, SupervisorError) as error:
        raise Problem(str(error)) from None
    except ConsoleClosedError:
        code = 0
    sys.exit(code)


def serve(settings: Settings, environ: Mapping[str, str], demonstration: Demonstration) -> int:
    """Run everything until a signal, or until the demonstration is over; return the exit code."""
    entries = read_procfile(procfile_folders())
    console = Console(sys.stdout, environ)
    with ExitStack() as stack:
        lock = stack.enter_context(var_lock(settings.var))
        stack.enter_context(recorded_address(settings.var, shown_url(settings)))
        guard = stack.enter_context(Guard(keep_open=[lock]))
        supervisor = stack.enter_context(Supervisor(guard, console))
        secret_key_of(settings)  # Made here once, before several processes would ask for it.
        redis = None if settings.redis_url else start_redis(settings.var, guard)
        if redis:
            supervisor.add(Program("redis", lambda: spawn_redis(redis.plan), foundation=True), redis.process)
        ours = {"BAOBEI_VAR": str(settings.var), "PYTHONUNBUFFERED": "1"} | ({"REDIS_URL": redis.url} if redis else {})
        theirs = {**THRIFTY, **environ, **ours}
        lines = {entry.name: entry.argv(theirs, sys.executable) for entry in entries}
        server = _fork_server([*lines.values()], theirs, supervisor)
        start = stack.enter_context(closing(server)).spawn if server else spawn
        errand = Errand(start, theirs, guard)
        login_shown = False

        def tell(sentence: str) -> None:
            nonlocal login_shown
            login_shown = login_shown or sentence.startswith(FIRST_LOGIN)
            console.say(sentence)

        if errand.carry_out(["prepare"], tell) != 0:
            raise Problem("The database cannot be brought up to date: what was to do it was ended.")
        for name, argv in lines.items():
            supervisor.add(Program(name, partial(start, argv, theirs)))
        opening = Opening(settings, supervisor, console, demonstration, errand, login_shown)
        threading.Thread(target=opening.run, name="opening", daemon=True).start()
        return supervisor.run()


def _fork_server(
    lines: Sequence[Sequence[str]], environ: Mapping[str, str], supervisor: Supervisor
) -> ForkServer | None:
    """Return the server from which programs are forked, supervised like them, where one of these lines can be."""
    flags = next((found for line in lines if (found := flags_of(line)) is not None), None)
    if flags is None:
        return None
    needed = [*IMPORTED, LOADED, *(OF_TWILIO if environ.get("TWILIO_ACCOUNT_SID") else ())]
    server = ForkServer(flags, needed, environ)
    # The others need it, to be started again.
    supervisor.add(Program("forks", server.start, foundation=True))
    return server


@dataclass(frozen=True)
class Errand:
    """How something is done in a process of its own: `ERRANDS` with some words."""

    start: Start
    environ: Mapping[str, str]
    guard: Guard

    def carry_out(self, words: Sequence[str], tell: Callable[[str], None]) -> int:
        """Have it done and return the exit code; `tell` gets each sentence as it comes. Raises Problem."""
        flags = [] if Path.cwd() == PACKAGED.parents[1] else ["-P"]
        try:
            process = self.start([sys.executable, *flags, *ERRANDS, *words], self.environ)
        except OSError as error:
            raise SupervisorError(f"What {words[0]}s cannot be started: {error.strerror}") from None
        self.guard.watch(process.pid)
        rest = b""
        with process.stdout or BytesIO() as said:
            while chunk := said.read(65536):
                *sentences, rest = (rest + chunk).split(b"\0")
                for sentence in sentences:
                    tell(sentence.decode("utf-8", "replace"))
        code = process.wait()
        self.guard.forget(process.pid)
        if why := rest.decode("utf-8", "replace").strip():
            raise Problem(why.splitlines()[-1].removeprefix("Error: "))
        return code


def procfile_folders() -> list[Path]:
    """Return where a Procfile is looked for: the folder that we are started in goes before what travels with us."""
    return [Path.cwd(), PACKAGED]


@dataclass(frozen=True)
class Opening:
    """What happens beside the supervision: wait until the web answers, say so, demonstrate."""

    settings: Settings
    supervisor: Supervisor
    console: Console
    demonstration: Demonstration
    errand: Errand
    login_shown: bool

    def run(self) -> None:
        """Open; whatever goes wrong becomes a sentence, for a traceback tells nobody at a terminal anything."""
        base_url = reachable_url(self.settings)
        try:
            if not self._await_ready(base_url):
                return
            self.console.say(f"baobei is serving at {base_url} (Ctrl-C stops)")
            if not self.demonstration.wanted:
                return
            known = ["--login-shown"] if self.login_shown else []
            code = self.errand.carry_out(["demonstrate", *known], self.console.plain)
            if self.demonstration.then_exit:
                self.supervisor.request_stop(code)
        except Exception as error:
            if self.supervisor.stopping.is_set() or isinstance(error, ConsoleClosedError):
                self.supervisor.request_stop()
                return
            self.console.say(str(error))
            if self.demonstration.then_exit:
                self.supervisor.request_stop(1)

    def _await_ready(self, base_url: str) -> bool:
        waited = 0.0
        while not self.supervisor.stopping.wait(0.2):
            if answers(f"{base_url}/readyz"):
                return True
            waited += 0.2
            if waited >= READY_SECONDS:
                raise Problem(f"baobei is not ready: {base_url}/readyz did not answer for {READY_SECONDS:.0f} s.")
        return False


def reachable_url(settings: Settings) -> str:
    """Return the address at which this machine reaches what listens on the settings' host and port."""
    return address(REACHABLE.get(settings.host, settings.host), settings.port)


def shown_url(settings: Settings) -> str:
    """Return the address at which people find the pages."""
    return reachable_url(settings) if settings.sandbox else settings.base_url


def answers(url: str) -> bool:
    """Whether a GET is answered with 200; plainly, because HTTP's and TLS's libraries would stay in memory."""
    asked = urlsplit(url)
    try:
        with socket.create_connection((asked.hostname, asked.port), timeout=2) as connection:
            connection.sendall(f"GET {asked.path} HTTP/1.0\r\nHost: {asked.netloc}\r\n\r\n".encode())
            return connection.recv(64).split()[1:2] == [b"200"]
    except OSError:
        return False


def _require_free_port(settings: Settings) -> None:
    try:
        family, kind, _, _, target = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except socket.gaierror:
        raise Problem(f"--host {settings.host} is no address: give one of this machine, like 127.0.0.1.") from None
    except OSError as error:
        host, port = settings.host, settings.port
        match error.errno:
            case errno.EADDRINUSE:
                why = f"Port {port} is taken by another program: stop that, or give another one with --port."
            case errno.EADDRNOTAVAIL:
                why = f"--host {host} is no address of this machine: give one that is, like 127.0.0.1."
            case _:
                why = f"Cannot listen on {host}, port {port} ({error.strerror}): give another --port."
        raise Problem(why) from None
