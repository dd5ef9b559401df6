"""`baobei up`: everything in the foreground, embedded where the environment names nothing else."""

import errno
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from worker.accounts.users import FIRST_USER, LINK_LIFE, add_first_user
from worker.cli.problems import Problem, WrongUsage
from worker.clock import utc_now
from worker.lock import AlreadyRunningError, var_lock
from worker.settings import Settings, address, load_settings
from worker.store.database import OldDatabaseError, open_engine
from worker.store.revisions import migrate
from worker.up import demo
from worker.up.console import Console, ConsoleClosedError
from worker.up.guard import Guard
from worker.up.procfile import ProcfileError, read_procfile
from worker.up.redis_server import EmbeddedError, spawn_redis, start_redis
from worker.up.supervisor import Program, Supervisor, SupervisorError, spawn
from worker.var_folder import recorded_address, require_folder, secret_key_of
from worker.variables import SettingsError

PACKAGED = Path(__file__).resolve().parents[1] / "up"
"""Holds the Procfile that travels with the program."""
READY_SECONDS = 120.0
FIRST_LOGIN = "the first login stands above."
LATER_LOGIN = (
    f"their first login was shown once, when they were new; `baobei user reset {FIRST_USER}` prints a link for another."
)
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
        try:
            migrate(settings.database_url, console.say)
        except (SQLAlchemyError, CommandError, OldDatabaseError) as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise Problem(f"DATABASE_URL: the database cannot be brought up to date: {reason}") from None
        login_shown = _let_somebody_in(settings, console)
        ours = {"BAOBEI_VAR": str(settings.var), "PYTHONUNBUFFERED": "1"} | ({"REDIS_URL": redis.url} if redis else {})
        theirs = {**environ, **ours}
        for entry in entries:
            argv = entry.argv(theirs, sys.executable)
            supervisor.add(Program(entry.name, partial(spawn, argv, theirs)))
        opening = Opening(settings, supervisor, console, demonstration, login_shown)
        threading.Thread(target=opening.run, name="opening", daemon=True).start()
        return supervisor.run()


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
            code = demo.run(base_url, self.settings, self.console.plain)
            self.console.plain(f"The staff pages: {base_url}/ · {FIRST_LOGIN if self.login_shown else LATER_LOGIN}")
            if self.demonstration.then_exit:
                self.supervisor.request_stop(code)
        except Exception as error:
            if self.supervisor.stopping.is_set() or isinstance(error, ConsoleClosedError):
                self.supervisor.request_stop()
                return
            what = "The demonstration failed" if self.demonstration.wanted else "baobei is not ready"
            self.console.say(f"{what}: {error}.")
            if self.demonstration.then_exit:
                self.supervisor.request_stop(1)

    def _await_ready(self, base_url: str) -> bool:
        waited = 0.0
        while not self.supervisor.stopping.wait(0.2):
            if answers(f"{base_url}/readyz"):
                return True
            waited += 0.2
            if waited >= READY_SECONDS:
                raise TimeoutError(f"{base_url}/readyz has not answered for {READY_SECONDS:.0f} s")
        return False


def reachable_url(settings: Settings) -> str:
    """Return the address at which this machine reaches what listens on the settings' host and port."""
    return address(REACHABLE.get(settings.host, settings.host), settings.port)


def shown_url(settings: Settings) -> str:
    """Return the address at which people find the pages."""
    return reachable_url(settings) if settings.sandbox else settings.base_url


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    # No proxy stands between us and ourselves, whatever the environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
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


def _let_somebody_in(settings: Settings, console: Console) -> bool:
    """Make the first account while there is none; the link by which its owner chooses a password is shown once.

    A password would stand in whatever journal keeps this; the link is good once.

    Returns whether it was shown.
    """
    engine = open_engine(settings.database_url)
    try:
        token = add_first_user(engine, utc_now())
    finally:
        engine.dispose()
    if token:
        link = f"{shown_url(settings)}/welcome/{token}"
        console.say(f"first login: {FIRST_USER} chooses a password here, once, within {LINK_LIFE.days} days: {link}")
    return token is not None
