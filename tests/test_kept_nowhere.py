"""The code of an act (L6), and a client's whole number (L14): no place keeps them, and every place is looked at."""

import io
import logging
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tests.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, fake_twilio
from tests.infrastructure.deciding import CONSULTANT, LI, MANAGER, PEOPLE, SERVICE, WANG, deciding
from tests.infrastructure.everywhere import (
    Place,
    of_commands,
    of_exports,
    of_files,
    of_pages,
    of_redis,
    of_tables,
)
from tests.infrastructure.logs import logged
from tests.infrastructure.serving import SECRET, SITE_NUMBER, signed_by_twilio
from tests.infrastructure.visiting import PASSWORD, enrol, log_in, post, post_for_sure, token_of, visitor
from worker.cli.main import main
from worker.decide.decider import decide_site
from worker.decide.set_up import SiteRow, open_site, put, set_policy
from worker.gateways.base import Inbound
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
    with logged("DEBUG") as stream:
        yield stream


@pytest.fixture
def site(runtime: Runtime) -> SiteRow:
    staff = {"manager": [MANAGER], "consultant": [CONSULTANT], "service": [SERVICE]}
    site = open_site(runtime.engine, "翡翠湾", SITE_NUMBER, staff, "twilio")
    colleague = {"name": "周涛", "phone": ZHOU, "unit": "链家", "kind": "distributor"}
    put(runtime.engine, site, "roster", {"people": [*map(dict, PEOPLE), colleague]})
    set_policy(runtime.engine, site, ["quiet_hours=off"])
    return site


Send = Callable[[str, str], None]
Everywhere = Callable[[], Iterator[Iterator[Place]]]


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
) -> Everywhere:
    """A function that yields every place there is, those that are looked at in one way together."""
    enrol(runtime, "经理", "manager", "service", phone=MANAGER)
    enrol(runtime, "运维", "ops")
    written = tmp_path_factory.mktemp("written")

    def places() -> Iterator[Iterator[Place]]:
        yield iter([("log", log.getvalue().encode())])
        yield of_tables(runtime.engine)
        yield of_files(runtime.settings.var)
        yield of_redis(redis_url)
        for name in ("经理", "运维"):
            yield of_pages(visitor(app, name), *BEGIN)
        yield of_exports(visitor(app, "经理"), site.id)
        for old in written.iterdir():
            old.unlink()
        yield of_commands(environ, written)
        # A command has a log of its own.
        set_up_logging("DEBUG", log)

    return places


def where(pattern: str, places: Iterable[Place]) -> set[str]:
    """Return the names of the places in which something stands, in a run of digits and letters of its own."""
    alone = re.compile(rf"(?<![0-9a-fA-F.]){pattern}(?![0-9a-fA-F])")
    return {name for name, said in places if alone.search(said.decode("utf-8", "replace"))}


def kinds(names: Iterable[str]) -> set[str]:
    return {name.split(" ")[0] for name in names}


def first_kinds(found: Callable[[Iterable[Place]], set[str]], places: Iterable[Iterator[Place]]) -> set[str]:
    """Return the kinds of the first places that hold something, one of each way to look: what is planted is there."""
    firsts = (next((names for place in alike if (names := found([place]))), set[str]()) for alike in places)
    return kinds(chain.from_iterable(firsts))


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
    everywhere: Everywhere,
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
    places = list(chain.from_iterable(everywhere()))
    assert kinds(name for name, _ in places) == KINDS
    for code in waiting:
        assert where(code, places) == set()
    wrong = next(digits for digits in ("271828", "314159") if digits not in waiting)
    send(LI, wrong)
    send(WANG, "否")
    send(WANG, "撤 R2")
    send(MANAGER, waiting[3])
    places = list(chain.from_iterable(everywhere()))
    for code in (*waiting[:3], *codes_of(fake)[4:]):
        assert where(code, places) == set()
    # Done, it is good for nothing any more, and the text that brought it stands in the line like every other.
    used = where(waiting[3], places)
    assert {"table inbox.text", "table inbox.body"} <= used
    assert kinds(name for name in used if not name.startswith(("table inbox.", "page /ops"))) <= {"command", "file"}
    plant(waiting[0], runtime, site, redis_url)
    assert first_kinds(partial(where, waiting[0]), everywhere()) == KINDS


# ---- Whole numbers of clients --------------------------------------------------------------------------------------

WHOLE = r"138\D{0,3}6049|6049\D{0,3}5572"
"""More of the number than its first three and last four digits, in whatever groups."""
NUMBERS = ("13860495572", "138 6049 5572", "+86-138.6049.5572")


def where_whole(places: Iterable[Place]) -> set[str]:
    """Return the names of the places that hold more of the client's number than a mask does."""
    folded = ((name, unicodedata.normalize("NFKC", said.decode("utf-8", "replace"))) for name, said in places)
    return {name for name, said in folded if re.search(WHOLE, said)}


def search(client: FlaskClient, number: str) -> None:
    """Look for a client by his whole number wherever one can, by our own forms and by addresses written by hand."""
    for page in ("/register", "/desk", "/desk/1/found"):
        post(client, page, site="1", q=number)
        client.get(f"{page}?site=1&q={quote(number)}", follow_redirects=True)
    post(client, "/register/1/export/csv", q=number, unit=number)
    for path in ("/login?next=/register?q=", "/no/such/page?q=", "/cases?done=", "/ops?section=", "/register?unit="):
        client.get(path + quote(number), follow_redirects=True)
    client.get(f"/no/such/{quote(number)}")


def ask_badly(client: FlaskClient, number: str) -> None:
    """Send what is refused, with the number in every part of it."""
    fields = {"MessageSid": "SM" + "0" * 32, "AccountSid": ACCOUNT, "From": LI, "To": SITE_NUMBER, "Body": number}
    headers, raw = signed_by_twilio(f"{BASE}{MESSAGES}", TOKEN, list(fields.items()))
    forged = headers | {"X-Twilio-Signature": f"{number} 13860495572".encode().hex()}
    bad = ((forged, raw), (headers, raw + number.encode()), ({}, number.encode()), (headers, b"\xff" + raw))
    for told, body in bad:
        assert client.post(f"{MESSAGES}?x={quote(number)}", data=body, headers=told).status_code >= 400
    log_in(client, number, number)
    post(client, "/preferences", language=number, theme=number)
    client.post("/register", data={"token": number, "q": number})
    for method in ("PUT", "DELETE", "PATCH"):
        client.open(f"/register?q={quote(number)}", method=method, data=number)


def fill_in(client: FlaskClient, number: str, turn: int) -> None:
    """Put the number into every field of forms whose words are kept."""
    for path, fields in (
        ("/desk/1/arrivals", {"client": f"张三{number}", "phone": number, "agent": f"李四 {number}"}),
        ("/desk/1/groups", {"agent": "郑丽", "clients": f"赵敏 {number}\n钱伟 151****2222 {number}"}),
        ("/cases/1/papers", {"ref": "D1", "unit": "链家", "kind": "短信", "words": f"约 {number} 看房"}),
        ("/register/1/3/0/withdrawals", {"ref": "R1", "words": f"客户 {number} 要求", "reason": number}),
    ):
        client.post(path, data={"token": token_of(client), "entry": f"n{turn}{path[1]}{len(path)}"} | fields)


def name_by(client: FlaskClient, number: str) -> None:
    """Name people, accounts and sites by the number on the pages of set-up."""
    known = {"current": PASSWORD, "role": "consultant", "site": "1"}
    post(client, "/setup/staff/1", name=f"吴敏{number}", phone="13800000066", **known)
    post(client, "/setup/users", name=f"u{number}", **known)
    names = {"form": "names", "name": "翡翠湾", "aliases": "", "language": "zh"}
    for field in ("name", "aliases"):
        post_for_sure(client, "/setup/site/1", **names | {field: f"滨江{number}"})


def import_lists(environ: dict[str, str], folder: Path, number: str) -> None:
    """Import lists that hold the number in every column that may hold words, and some that are refused."""
    register = "client,phone,agent,unit,reported_at\n"
    roster = "name,phone,unit,kind\n"
    for what, head, row in (
        ("register", register, f"冯远 {number},{number},李四,链家,2026-11-20 10:00"),
        ("register", register, f"冯远,{number},李四 {number},链家 {number},2026-11-20 10:00"),
        ("register", register, f"冯远,x,{number},{number},{number}"),
        ("roster", roster, f"孙权 {number},13900000061,链家 {number},distributor"),
        ("roster", roster, f"孙权,{number}x,{number},{number}"),
    ):
        path = folder / "list.csv"
        path.write_text(head + row + "\n")
        CliRunner().invoke(main, [what, "import", str(path), "--site", "翡翠湾"], env=environ)
        path.unlink()


@pytest.mark.timeout(300)
def test_a_clients_whole_number_is_kept_nowhere(
    app: Flask,
    runtime: Runtime,
    site: SiteRow,
    send: Send,
    everywhere: Everywhere,
    redis_url: str,
    log: io.StringIO,
    tmp_path: Path,
    environ: dict[str, str],
) -> None:
    manager = visitor(app, "经理")
    for turn, number in enumerate(NUMBERS):
        for words in ("报备 张三 {}", "查 {}", "撤 {}", "跟进 {} 电话", "{}", "13912340000 {}"):
            send(LI, words.format(number))
        send("+8613900000099", f"报备 张三 {number} 王五")
        search(manager, number)
        ask_badly(app.test_client(), number)
        with deciding(runtime):
            fill_in(manager, number, turn)
        name_by(manager, number)
        import_lists(environ, tmp_path, number)
        set_up_logging("DEBUG", log)
    runtime.spool.keep(Inbound("twilio", "SM-of-the-spool", LI, SITE_NUMBER, f"报备 张三 {NUMBERS[0]}"))
    decide_site(runtime.engine, site.id)
    places = list(chain.from_iterable(everywhere()))
    assert kinds(name for name, _ in places) == KINDS
    assert where_whole(places) == set()
    # The masked form is there, so these are the places where more of it would have been.
    assert {"table inbox.text", "page /register", "export csv"} <= where(r"138\D{1,6}5572", places)
    plant("1386049", runtime, site, redis_url)
    assert first_kinds(where_whole, everywhere()) == KINDS - {"log"}
