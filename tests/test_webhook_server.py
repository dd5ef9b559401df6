"""The web process itself, as the Procfile starts it: real gunicorn, real requests, real signals."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from tests.infrastructure.serving import open_line, sandbox_request, texts
from tests.infrastructure.waiting import eventually, gone
from tests.infrastructure.web import Web
from worker.clock import utc_now
from worker.line.spool import Spool
from worker.store.schema import inbox
from worker.up.guard import end_sessions

FORM_ROUTE = "/gateways/sandbox/messages"


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


def test_texts_that_the_database_keeps_waiting_are_answered_from_the_spool_and_come_into_line(
    web: Web, engine: Engine
) -> None:
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE sites IN EXCLUSIVE MODE"))
        with ThreadPoolExecutor(8) as senders:
            assert [*senders.map(lambda number: send(web, number), range(8))] == [200] * 8
        assert len(Spool(web.folder / "spool", utc_now).waiting()) == 8
    eventually(lambda: texts(engine) == 8, "they are in line")


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


INTERRUPTED = """
import os, signal
from concurrent.futures import ThreadPoolExecutor
from webhook.connections import PatientWorker
worker = PatientWorker.__new__(PatientWorker)
worker._gateways = worker._pages = ThreadPoolExecutor(1)
signal.signal(signal.SIGINT, worker.handle_quit)
with worker._pages._shutdown_lock:
    os.kill(os.getpid(), signal.SIGINT)
"""


def test_a_worker_ends_also_while_it_hands_over_a_request() -> None:
    environ = os.environ | {"PYTHONPATH": os.getcwd()}
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], env=environ, capture_output=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_wrong_variable_is_named_in_one_sentence(tmp_path: Path) -> None:
    web = Web(tmp_path, LOG_LEVEL="CHATTY")
    assert web.process.wait(timeout=60) == 2
    assert web.log.read_text().count("\n") == 1
    assert "LOG_LEVEL is CHATTY" in web.log.read_text()


@pytest.mark.parametrize(
    "asked",
    [
        "GET /register?q={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /register?q={0} {0} HTTP/9.9\r\nHost: {0}\r\n\r\n",
        "{} /register HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /{0} HTTP/1.1\r\nHost: localhost\r\n{0}: {0}\r\nX {0}\r\n\r\n",
        "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Length: {0}\r\n\r\n{0}",
        "POST /register HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{0}\r\n{0}\r\n\r\n",
    ],
)
def test_what_is_asked_for_stands_in_no_log(web: Web, asked: str) -> None:
    for number in ("138.6049.5572", "138 6049 5572", "13860495572", "138/6049/5572", "%31%33%38%36%30%34%39"):
        with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
            connection.sendall(asked.format(number).encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1_000)
    log = web.log.read_text()
    # Not the four digits alone, which a port or a process may have as well.
    assert not re.search(r"138\D{0,3}6049|6049\D{0,3}5572", log)
    assert "%36%30%34%39" not in log
