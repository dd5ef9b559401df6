"""One text followed by its ids through the logs of the real processes, from its arrival to the gateway's last word."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.databases import Databases
from tests.infrastructure.ports import free_port
from tests.infrastructure.waiting import eventually
from tests.sending import AGENT, MANAGER, NUMBER
from worker.decide.set_up import open_site
from worker.store.database import open_engine
from worker.up.guard import Guard

CLIENT = "金丝雀"
STEPS = ["accepted", "decided", "reply written", "leased", "handed over", "status"]


@contextmanager
def up(folder: Path, port: int, guard: Guard, **environ: str) -> Iterator[Path]:
    """Run `baobei up` with the project's own Procfile; yields the file of its output."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "up", "--port", str(port), "--var", str(folder / "var")],
            env=os.environ | environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    guard.watch(process.pid)
    try:
        eventually(lambda: "is serving at" in log.read_text(), "it serves")
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        guard.forget(process.pid)


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        yield fake


def receive(url: str) -> None:
    """Send an agent's text as Twilio does."""
    fields = {"MessageSid": "SM" + "c" * 32, "AccountSid": ACCOUNT, "From": AGENT, "To": NUMBER}
    fields["Body"] = f"报备 {CLIENT} 138****5678 李四 链家"
    headers = {
        "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, fields),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert requests.post(url, urlencode(fields), headers=headers, timeout=30).status_code == 200


def steps(log: Path, which: str) -> list[str]:
    """Return the steps of the lines that carry these ids, each once, in the order of their time."""
    found = re.findall(rf'at=(\S+) .*?step=("[^"]*"|\S+) (?:.* )?{which}(?: |$)', log.read_text(), re.MULTILINE)
    return list(dict.fromkeys(step.strip('"') for _, step in sorted(found, key=lambda line: line[0])))


def test_one_text_is_found_at_every_step_of_every_process(
    tmp_path: Path, sqlite_databases: Databases, guard: Guard, fake: FakeTwilio
) -> None:
    database_url, port = sqlite_databases.create(), free_port()
    engine = open_engine(database_url)
    open_site(engine, "翡翠湾", NUMBER, {"manager": [MANAGER]}, "twilio")
    engine.dispose()
    twilio = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": fake.url}
    public = f"http://127.0.0.1:{port}"
    with up(tmp_path, port, guard, DATABASE_URL=database_url, PUBLIC_URL=public, **twilio) as log:
        receive(f"{public}/gateways/twilio/messages")
        # The gateway may tell what became of a reply before its sender has written down that it was taken.
        eventually(lambda: "handed over" in steps(log, "seq=2"), "the agent is answered")
        assert fake.call_back(fake.messages[0]["sid"], "delivered") == 200
        eventually(lambda: "status" in steps(log, "seq=2"), "the last step is logged")
        assert steps(log, "site=1 seq=2") == STEPS
        assert re.search(r"step=status site=1 seq=2 reply=\d+ attempt=1 delivery=delivered", log.read_text())
        # Not the last four digits alone, which a port or a process may have as well.
        for word in (CLIENT, r"138\D{0,6}5678", "13900000011", "13800000001", TOKEN):
            assert not re.search(word, log.read_text())
    sqlite_databases.drop()
