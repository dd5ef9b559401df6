"""The web process as the Procfile starts it, to be asked, killed and started again."""

import http.client
import os
import signal
from pathlib import Path

import psutil

from tests.infrastructure.forked import start
from tests.infrastructure.ports import free_port
from tests.infrastructure.serving import SECRET
from tests.infrastructure.waiting import eventually, gone


class Web:
    """One `python -m webhook`; `folder` is its BAOBEI_VAR."""

    def __init__(self, folder: Path, **environ: str) -> None:
        """Start it."""
        self.folder = folder
        self.port = free_port()
        given = {"PYTHONPATH": os.getcwd(), "SECRET_KEY": SECRET, "BAOBEI_VAR": str(folder), "PORT": str(self.port)}
        self.environ = os.environ | given | environ
        self.log = folder / "web.log"
        self.log.write_text("")
        self.start()

    def start(self) -> None:
        """Start it, once more after it was killed."""
        with self.log.open("ab") as log:
            self.process = start(log, self.environ, "webhook")

    def kill(self) -> None:
        """Kill master and workers at once, as a power cut would, and wait until they are gone."""
        everybody = self.everybody()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        eventually(lambda: gone(*everybody), "nobody is left")

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> tuple[int, str]:
        """Make a request; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def answers(self) -> bool:
        """Tell whether it answers by now."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def everybody(self) -> list[int]:
        """Return the ids of all its processes."""
        return [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]
