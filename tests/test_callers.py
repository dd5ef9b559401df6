"""By which name, from where and through whom we are asked, and what is told to whom."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.databases import Databases
from tests.infrastructure.serving import TWILIO, client_of, open_line, post, runtime_of, sandbox_request, twilio_request
from tests.infrastructure.visiting import enrol, token_of, visitor
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site
from worker.outbox.stops import stops
from worker.runtime import Runtime
from worker.store.schema import inbox

TOKEN = "a token for Prometheus"  # noqa: S105
Make = Callable[..., Runtime]


@pytest.fixture
def make(tmp_path: Path, sqlite_databases: Databases, redis_url: str) -> Iterator[Make]:
    made: list[Runtime] = []

    def make(**environ: str) -> Runtime:
        made.append(runtime_of(tmp_path, sqlite_databases.create(), redis_url, **environ))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()
    sqlite_databases.drop()


def status(client: FlaskClient, path: str, host: str = "localhost", peer: str = "127.0.0.1", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Host": host}
    return client.get(path, headers=named, environ_overrides={"REMOTE_ADDR": peer}).status_code


def test_the_sandbox_answers_its_own_machine_alone(make: Make) -> None:
    runtime = make()
    client = client_of(runtime)
    open_line(runtime.engine)
    assert status(client, "/phones") == 200
    assert status(client, "/phones", "[::1]:8000", "::1") == 200
    assert status(client, "/phones", peer="192.168.1.7") == 403
    assert status(client, "/phones", X_Forwarded_For="203.0.113.7") == 403
    assert status(client, "/phones", "rebound.example") == 400
    assert status(client, "/phones", "192.168.1.5") == 400
    headers, raw = sandbox_request()
    assert (
        client.post(
            "/gateways/sandbox/messages", data=raw, headers=headers, environ_overrides={"REMOTE_ADDR": "192.168.1.7"}
        ).status_code
        == 403
    )


def test_unless_others_are_asked_in_by_name(make: Make) -> None:
    runtime = make(SANDBOX_HOSTS="demo.example, 192.168.1.5")
    client = client_of(runtime)
    for host in ("demo.example:8000", "192.168.1.5"):
        assert status(client, "/phones", host, "192.168.1.7") == 200
    assert status(client, "/phones", "rebound.example", "192.168.1.7") == 400


def test_behind_a_public_name_pages_answer_to_that_name_and_gateways_to_their_signature(make: Make) -> None:
    runtime = make(**TWILIO)
    client = client_of(runtime)
    open_line(runtime.engine, gateway="twilio")
    for host in ("reports.example.com", "localhost:8000", "10.0.0.5"):
        assert status(client, "/login", host, "10.0.0.9", X_Forwarded_For="203.0.113.7") == 200
    for host in ("rebound.example", "reports.example.com.evil.example", "@", "[", ""):
        assert status(client, "/login", host) == 400, host
    assert status(client, "/healthz", "web-7.internal") == 200
    headers, raw = twilio_request()
    assert post(client, "/gateways/twilio/messages", (headers | {"Host": "web-7.internal"}, raw)).status_code == 200


def test_with_https_browsers_are_told_to_stay_there(make: Make) -> None:
    assert client_of(make(**TWILIO)).get("/login").headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client_of(make()).get("/login").headers


def test_how_we_are_is_for_this_machine_and_whoever_has_the_token(make: Make) -> None:
    client = client_of(make(**TWILIO, METRICS_TOKEN=TOKEN))
    away: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for headers, seen in (({}, False), ({"Authorization": "Bearer wrong"}, False), (bearer, True)):
        assert (client.get("/metrics", headers=headers, **away).status_code == 200) is seen
        answer = client.get("/readyz", headers=headers, **away)
        assert (answer.status_code, "degraded" in answer.json) == (200, seen)
    assert client.get("/metrics").status_code == 200
    # What a proxy on this machine passes on comes from elsewhere.
    for forwarded in ({"X-Forwarded-For": "127.0.0.1"}, {"Via": "1.1 proxy"}, {"Host": "reports.example.com"}):
        assert client.get("/metrics", headers=forwarded).status_code == 403
        assert "degraded" not in client.get("/readyz", headers=forwarded).json


def test_numbers_are_made_once_in_some_seconds(make: Make) -> None:
    runtime = make()
    client = create_app(runtime, kept_s=1e6).test_client()
    before, ready = client.get("/metrics").text, client.get("/readyz").json
    open_site(runtime.engine, "湾", "+8613800000000", {"manager": ["+8613800000001"]}, "sandbox")
    assert (client.get("/metrics").text, client.get("/readyz").json) == (before, ready)
    assert client_of(runtime).get("/metrics").text != before


def test_operations_for_one_site_move_nothing_that_concerns_all(make: Make) -> None:
    runtime = make(**TWILIO)
    site_id = open_line(runtime.engine, gateway="twilio")
    enrol(runtime, "one", "ops", site_id=site_id)
    enrol(runtime, "all", "ops")
    app = create_app(runtime)
    for name, expected in (("one", 403), ("all", 303)):
        client = visitor(app, name)
        for path in ("/ops/gateways/twilio/resume", "/ops/jobs/decide/none/requeue"):
            assert client.post(path, data={"token": token_of(client)}).status_code == expected, (name, path)
    assert stops(runtime.engine) == []


def test_an_account_acts_in_no_role_that_it_does_not_have(make: Make) -> None:
    runtime = make()
    phone = "+8613800000001"
    site = open_site(runtime.engine, "湾", "+8613800000000", {"manager": [phone]}, "sandbox")
    while decide_site(runtime.engine, site.id).more:
        pass
    enrol(runtime, "Li", "consultant", phone=phone)
    client = visitor(create_app(runtime), "Li")
    form = {"token": token_of(client), "entry": "e1", "forms": "V1"}
    assert client.post(f"/desk/{site.id}/signatures", data=form).status_code == 409
    with runtime.engine.connect() as connection:
        assert not connection.execute(select(inbox.c.seq).where(inbox.c.kind == "form")).all()
