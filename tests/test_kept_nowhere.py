"""The code of an act stands nowhere but on its phone, and every place is looked at (L6)."""

import io
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator

import pytest
from flask import Flask
from redis import Redis

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, PEOPLE, SERVICE, WANG
from tests.infrastructure.everywhere import (
    Place,
    of_commands,
    of_exports,
    of_files,
    of_pages,
    of_redis,
    of_tables,
)
from tests.infrastructure.serving import SECRET, SITE_NUMBER, signed_by_twilio
from tests.infrastructure.visiting import enrol, visitor
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put, set_policy
from worker.log import say, set_up_logging
from worker.outbox.courier import Courier
from worker.runtime import Runtime

BASE = "http://127.0.0.1:8000"
MESSAGES = "/gateways/twilio/messages"
ZHOU = "+8613900000031"
BEGIN = ("/register", "/desk", "/cases", "/ops", "/account", "/desk/1/log", "/metrics", "/readyz")
KINDS = {"table", "page", "export", "command", "redis", "file", "log"}


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with fake_twilio() as fake:
        yield fake


@pytest.fixture
def variables(fake: FakeTwilio) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": fake.url,
        "PUBLIC_URL": BASE,
    }


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging("DEBUG", stream)
    yield stream
    root.handlers[:], _ = kept[0], root.setLevel(kept[1])


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    staff = {"manager": [MANAGER], "consultant": [CONSULTANT], "service": [SERVICE]}
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, staff, "twilio")
    colleague = {"name": "周涛", "phone": ZHOU, "unit": "链家", "kind": "distributor"}
    put(runtime.engine, site, "roster", {"people": [*map(dict, PEOPLE), colleague]})
    set_policy(runtime.engine, site, ["quiet_hours=off"])
    return site


Send = Callable[[str, str], None]


@pytest.fixture
def send(app: Flask, runtime: Runtime, site: SiteRow) -> Send:
    """A function that has somebody text the site; the text is decided, its answers are delivered."""
    client = app.test_client()

    def sent(sender: str, words: str) -> None:
        sid = "SM" + secrets.token_hex(16)
        fields = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": sender, "To": SITE_NUMBER, "Body": words}
        headers, raw = signed_by_twilio(f"{BASE}{MESSAGES}", TOKEN, list(fields.items()))
        assert client.post(MESSAGES, data=raw, headers=headers).status_code == 200
        decide_site(runtime.engine, site.id)
        Courier(runtime.engine, runtime.gateways, runtime.clock).drain()

    return sent


@pytest.fixture
def environ(runtime: Runtime, database_url: str, redis_url: str) -> dict[str, str]:
    """What a command has in its environment."""
    var = str(runtime.settings.var)
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": SECRET, "BAOBEI_VAR": var}


@pytest.fixture
def everywhere(
    app: Flask,
    runtime: Runtime,
    site: SiteRow,
    environ: dict[str, str],
    redis_url: str,
    log: io.StringIO,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], Iterator[Place]]:
    """A function that yields every place there is."""
    enrol(runtime, "经理", "manager", "service", phone=MANAGER)
    enrol(runtime, "运维", "ops")
    written = tmp_path_factory.mktemp("written")

    def places() -> Iterator[Place]:
        yield "log", log.getvalue().encode()
        yield from of_tables(runtime.engine)
        yield from of_files(runtime.settings.var)
        yield from of_redis(redis_url)
        for name in ("经理", "运维"):
            yield from of_pages(visitor(app, name), *BEGIN)
        yield from of_exports(visitor(app, "经理"), site.id)
        for old in written.iterdir():
            old.unlink()
        yield from of_commands(environ, written)
        # A command has a log of its own.
        set_up_logging("DEBUG", log)

    return places


def where(pattern: str, places: Iterable[Place]) -> set[str]:
    """Return the names of the places in which something stands, in a run of digits and letters of its own."""
    alone = re.compile(rf"(?<![0-9a-fA-F.]){pattern}(?![0-9a-fA-F])")
    return {name for name, said in places if alone.search(said.decode("utf-8", "replace"))}


def kinds(names: Iterable[str]) -> set[str]:
    return {name.split(" ")[0] for name in names}


def plant(what: str, runtime: Runtime, site: SiteRow, redis_url: str) -> None:
    """Put something into one place of each kind."""
    row = {"client": what, "first3": "138", "last4": "0001", "agent": "李四", "unit": "链家"}
    put(runtime.engine, site, "import", {"rows": [row | {"reported_at": runtime.clock().isoformat()}]})
    decide_site(runtime.engine, site.id)
    (runtime.settings.var / "canary").write_text(what)
    say(logging.getLogger("worker.canary"), "canary", code=what)
    with Redis.from_url(redis_url) as redis:
        redis.set("canary", f"of {what}")


def codes_of(fake: FakeTwilio) -> list[str]:
    """Return the codes that phones were sent, the oldest first."""
    return [found for form in fake.asked for found in re.findall(r"回(\d{6})确认", form["Body"])]


@pytest.mark.timeout(300)
def test_an_acts_code_stands_nowhere_but_on_its_phone(
    runtime: Runtime,
    site: SiteRow,
    fake: FakeTwilio,
    send: Send,
    everywhere: Callable[[], Iterator[Place]],
    redis_url: str,
) -> None:
    for sender, words in (
        (LI, "报备 张三 138****5678"),
        (WANG, "报备 李梅 139****2233"),
        (ZHOU, "报备 何健 186****0917"),
        (LI, "报备 欧阳明 186****9012"),
        (LI, "撤 R1"),
        (WANG, "撤 R2"),
        (ZHOU, "取消 何健 186****0917"),
        (MANAGER, "定金 R4"),
    ):
        send(sender, words)
    waiting = codes_of(fake)
    assert len(set(waiting)) == 4
    places = list(everywhere())
    assert kinds(name for name, _ in places) == KINDS
    for code in waiting:
        assert where(code, places) == set()
    wrong = next(digits for digits in ("271828", "314159") if digits not in waiting)
    send(LI, wrong)
    send(WANG, "否")
    send(WANG, "撤 R2")
    send(MANAGER, waiting[3])
    places = list(everywhere())
    for code in (*waiting[:3], *codes_of(fake)[4:]):
        assert where(code, places) == set()
    # Done, it is good for nothing any more, and the text that brought it stands in the line like every other.
    used = where(waiting[3], places)
    assert {"table inbox.text", "table inbox.body"} <= used
    assert kinds(name for name in used if not name.startswith(("table inbox.", "page /ops"))) <= {"command", "file"}
    plant(waiting[0], runtime, site, redis_url)
    assert kinds(where(waiting[0], everywhere())) == KINDS
