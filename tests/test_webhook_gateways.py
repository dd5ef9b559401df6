"""The gateways' routes: what is kept, what leaves no trace, and what each gateway is told."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, insert, select
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from tests.infrastructure.serving import (
    AGENT,
    FORM,
    PUBLIC_URL,
    SITE_NUMBER,
    TWILIO,
    client_of,
    database_away,
    open_line,
    post,
    runtime_of,
    sandbox_request,
    spool_away,
    texts,
    twilio_request,
)
from worker.gateways.base import LARGEST_BODY, Ack, ForgedError, Inbound, Ping, Status
from worker.line.door import NotDurableError, ReadyText, Receipt, accept_all
from worker.runtime import Runtime
from worker.store.schema import attempts, inbox, replies, unrouted

Request = tuple[dict[str, str], bytes]
Sign = Callable[..., Request]


class Gate:
    """One gateway's messages route, and how to write to it."""

    def __init__(self, name: str, client: FlaskClient, sign: Sign, id_field: str) -> None:
        self.path = f"/gateways/{name}/messages"
        self.client = client
        self.sign = sign
        self.signature = id_field

    def send(self, request: Request) -> TestResponse:
        return post(self.client, self.path, request)


@pytest.fixture(params=["sandbox", "twilio"])
def runtime(request: pytest.FixtureRequest, tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url, **(TWILIO if request.param == "twilio" else {}))
    open_line(runtime.engine, gateway=request.param)
    yield runtime
    runtime.close()


@pytest.fixture
def gate(runtime: Runtime) -> Gate:
    if runtime.settings.sandbox:
        return Gate("sandbox", client_of(runtime), sandbox_request, "X-Baobei-Signature")
    return Gate("twilio", client_of(runtime), twilio_request, "X-Twilio-Signature")


def in_line(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(inbox).where(inbox.c.kind == "text").order_by(inbox.c.seq)))


def test_a_signed_text_is_in_line_before_its_gateway_is_told(gate: Gate, runtime: Runtime) -> None:
    answer = gate.send(gate.sign(Body="报备 李梅 139****0001"))
    assert answer.status_code == 200
    (row,) = in_line(runtime.engine)
    assert (row.sender, row.text, row.seq) == (AGENT, "报备 李梅 139****0001", 2)


def test_a_text_rings_for_its_decision(gate: Gate, redis_url: str) -> None:
    gate.send(gate.sign())
    with Redis.from_url(redis_url) as redis:
        assert redis.llen("rq:queue:decide") == 1


def test_a_repeated_delivery_is_taken_and_kept_once(gate: Gate, runtime: Runtime) -> None:
    request = gate.sign()
    answers = [gate.send(request) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.data for answer in answers}) == 1
    assert texts(runtime.engine) == 1


def test_a_text_to_no_site_is_kept_apart(gate: Gate, runtime: Runtime) -> None:
    assert gate.send(gate.sign(To="+8613800009999", Body="报备 周全 13800138000")).status_code == 200
    with runtime.engine.connect() as connection:
        row = connection.execute(select(unrouted)).one()
    assert row.recipient == "+8613800009999"
    assert "13800138000" not in row.text
    assert in_line(runtime.engine) == []


def test_a_text_is_kept_while_redis_is_away(tmp_path: Path, database_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, f"unix://{tmp_path}/nobody.sock")
    open_line(runtime.engine)
    assert post(client_of(runtime), "/gateways/sandbox/messages", sandbox_request()).status_code == 200
    assert texts(runtime.engine) == 1
    runtime.close()


def test_no_signature_leaves_no_trace(gate: Gate, runtime: Runtime) -> None:
    headers, raw = gate.sign()
    del headers[gate.signature]
    assert gate.send((headers, raw)).status_code == 403
    assert texts(runtime.engine) == 0


@pytest.mark.parametrize("forged", ["", "AAAA", "é", "0" * 64])
def test_a_wrong_signature_leaves_no_trace(gate: Gate, runtime: Runtime, forged: str) -> None:
    headers, raw = gate.sign()
    assert gate.send((headers | {gate.signature: forged}, raw)).status_code == 403
    assert texts(runtime.engine) == 0


def test_a_changed_body_leaves_no_trace(gate: Gate, runtime: Runtime) -> None:
    headers, raw = gate.sign(Body="report A 138****5678")
    assert gate.send((headers, raw.replace(b"report+A", b"report+B"))).status_code == 403
    assert texts(runtime.engine) == 0


def test_the_address_is_part_of_what_twilio_signs(tmp_path: Path, database_url: str, redis_url: str) -> None:
    runtime = runtime_of(tmp_path, database_url, redis_url, **TWILIO)
    client = client_of(runtime)
    address = f"{PUBLIC_URL}/gateways/twilio/messages"
    request = twilio_request(url=f"{address}?rc=3&x=%E5%8C%97")
    assert post(client, "/gateways/twilio/messages?rc=3&x=%E5%8C%97", request).status_code == 200
    assert post(client, "/gateways/twilio/messages?rc=4", request).status_code == 403
    elsewhere = twilio_request(url="http://localhost/gateways/twilio/messages")
    assert post(client, "/gateways/twilio/messages", elsewhere).status_code == 403
    runtime.close()


@pytest.mark.parametrize("twice", ["From", "To", "Body", "MessageSid"])
def test_a_field_that_is_there_twice_leaves_no_trace(gate: Gate, runtime: Runtime, twice: str) -> None:
    assert gate.send(gate.sign((twice, "x"))).status_code == 400
    headers, raw = gate.sign()
    assert gate.send((headers, raw + f"&{twice}=x".encode())).status_code in (400, 403)
    assert texts(runtime.engine) == 0


@pytest.mark.parametrize(
    ("headers", "raw", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({}, b"From=1", 415),
        ({"Content-Type": FORM}, b"Body=" + b"x" * LARGEST_BODY, 413),
        ({"Content-Type": FORM}, "&".join(f"f{i}=" for i in range(101)).encode(), 413),
        ({"Content-Type": FORM}, b"Body=%ff", 400),
        ({"Content-Type": FORM}, b"Body=\xff", 400),
        ({"Content-Type": FORM}, b"", 403),
    ],
)
def test_what_nobody_can_read_leaves_no_trace(
    gate: Gate, runtime: Runtime, headers: dict[str, str], raw: bytes, status: int
) -> None:
    answer = gate.send((headers, raw))
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    assert len(answer.text.splitlines()) == 1
    assert texts(runtime.engine) == 0


def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(gate: Gate, runtime: Runtime) -> None:
    endless = Endless()
    environ = create_environ(gate.path, method="POST", headers={"Content-Type": FORM, "Transfer-Encoding": "chunked"})
    del environ["CONTENT_LENGTH"]
    environ |= {"REMOTE_ADDR": "127.0.0.1", "wsgi.input": endless, "wsgi.input_terminated": True}
    _, status, _ = run_wsgi_app(gate.client.application, environ, buffered=True)
    assert status.startswith("413")
    assert endless.given <= 4 * LARGEST_BODY
    assert texts(runtime.engine) == 0


class Endless:
    """A body that goes on for ever."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "somebody wants to read it all"
        self.given += size
        return b"x" * size

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)

    def close(self) -> None:
        pass


def test_a_malformed_message_with_a_good_signature_leaves_no_trace(gate: Gate, runtime: Runtime) -> None:
    assert gate.send(gate.sign(MessageSid="no id !")).status_code == 400
    assert texts(runtime.engine) == 0


def test_there_are_no_other_gateways_and_methods(gate: Gate) -> None:
    assert post(gate.client, "/gateways/pigeon/messages", gate.sign()).status_code == 404
    assert post(gate.client, gate.path.replace("messages", "letters"), gate.sign()).status_code == 404
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = gate.client.open(gate.path, method=method)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"


def test_a_text_that_could_not_be_kept_is_not_acknowledged(gate: Gate, runtime: Runtime, tmp_path: Path) -> None:
    request = gate.sign()
    with database_away(runtime, tmp_path), spool_away(runtime):
        assert gate.send(request).status_code == 503
    assert gate.send(request).status_code == 200
    assert texts(runtime.engine) == 1


def test_nothing_personal_is_logged_or_answered(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "报备 金丝雀 13800138000"
    answers = [
        gate.send(gate.sign(Body=canary)),
        gate.send(gate.sign(Body=canary, To="+8613800009999")),
        gate.send(gate.sign(Body=canary, MessageSid="no id !")),
        gate.send(({}, canary.encode())),
        gate.client.post("/gateways/13800138000/messages", data=canary),
        gate.client.get("/金丝雀/13800138000"),
    ]
    said = "".join(answer.text for answer in answers) + caplog.text
    assert "accepted" in said
    for word in ("金丝雀", "13800138000", AGENT[3:]):
        assert word not in said


class Pigeon:
    """A gateway that nobody outside this test knows: it may bring several messages at once."""

    name = "pigeon"

    def __init__(self, *messages: Inbound | Status | Ping, broken: bool = False) -> None:
        self.messages = messages
        self.broken = broken

    def verify(self, headers: dict[str, str], raw: bytes, url: str) -> None:
        if raw != b"coo":
            raise ForgedError("no pigeon wrote this")

    def parse(self, route: str, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        if self.broken:
            raise RuntimeError("金丝雀 13800138000")
        return list(self.messages)

    def ack(self, ok: bool) -> Ack:
        return Ack(202 if ok else 507, "text/x-feather; charset=utf-8", "咕" if ok else "…")


@pytest.fixture
def pigeonry(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Callable[[Pigeon], FlaskClient]]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_line(runtime.engine, gateway="pigeon")

    def with_pigeon(pigeon: Pigeon) -> FlaskClient:
        runtime.gateways["pigeon"] = pigeon  # type: ignore[assignment]
        return client_of(runtime)

    yield with_pigeon
    runtime.close()


def letter(number: int, recipient: str = SITE_NUMBER) -> Inbound:
    return Inbound("pigeon", f"letter-{number}", AGENT, recipient, f"text {number}")


def test_any_adapter_gets_its_routes_and_its_own_answer(pigeonry: Callable[[Pigeon], FlaskClient]) -> None:
    client = pigeonry(Pigeon(letter(1), Ping("pigeon"), letter(2), letter(1)))
    answer = client.post("/gateways/pigeon/messages", data=b"coo")
    assert (answer.status_code, answer.content_type, answer.text) == (202, "text/x-feather; charset=utf-8", "咕")
    assert [row.text for row in in_line(client.application.extensions["baobei"].engine)] == ["text 1", "text 2"]
    assert client.post("/gateways/pigeon/messages", data=b"moo").status_code == 403


def test_what_came_before_the_failure_is_silent_when_it_comes_again(
    pigeonry: Callable[[Pigeon], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = pigeonry(Pigeon(letter(1), letter(2)))
    with monkeypatch.context() as patch, spool_away(client.application.extensions["baobei"]):
        patch.setattr("worker.line.intake.accept_all", failing_at("letter-2"))
        assert client.post("/gateways/pigeon/messages", data=b"coo").status_code == 507
    assert client.post("/gateways/pigeon/messages", data=b"coo").status_code == 202
    assert [row.text for row in in_line(client.application.extensions["baobei"].engine)] == ["text 1", "text 2"]


def failing_at(provider_id: str) -> Callable[[Engine, Sequence[ReadyText]], list[Receipt | Exception]]:
    def accept_most(engine: Engine, arrivals: Sequence[ReadyText]) -> list[Receipt | Exception]:
        if any(each.draft.provider_id == provider_id for each in arrivals):
            raise NotDurableError("the disk is full")
        return accept_all(engine, arrivals)

    return accept_most


def test_an_adapter_that_breaks_says_nothing_of_the_text(
    pigeonry: Callable[[Pigeon], FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    answer = pigeonry(Pigeon(broken=True)).post("/gateways/pigeon/messages", data=b"coo")
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert "金丝雀" not in answer.text + caplog.text
    assert "RuntimeError" in "".join(str(vars(record)) for record in caplog.records)


def test_a_status_is_recorded(pigeonry: Callable[[Pigeon], FlaskClient]) -> None:
    client = pigeonry(Pigeon(Status("pigeon", "feather-1", 1, "delivered", attempt=1)))
    engine = client.application.extensions["baobei"].engine
    put_reply(engine)
    assert client.post("/gateways/pigeon/status", data=b"coo").status_code == 202
    with engine.connect() as connection:
        row = connection.execute(select(replies)).one()
    assert (row.state, row.delivery, row.sid) == ("sent", "delivered", "feather-1")


def test_a_status_that_could_not_be_kept_is_not_acknowledged(
    pigeonry: Callable[[Pigeon], FlaskClient], tmp_path: Path
) -> None:
    client = pigeonry(Pigeon(Status("pigeon", "feather-1", 1, "delivered", attempt=1)))
    with database_away(client.application.extensions["baobei"], tmp_path):
        assert client.post("/gateways/pigeon/status", data=b"coo").status_code == 507


def put_reply(engine: Engine) -> None:
    now = datetime.now(UTC)
    times = dict.fromkeys(("created_at", "next_at", "useful_until", "updated_at"), now)
    reply = {"id": 1, "site_id": 1, "cause": "m:2", "code": "help", "recipient": AGENT, "role": "reply", "ref": ""}
    with engine.begin() as connection:
        connection.execute(insert(replies).values(**reply, **times, params={}, words="…", state="sending", attempt=1))
        connection.execute(insert(attempts).values(reply_id=1, number=1, started_at=now))
