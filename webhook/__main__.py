"""`python -m webhook`: the web process, gunicorn with a worker that holds many connections and some threads."""

import os
import resource
import sys
from threading import Event, Thread
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from webhook.app import create_app
from webhook.connections import MOST_CONNECTIONS, PatientWorker
from worker.log import set_up_logging
from worker.processes.feeder import keep_feeding
from worker.runtime import open_runtime
from worker.settings import Settings, load_settings
from worker.var_folder import require_folder
from worker.variables import SettingsError

WORKERS = 1
"""Texts that wait together become one transaction, in each process for itself: a second process halves these, and waits
for SQLite's lock. Measured at 16 and 64 connections, two take half as many texts a second, each at twice the CPU. While
a worker that died is started anew, requests wait in the master's socket."""
GRACE_S = 3


class PlainLog(Logger):
    """Gunicorn's log in our own form, in which no run of digits passes; there is no access log."""

    def setup(self, cfg: Any) -> None:
        """Leave the lines to the root logger."""
        super().setup(cfg)
        self.error_log.propagate = True

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Say that a request was invalid, and not what stood in it: that may be somebody's number (L14)."""
        told = str(msg)
        super().warning(told.partition(": ")[0] if told.startswith("Invalid request") else msg, *args, **kwargs)


class Server(BaseApplication):
    """Gunicorn, set up by our settings alone: it reads no configuration file, argument or variable of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = Event()
        super().__init__()

    def load_config(self) -> None:
        """Hand over the options that this version of gunicorn knows."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        options: dict[str, object] = {
            "bind": f"{host}:{self._settings.port}",
            "workers": WORKERS,
            "worker_class": PatientWorker,
            "worker_exit": lambda arbiter, worker: self._stop.set(),
            "preload_app": False,
            "graceful_timeout": GRACE_S,
            "proc_name": "baobei-web",
            "logger_class": PlainLog,
            "errorlog": None,
            "loglevel": "warning",
            # It would stand in the home folder, where a second baobei would meet it.
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application, in each worker for itself: no connection is shared across a fork.

        Beside it the worker feeds the spool: there may be no sweeper on this machine.
        """
        runtime = open_runtime(self._settings, lock_wait_ms=LOCK_WAIT_MS)
        Thread(target=keep_feeding, args=(runtime, self._stop), name="feeder", daemon=True).start()
        return create_app(runtime)


# A gateway hangs up after some seconds: it must hear 503 before that, and come again.
LOCK_WAIT_MS = 2_000


def main() -> None:
    """Serve until told to stop; a wrong variable ends it with its sentence."""
    try:
        settings = load_settings(os.environ)
        require_folder(settings.var)
    except SettingsError as error:
        # 2 tells the supervisor that starting again mends nothing.
        print(f"baobei: {error}", file=sys.stderr)
        sys.exit(2)
    set_up_logging(settings.log_level)
    # Each worker holds as many connections as it means to, besides its databases and files.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 2 * MOST_CONNECTIONS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    Server(settings).run()


if __name__ == "__main__":
    main()
