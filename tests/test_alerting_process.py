"""The sweeper as it is really started tells ALERT_URL of a stopped gateway, though no worker and no Redis is there."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import insert

from tests.infrastructure import forked
from tests.infrastructure.databases import Databases
from tests.infrastructure.waiting import eventually
from tests.sending import NOON
from worker.store.database import open_engine
from worker.store.schema import gateway_stops
from worker.up.guard import Guard

heard: list[dict[str, Any]] = []


class Listener(BaseHTTPRequestHandler):
    """Whoever is behind ALERT_URL."""

    def do_POST(self) -> None:
        heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_the_sweeper_raises_and_clears(tmp_path: Path, sqlite_databases: Databases, guard: Guard) -> None:
    server = HTTPServer(("127.0.0.1", 0), Listener)
    listening = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    listening.start()
    engine = open_engine(url := sqlite_databases.create())
    with engine.begin() as connection:
        stop = {"gateway": "sandbox", "number": "", "since": NOON, "code": "20003", "words": "no"}
        connection.execute(insert(gateway_stops).values(stop))
    ours = {"BAOBEI_VAR": str(tmp_path), "DATABASE_URL": url, "ALERT_URL": f"http://127.0.0.1:{server.server_port}"}
    with (tmp_path / "log").open("wb") as log:
        sweeper = forked.start(log, os.environ | ours, "worker", "sweep")
    guard.watch(sweeper.pid)
    try:
        eventually(lambda: heard, "the alert is raised")
        resumed = [sys.executable, "-m", "worker", "gateway", "resume", "sandbox"]
        subprocess.run(resumed, env=os.environ | ours, check=True, capture_output=True)
        eventually(lambda: len(heard) == 2, "the alert is cleared")
    finally:
        sweeper.terminate()
        assert sweeper.wait(60) == 0
        guard.forget(sweeper.pid)
        server.shutdown()
        listening.join()
        server.server_close()
        engine.dispose()
        sqlite_databases.drop()
    assert [(alert["alert"], alert["state"]) for alert in heard] == [
        ("gateway_stopped", "raised"),
        ("gateway_stopped", "cleared"),
    ]
    assert 'step="alert raised" alert=gateway_stopped scope=sandbox' in (tmp_path / "log").read_text()
