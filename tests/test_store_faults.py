"""Whatever accepting raises, the text is kept; readiness does what accepting does; a server's settings are not ours."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.engine import make_url

from tests.infrastructure.databases import Databases
from tests.infrastructure.serving import client_of, open_line, post, runtime_of, sandbox_request, spool_away, texts
from worker.cli.main import main
from worker.line import door, probe
from worker.line.probe import could_take
from worker.processes.feeder import feeder_of
from worker.proof.alone import alone
from worker.runtime import Runtime
from worker.store.database import open_engine

MESSAGES = "/gateways/sandbox/messages"
SET_FOR_EVERYBODY = (
    "datestyle = 'SQL, DMY'",
    "timezone = 'America/St_Johns'",
    "intervalstyle = 'iso_8601'",
    "standard_conforming_strings = off",
    "client_encoding = 'latin1'",
    "default_transaction_isolation = 'serializable'",
    "bytea_output = 'escape'",
    "lock_timeout = 1",
)


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_line(runtime.engine)
    yield runtime
    runtime.close()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return client_of(runtime)


def ready(client: FlaskClient) -> tuple[int, list[str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json["degraded"]


@pytest.fixture(params=[NotImplementedError, ValueError, RuntimeError])
def unwrapped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the driver raise what SQLAlchemy does not wrap; return what ends that."""

    def fail(*_: object) -> None:
        raise request.param("a value of the server that the driver cannot read")

    for module in (door, probe):
        monkeypatch.setattr(module, "time_of_line", fail)
    return monkeypatch.undo


def test_what_the_driver_raises_sends_texts_into_the_spool_and_readiness_tells(
    runtime: Runtime, client: FlaskClient, unwrapped: Callable[[], None]
) -> None:
    assert post(client, MESSAGES, sandbox_request()).status_code == 200
    assert len(runtime.spool.waiting()) == 1
    status, degraded = ready(client)
    assert status == 200
    assert {"database_away", "spooled_texts"} <= set(degraded)
    # Nor is it put aside as a text that nobody can read: none could be taken.
    with pytest.raises(door.NotDurableError):
        feeder_of(runtime).feed()
    assert len(runtime.spool.waiting()) == 1
    with spool_away(runtime):
        assert post(client, MESSAGES, sandbox_request()).status_code == 503
    unwrapped()
    assert feeder_of(runtime).feed() == 1
    assert texts(runtime.engine) == 1


def test_a_full_disk_is_told_before_a_text_meets_it(runtime: Runtime, client: FlaskClient) -> None:
    fill_the_disk(runtime)
    assert "database_away" in ready(client)[1]
    with spool_away(runtime):
        assert ready(client)[0] == 503


def fill_the_disk(runtime: Runtime) -> None:
    """Let nothing larger than a few hundred bytes be committed any more."""
    runtime.engine.dispose()
    if runtime.engine.dialect.name == "sqlite":

        def full(connection: Any, _record: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        event.listen(runtime.engine, "connect", full)
        return
    with runtime.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON probes DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )


def test_a_probe_leaves_nothing_behind(runtime: Runtime) -> None:
    assert could_take(runtime.engine)
    with runtime.engine.connect() as connection:
        counts = "SELECT (SELECT count(*) FROM probes) + (SELECT count(*) FROM unrouted)"
        assert connection.execute(text(counts)).scalar_one() == 0


@pytest.fixture
def postgresql_url(postgresql_databases: Databases) -> Iterator[str]:
    yield postgresql_databases.create()
    postgresql_databases.drop()


def test_what_is_set_for_the_database_counts_for_nobody_here(
    postgresql_url: str, redis_url: str, tmp_path: Path
) -> None:
    runtime = runtime_of(tmp_path, postgresql_url, redis_url)
    open_line(runtime.engine)
    name = make_url(postgresql_url).database
    with runtime.engine.begin() as connection:
        for setting in SET_FOR_EVERYBODY:
            connection.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
    runtime.engine.dispose()
    client = client_of(runtime)
    assert post(client, MESSAGES, sandbox_request()).status_code == 200
    assert runtime.spool.is_empty()
    assert texts(runtime.engine) == 1
    assert "database_away" not in ready(client)[1]
    runtime.close()


def test_a_database_that_is_made_read_only_is_written_to_by_nobody_and_named(
    tmp_path: Path, redis_url: str, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = runtime_of(tmp_path, postgresql_url, redis_url)
    open_line(runtime.engine)
    client, name = client_of(runtime), make_url(postgresql_url).database
    for variable, value in (("DATABASE_URL", postgresql_url), ("REDIS_URL", redis_url), ("BAOBEI_VAR", str(tmp_path))):
        monkeypatch.setenv(variable, value)

    def alter(how: str) -> None:
        connected = {"options": "-c default_transaction_read_only=off"}
        operator = create_engine(postgresql_url, connect_args=connected, poolclass=NullPool)
        with operator.begin() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" {how}'))
        runtime.engine.dispose()

    alter("SET default_transaction_read_only = on")
    for _ in range(3):
        # What was read with goes back to the pool, and is as forbidden to write as any.
        assert "database_away" in ready(client)[1]
        assert post(client, MESSAGES, sandbox_request()).status_code == 200
    assert (texts(runtime.engine), len(runtime.spool.waiting())) == (0, 3)
    assert "takes no writes" in CliRunner().invoke(main, ["doctor"]).output
    refused = CliRunner().invoke(main, ["site", "policy", "翡翠湾", "report_days=8"])
    assert (refused.exit_code, "takes no writes" in refused.output) == (1, True)
    alter("RESET default_transaction_read_only")
    assert feeder_of(runtime).feed() == 3
    assert texts(runtime.engine) == 3
    runtime.close()


class Pooler:
    """What a pooler in transaction mode refuses: `options` at the start, and statements that are prepared by name."""

    def __init__(self, folder: str) -> None:
        self._server = f"{folder}/.s.PGSQL.5432"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.refused: list[str] = []
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            Thread(target=_pour, args=(server, client), daemon=True).start()
            with client.makefile("rb") as asked:
                while start := asked.read(4):
                    (size,) = struct.unpack("!I", start)
                    said = asked.read(size - 4)
                    if said[:4] == struct.pack("!I", 80877103):  # It asks for TLS.
                        client.sendall(b"N")
                        continue
                    self.refused += ["options"] if b"\0options\0" in said else []
                    server.sendall(start + said)
                    break
                while kind := asked.read(1):
                    size = asked.read(4)
                    body = asked.read(struct.unpack("!I", size)[0] - 4)
                    self.refused += ["prepared"] if kind == b"P" and not body.startswith(b"\0") else []
                    server.sendall(kind + size + body)


def _pour(server: socket.socket, client: socket.socket) -> None:
    try:
        while some := server.recv(65_536):
            client.sendall(some)
    except OSError:
        return


def test_behind_a_pooler_in_transaction_mode_nothing_is_asked_that_it_refuses(postgresql_url: str) -> None:
    url = make_url(postgresql_url)
    pooler = Pooler(str(url.query["host"]))
    pooled = url.set(host="127.0.0.1", port=pooler.port, query={}).render_as_string(hide_password=False)
    engine = open_engine(pooled, lock_wait_ms=2_345)
    open_line(engine)
    for _ in range(8):
        assert could_take(engine)
    with engine.connect() as connection:
        shown = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in ("lock_timeout", "timezone")}
    assert shown == {"lock_timeout": "2345ms", "timezone": "UTC"}
    with engine.connect() as connection, connection.execution_options(isolation_level="AUTOCOMMIT"):
        # Nothing of it stays with the connection, which is somebody else's the next moment.
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
    engine.dispose()
    pooler.close()
    assert pooler.refused == []


def test_one_at_a_time_holds_without_a_session_of_its_own(runtime: Runtime) -> None:
    with alone(runtime.engine) as mine:
        assert mine
        with alone(runtime.engine) as also_mine:
            assert not also_mine
    with alone(runtime.engine) as mine:
        assert mine
