"""The web application with a database and a Redis of its own, and requests to it as its gateways write them."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from twilio.request_validator import RequestValidator
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from webhook.app import create_app
from worker.clock import Clock, utc_now
from worker.gateways.forms import Form
from worker.gateways.sandbox import signed
from worker.line.door import found_site
from worker.line.spool import Spool
from worker.runtime import Runtime, open_runtime
from worker.settings import load_settings
from worker.store.database import open_engine
from worker.store.schema import inbox, unrouted

SECRET = "a secret of the tests alone"  # noqa: S105
PUBLIC_URL = "https://reports.example.com/baobei"
ACCOUNT = "AC" + "0" * 32
TOKEN = "t" * 32
SITE_NUMBER = "+8613800000000"
AGENT = "+8613900000011"
TWILIO = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": PUBLIC_URL}
FORM = "application/x-www-form-urlencoded"


def runtime_of(var: Path, database_url: str, redis_url: str, **environ: str) -> Runtime:
    """Return a runtime; with TWILIO's variables it has Twilio's gateway, else the sandbox."""
    given = {"BAOBEI_VAR": str(var), "DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": SECRET}
    return open_runtime(load_settings(given | environ))


def client_of(runtime: Runtime) -> FlaskClient:
    """Return a client of the application; errors become answers, as they do in production."""
    return create_app(runtime, kept_s=0).test_client()


@contextmanager
def database_away(runtime: Runtime, folder: Path) -> Iterator[None]:
    """Have a database that cannot be reached."""
    good, runtime.engine = runtime.engine, open_engine(f"sqlite:///{folder}/no/such/folder/db.sqlite")
    yield
    runtime.engine = good


@contextmanager
def spool_away(runtime: Runtime) -> Iterator[None]:
    """Have a spool in which nothing can be kept."""
    good, runtime.spool = runtime.spool, Spool(Path("/proc/no/such/folder"))
    yield
    runtime.spool = good


def open_line(engine: Engine, name: str = "翡翠湾", number: str = SITE_NUMBER, gateway: str = "sandbox") -> int:
    """Found a site and return its id."""
    receipt = found_site(engine, name, number, gateway, {"name": name, "number": number})
    assert receipt.site_id is not None
    return receipt.site_id


def sandbox_request(*more: tuple[str, str], **fields: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a text from an agent's phone, signed now; `more` fields may repeat a name."""
    message = {"From": AGENT, "To": SITE_NUMBER, "Body": "报备 张三 138****5678", "MessageSid": secrets.token_hex(8)}
    pairs: Any = [*(message | fields).items(), *more]
    return signed(SECRET, pairs, datetime.now(UTC))


def twilio_request(
    *more: tuple[str, str], url: str = f"{PUBLIC_URL}/gateways/twilio/messages", **fields: str
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a text as Twilio posts it, signed for an address; `more` may repeat a name."""
    message = {
        "MessageSid": "SM" + secrets.token_hex(16),
        "AccountSid": ACCOUNT,
        "From": AGENT,
        "To": SITE_NUMBER,
        "Body": "报备 张三 138****5678",
        "NumMedia": "0",
    }
    return signed_by_twilio(url, TOKEN, [*(message | fields).items(), *more])


def signed_by_twilio(url: str, token: str, fields: Sequence[tuple[str, str]]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a form as Twilio posts it to an address."""
    raw = urlencode(fields).encode()
    signature = RequestValidator(token).compute_signature(url, Form.of(raw))
    return {"Content-Type": FORM, "X-Twilio-Signature": signature}, raw


@contextmanager
def served(environ: Mapping[str, str], clock: Clock = utc_now) -> Iterator[Runtime]:
    """Serve the application on a free port of the loopback, which is its PUBLIC_URL; yields its runtime."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    public = {"PUBLIC_URL": f"http://127.0.0.1:{server.server_port}", "SECRET_KEY": SECRET}
    runtime = open_runtime(load_settings(public | dict(environ)), clock)
    server.app = create_app(runtime)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield runtime
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        runtime.close()


def post(client: FlaskClient, path: str, request: tuple[dict[str, str], bytes]) -> TestResponse:
    """Post headers and body."""
    headers, raw = request
    return client.post(path, data=raw, headers=headers)


def texts(engine: Engine) -> int:
    """Return how many texts lie anywhere: in a line, or with those of no site."""
    in_line = select(func.count()).select_from(inbox).where(inbox.c.kind == "text")
    lost = select(func.count()).select_from(unrouted)
    with engine.connect() as connection:
        return int(connection.execute(in_line).scalar_one() + connection.execute(lost).scalar_one())
