"""The parts by which the whole product is measured: what they send is taken, and what they tell is so."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests
from sqlalchemy import Engine, func, select
from twilio.request_validator import RequestValidator

from tests.benchmarks.stack import report, texts
from tests.benchmarks.stack.answers import closes, whole
from tests.benchmarks.stack.figures import Figure, share
from tests.benchmarks.stack.line import decided, lay, register
from tests.benchmarks.stack.load import Load, Plan
from tests.benchmarks.stack.processes import cpu_s, family, pss_mb
from tests.infrastructure.serving import served
from tests.infrastructure.waiting import eventually
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.store.schema import claims, decisions, inbox

TWILIO = {"TWILIO_ACCOUNT_SID": texts.ACCOUNT, "TWILIO_AUTH_TOKEN": texts.TOKEN}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(*answers: tuple[int, str]) -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """Serve these answers (status, Connection) in turn, the last for ever; yields address and what was asked."""
    asked: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, connection = answers[min(len(asked), len(answers) - 1)]
            asked.append((self.path, dict(parse_qsl(raw)), self.headers["X-Twilio-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", connection)
            self.end_headers()

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", asked
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def test_texts_are_signed_as_twilio_signs_and_told_apart() -> None:
    url = "https://reports.example.com/gateways/twilio/messages"
    headers, raw = texts.signed(url, texts.fields(7))
    assert RequestValidator(texts.TOKEN).validate(url, dict(parse_qsl(raw.decode())), headers["X-Twilio-Signature"])
    assert len({texts.mask(i) for i in range(texts.MOST)}) == texts.MOST


def test_an_answer_is_whole_when_its_body_is() -> None:
    assert [whole(bytearray(ANSWER[:n])) for n in (0, 10, len(ANSWER) - 1)] == [0, 0, 0]
    assert whole(bytearray(ANSWER + b"HTTP/1.1 200")) == len(ANSWER)
    assert closes(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    assert not closes(ANSWER)


def test_the_webhook_takes_what_the_client_sends(database_url: str, redis_url: str, tmp_path: Path) -> None:
    environ = {"BAOBEI_VAR": str(tmp_path), "DATABASE_URL": database_url, "REDIS_URL": redis_url} | TWILIO
    with served(environ) as runtime:
        open_site(runtime.engine, "翡翠湾", texts.NUMBER, {"manager": [texts.MANAGER]}, "twilio")
        posts = Load(Plan(f"{runtime.settings.base_url}{texts.MESSAGES}", 2, 4, first=3)).run()
        with runtime.engine.connect() as connection:
            kept = connection.execute(select(inbox.c.text).where(inbox.c.kind == "text")).scalars().all()
    assert [(post.text, post.status) for post in posts] == [(i, 200) for i in range(3, 7)]
    assert sorted(kept) == sorted(map(texts.words, range(3, 7)))


def test_a_refusal_counts_or_is_posted_again() -> None:
    with server((503, "keep-alive"), (200, "close")) as (url, _):
        assert [post.status for post in Load(Plan(f"{url}/", 1, 2)).run()] == [503, 200]
    with server((503, "close"), (200, "keep-alive")) as (url, asked):
        (post,) = Load(Plan(f"{url}/", 1, 1, insist=True)).run()
        assert (post.status, len(asked)) == (200, 2)


def test_each_text_has_its_time_by_the_rate() -> None:
    with server((200, "keep-alive")) as (url, _):
        posts = Load(Plan(f"{url}/", 4, 10, rate=200.0, seconds=0.05)).run()
    assert [round(post.due - posts[0].due, 6) for post in posts] == [i / 200 for i in range(10)]


def test_the_fake_twilio_notes_the_answer_and_calls_back_twice() -> None:
    words = [sys.executable, "-m", "tests.benchmarks.stack.gateway", "0"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        twilio = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with server((200, "keep-alive")) as (url, asked):
            callback = f"{url}{texts.STATUS}?reply=1"
            form = {"To": texts.agent(5), "Body": f"报备成功：{texts.mask(5)}", "StatusCallback": callback}
            requests.post(f"{twilio}/Messages.json", data=form, timeout=10)
            eventually(lambda: requests.get(f"{twilio}/tally", timeout=10).json()["callbacks"] == 2, "both callbacks")
            assert list(requests.get(f"{twilio}/answers", timeout=10).json()) == [texts.mask(5)]
        assert [(path, fields["MessageStatus"]) for path, fields, _ in asked] == [
            (f"{texts.STATUS}?reply=1", "sent"),
            (f"{texts.STATUS}?reply=1", "delivered"),
        ]
        assert all(RequestValidator(texts.TOKEN).validate(callback, fields, said) for _, fields, said in asked)


def test_a_line_and_a_register_are_laid_down(engine: Engine) -> None:
    site = open_site(engine, "翡翠湾", texts.NUMBER, {"manager": [texts.MANAGER]}, "twilio")
    put(engine, site, "roster", {"people": texts.roster()})
    before = decided(engine, site.id)
    register(engine, site.id, 30, pattern=texts.MOST - 1)
    lay(engine, site.id, range(3))
    while decide_site(engine, site.id).more:
        pass
    assert decided(engine, site.id) == before + 4
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).where(claims.c.state == "live")).scalar_one() == 34
        said = select(decisions.c.code).where(decisions.c.seq > before).distinct()
        assert connection.execute(said).scalars().all() == ["accepted"]


def test_processes_are_asked_for_what_they_use() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        found = family(process.pid)
        assert found == {process.pid: "other"}
        assert pss_mb(found)["other"] > 0
        assert list(cpu_s(found)) == [process.pid]
    finally:
        process.kill()
        process.communicate()
    assert cpu_s(found) == {}


@pytest.mark.parametrize(
    ("better", "value", "falls"),
    [("higher", 0.6, True), ("higher", 0.8, False), ("lower", 1.5, True), ("", 0.1, False)],
)
def test_a_ratio_that_fell_is_named(tmp_path: Path, better: str, value: float, falls: bool) -> None:
    baseline = tmp_path / "baseline.json"
    report.renew([Figure("webhook", "sqlite", "share", 1.0, better=better)], baseline)
    said = list(report.fallen([Figure("webhook", "sqlite", "share", value, better=better)], baseline))
    assert said == ([f"webhook · sqlite · share fell: 1.0 in the baseline, {value} now."] if falls else [])


def test_what_was_not_measured_is_said() -> None:
    broken = Figure("send", "sqlite", "replies", None, "replies/s", note="it did not start")
    whole = Figure("send", "postgresql", "replies", 212.4, "replies/s")
    assert "not measured" in report.line(broken)
    assert "it did not start" in report.line(broken)
    assert [*report.markdown([broken, whole])][-1] == "| send | replies | not measured | 212 replies/s |"


def test_a_share_of_values() -> None:
    assert (share([3.0, 1.0, 2.0], 0.5), share([1.0, 2.0], 0.99)) == (2.0, 2.0)
