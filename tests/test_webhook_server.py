"""The web process itself, as the Procfile starts it: real gunicorn, real requests, real signals."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select

from tests.infrastructure.serving import SECRET, open_line, sandbox_request, texts
from tests.infrastructure.waiting import eventually, gone
from worker.guard import end_sessions
from worker.schema import inbox

FORM_ROUTE = "/gateways/sandbox/messages"


class Web:
    """One `python -m webhook`."""

    def __init__(self, folder: Path, **environ: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        given = {"PYTHONPATH": os.getcwd(), "SECRET_KEY": SECRET, "BAOBEI_VAR": str(folder), "PORT": str(self.port)}
        self.log = folder / "web.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "webhook"],
                cwd=folder,
                env=os.environ | given | environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def everybody(self) -> list[int]:
        return [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]


@pytest.fixture
def web(tmp_path: Path, database_url: str, redis_url: str, engine: Engine) -> Iterator[Web]:
    open_line(engine)
    web = Web(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url, LOG_LEVEL="DEBUG")
    eventually(web.answers, "an answer of the web process")
    yield web
    end_sessions([web.process.pid])
    web.process.wait()


def send(web: Web, number: int) -> int:
    headers, body = sandbox_request(Body=f"金丝雀{number} 13800138000")
    return web.ask("POST", FORM_ROUTE + "?word=canary", headers, body)[0]


def test_texts_that_come_at_once_get_their_places_and_leave_no_words_in_the_log(web: Web, engine: Engine) -> None:
    with ThreadPoolExecutor(12) as senders:
        assert set(senders.map(lambda number: send(web, number), range(60))) == {200}
    with engine.connect() as connection:
        places = connection.execute(select(inbox.c.seq).where(inbox.c.kind == "text").order_by(inbox.c.seq)).scalars()
        assert list(places) == list(range(2, 62))
    log = web.log.read_text()
    assert "accepted" in log
    for word in ("金丝雀", "13800138000", "canary", "13900000011"):
        assert word not in log


def test_forged_and_oversized_requests_leave_no_trace(web: Web, engine: Engine) -> None:
    headers, body = sandbox_request()
    assert web.ask("POST", FORM_ROUTE, headers, body + b"x")[0] == 403
    assert web.ask("POST", FORM_ROUTE, headers, body + b"x" * 65_536)[0] == 413
    assert web.ask("POST", FORM_ROUTE, headers | {"Content-Length": "many"}, body)[0] == 400
    assert texts(engine) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_all_without_complaint(web: Web, how: signal.Signals) -> None:
    everybody = web.everybody()
    assert len(everybody) > 1
    # Browsers keep their connection open between two questions; it must not keep the process.
    with socket.create_connection(("127.0.0.1", web.port)) as browser:
        browser.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert browser.recv(1_000)
        web.process.send_signal(how)
        assert web.process.wait(timeout=30) == 0
    assert gone(*everybody)
    assert "Traceback" not in web.log.read_text()


def test_ctrl_c_in_a_terminal_reaches_every_process_and_is_no_error(web: Web) -> None:
    everybody = web.everybody()
    os.killpg(web.process.pid, signal.SIGINT)
    assert web.process.wait(timeout=30) == 0
    assert gone(*everybody)
    assert "Traceback" not in web.log.read_text()


def test_a_wrong_variable_is_named_in_one_sentence(tmp_path: Path) -> None:
    web = Web(tmp_path, LOG_LEVEL="CHATTY")
    assert web.process.wait(timeout=60) == 2
    assert web.log.read_text().count("\n") == 1
    assert "LOG_LEVEL is CHATTY" in web.log.read_text()
