"""A gateway whose phones are behind a server: added by a command, found by a running process, texts and replies."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from tests.fake_phone import FakePhone
from tests.fake_smsgate import LOGIN, PASSWORD, FakeServer, serving
from tests.infrastructure.serving import SECRET, SITE_NUMBER, database_away, open_line
from tests.sending import AGENT, outgoing
from worker.cli.main import main
from worker.gateways.base import Sent
from worker.gateways.strongbox import seal, unseal
from worker.line.backfill import Backfill
from worker.runtime import Runtime
from worker.store.schema import gateways, inbox, phones, unrouted


@pytest.fixture(params=[False, True], ids=["phone", "cloud"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    phone = FakePhone(lambda *_: (0, b""), lambda: datetime.now(UTC))
    with serving(FakeServer([phone], cloud=request.param)) as server:
        yield server


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> dict[str, str]:
    for name, value in {"DATABASE_URL": database_url, "SECRET_KEY": SECRET, "BAOBEI_VAR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return {}


def add(server: FakeServer, *words: str, password: str = PASSWORD) -> Result:
    asked = ["gateway", "add", "smsgate", "desk", "--url", server.url, "--login", LOGIN, *words]
    return CliRunner().invoke(main, asked, input=f"{password}\n")


def accounts(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(gateways.c.account)).scalars())


def test_from_the_command_to_a_text_and_its_answer(
    server: FakeServer, runtime: Runtime, client: FlaskClient, tmp_path: Path
) -> None:
    open_line(runtime.engine, "湾")
    made = add(server, "--site", "湾")
    phone = server.phones[0]
    assert made.exit_code == 0, made.output
    assert f"baobei gateway approve desk {phone.device_id} --sim 1=湾" in made.output
    with runtime.engine.connect() as connection:
        kept = str(connection.execute(select(phones)).one())
    assert "8986001" not in kept + made.output
    assert CliRunner().invoke(main, ["gateway", "approve", "desk", phone.device_id, "--sim", "1=湾"]).exit_code == 0

    def webhook(method: str, url: str, headers: Any, body: bytes | None) -> tuple[int, bytes]:
        path = url.removeprefix(runtime.settings.base_url)
        answer = client.open(path, method=method, data=body, headers=dict(headers))
        return answer.status_code, answer.data

    phone.http = webhook
    phone.receive("139 0000 0011", "报备 李梅 139****0001")
    phone.receive(AGENT, "to nobody's SIM", sim=2)
    phone.ping()
    phone.post()
    assert [status for status, _ in phone.posted] == [200, 200, 200]
    with runtime.engine.connect() as connection:
        (row,) = connection.execute(select(inbox).where(inbox.c.kind == "text")).all()
        assert (row.gateway, row.sender, row.text) == ("desk", AGENT, "报备 李梅 139****0001")
        assert connection.execute(select(unrouted.c.recipient)).scalar_one().startswith("SIM 2 of ")
    with database_away(runtime, tmp_path):
        phone.receive(AGENT, "报备 王丽 139****0002")
        phone.post()
    assert phone.posted[-1][0] == 200
    assert [runtime.spool.read(name).inbound.recipient for name in runtime.spool.waiting()] == [SITE_NUMBER]
    useful = outgoing(sender_number=SITE_NUMBER, useful_until=datetime(2100, 1, 1, tzinfo=UTC))
    assert isinstance(runtime.gateways["desk"].send(useful), Sent)
    phone.send()
    assert phone.on_air == [(AGENT, useful.words, 1)]
    assert runtime.gateways["desk"].keeps_list is not server.cloud
    url = f"{runtime.settings.base_url}/gateways/desk/messages"
    assert list(runtime.gateways["desk"].examine([SITE_NUMBER], url)) == []


def test_what_the_phone_never_posted_is_found_in_its_list(server: FakeServer, runtime: Runtime) -> None:
    open_line(runtime.engine, "湾")
    assert add(server, "--site", "湾").exit_code == 0
    phone, now = server.phones[0], datetime.now(UTC)
    assert CliRunner().invoke(main, ["gateway", "approve", "desk", phone.device_id, "--sim", "1=湾"]).exit_code == 0
    at = (now - timedelta(minutes=9)).replace(microsecond=0)
    phone.receive(AGENT, "报备 李梅 139****0001", at, power_lost=True)
    rung: list[int] = []
    compared = Backfill(runtime.engine, rung.append, runtime.clock).catch_up(runtime.gateways)
    with runtime.engine.connect() as connection:
        rows = connection.execute(select(inbox.c.text, inbox.c.sent_at).where(inbox.c.kind == "text")).all()
    # A cloud's server keeps no list, and is not asked for one.
    assert (compared, len(rung), len(rows)) == ((0, 0, 0) if server.cloud else (1, 1, 1))
    assert server.cloud or tuple(rows[0]) == ("报备 李梅 139****0001", at)


def test_a_password_that_was_changed_is_used_by_who_runs_already(server: FakeServer, runtime: Runtime) -> None:
    ticks = iter(range(0, 10_000, 100))
    runtime.gateways._monotonic = lambda: next(ticks)  # type: ignore[attr-defined]
    assert add(server).exit_code == 0
    before = runtime.gateways["desk"]
    assert runtime.gateways["desk"] is before
    assert add(server).exit_code == 0
    assert runtime.gateways["desk"] is not before
    assert len(accounts(runtime.engine)) == 1
    with runtime.engine.connect() as connection:
        assert connection.execute(select(phones.c.id)).scalars().all() == [server.phones[0].device_id]


def test_nobody_reads_the_password_where_it_is_kept(server: FakeServer, runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    made = add(server, "--password-file", str(file), password="")
    assert made.exit_code == 0
    (account,) = accounts(runtime.engine)
    assert PASSWORD not in json.dumps(account) + made.output
    assert unseal(SECRET, account["password"]) == PASSWORD


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"password": "another"}, "401"),
        ({"url": "http://127.0.0.1:9"}, "could not be asked"),
        ({"url": "ftp://phone"}, "address of the server's API"),
        ({"name": "twilio"}, "another name"),
        ({"name": "Desk 1"}, "small letters"),
    ],
)
def test_what_cannot_be_is_one_sentence(server: FakeServer, runtime: Runtime, given: dict[str, str], told: str) -> None:
    url, name = given.get("url", server.url), given.get("name", "desk")
    words = ["gateway", "add", "smsgate", name, "--url", url, "--login", LOGIN]
    made = CliRunner().invoke(main, words, input=f"{given.get('password', PASSWORD)}\n")
    assert made.exit_code == 2
    assert told in made.output
    assert accounts(runtime.engine) == []


def test_a_name_that_is_another_gateways_stays_that(server: FakeServer, runtime: Runtime) -> None:
    assert CliRunner().invoke(main, ["gateway", "add", "phone", "desk"]).exit_code == 0
    made = add(server)
    assert (made.exit_code, "already" in made.output) == (2, True)


@pytest.mark.parametrize("words", ["", "x", "口令 " * 40, "\0\U0001f600"])
def test_what_is_sealed_comes_back_and_is_another_text_each_time(words: str) -> None:
    assert unseal("key", seal("key", words)) == words
    assert seal("key", words) != seal("key", words)
    with pytest.raises(ValueError, match="another secret"):
        unseal("another key", seal("key", words))
    with pytest.raises(ValueError, match="another secret"):
        unseal("key", "")
