"""One run of chaos on one database: start everything, load it, break it, let it rest, weigh what became of it."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.faults import Faults
from tests.chaos.load import AGENTS, UNITS, Acknowledged, Agents, Ledger
from tests.chaos.phone import NUMBER, PhoneUser
from tests.chaos.twilio import MoodyTwilio
from tests.fake_twilio import ACCOUNT, TOKEN, fake_twilio
from tests.infrastructure.ports import free_port
from tests.infrastructure.postgres import PostgresServer, start_postgres
from tests.infrastructure.waiting import eventually, gone
from tests.invariants import Counts, at_rest, received, weigh
from tests.sending import MANAGER
from worker.cli.up import answers
from worker.decide.set_up import open_site, put
from worker.phones.gateways import add_gateway
from worker.store.database import open_engine
from worker.store.revisions import migrate
from worker.store.schema import inbox, sites, unrouted
from worker.up.guard import Guard

SITES = {"翡翠湾": "+8613800000000", "云栖里": "+8613800000100"}
THREADS = 4
REST_S = 180.0
PROCFILE = "".join(
    f"{name}: python -m tests.infrastructure.hasty {words}\n"
    for name, words in (("web", "web"), ("decide", "work decide"), ("send", "work send"), ("sweeper", "sweep"))
)
Tell = Callable[[str], None]


@dataclass
class Result:
    """What a run came to."""

    database: str
    seed: int
    counts: Counts
    faults: Counter[str]
    texts: int
    forged: int
    given_up: int
    delayed: int = 0
    rested_s: float = 0.0
    by_phone: int = 0
    broken: list[str] = field(default_factory=list)


@dataclass
class Place:
    """Where a run takes place."""

    folder: Path
    database_url: str
    postgres: PostgresServer | None
    twilio: MoodyTwilio
    url: str
    guard: Guard


def run(database: str, seed: int, seconds: float, tell: Tell) -> Result:
    """Break everything for some seconds; `tell` gets a line for each fault and for the progress."""
    chance = random.Random(seed)
    with _place(database, chance) as place:
        engine = open_engine(place.database_url)
        _set_up(engine)
        ledger = Ledger(place.folder / "ledger.jsonl")
        with _up(place) as up:
            faults = Faults(up, _redis_url(place), place.database_url, place.postgres, random.Random(seed + 1))
            phone = _phone(place, engine, random.Random(seed + 2))
            with _load(place, ledger, chance):
                _break(faults, ledger, seconds, tell)
            place.twilio.calm_down()
            phone.calm.set()
            rested_s = _rest(engine, ledger, phone, tell)
            phone.stop.set()
            phone.join()
            family = [process.pid for process in up.children(recursive=True)]
        result = _weighed(database, seed, engine, ledger, [*place.twilio.sent, *phone.taken()], faults)
        result.rested_s, result.by_phone = rested_s, len(phone.phone.inbox)
        result.broken += phone.broken(engine)
        result.broken += [] if _all_gone(family) else ["processes were left behind"]
        result.broken += _personal(place.folder)
        engine.dispose()
    return result


@contextmanager
def _place(database: str, chance: random.Random) -> Iterator[Place]:
    with ExitStack() as stack:
        guard = stack.enter_context(Guard())
        # Short, because a socket's path must be.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baobei-chaos-", dir="/tmp")))
        postgres = start_postgres(guard) if database == "postgresql" else None
        database_url = postgres.url if postgres else f"sqlite:///{folder}/baobei.sqlite"
        twilio = MoodyTwilio(moods=random.Random(chance.random()))
        stack.enter_context(fake_twilio(twilio))
        stack.callback(twilio.close)
        (folder / "Procfile").write_text(PROCFILE)
        migrate(database_url)
        yield Place(folder, database_url, postgres, twilio, f"http://127.0.0.1:{free_port()}", guard)
        if postgres:
            postgres.stop()


def _set_up(engine: Engine) -> None:
    for name, number in SITES.items():
        site = open_site(engine, name, number, {"manager": [MANAGER]}, "twilio")
        put(engine, site, "roster", {"people": _people()})


def _people() -> list[dict[str, str]]:
    named = zip(AGENTS.items(), UNITS, strict=True)
    return [{"name": name, "phone": phone, "unit": unit} for (phone, name), unit in named]


def _phone(place: Place, engine: Engine, chance: random.Random) -> PhoneUser:
    """Return a phone that is a gateway, at work."""
    now = datetime.now(UTC)
    site = open_site(engine, "柳岸", NUMBER, {"manager": [MANAGER]}, "desk")
    put(engine, site, "roster", {"people": _people()})
    token = add_gateway(engine, "desk", [site.id], None, now)
    user = PhoneUser(f"{place.url}/gateways/desk/phone", token, engine, site.id, chance)
    user.start()
    return user


@contextmanager
def _up(place: Place) -> Iterator[psutil.Process]:
    port = place.url.rpartition(":")[2]
    with (place.folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.infrastructure.hasty", "up", "--var", str(place.folder), "--port", port],
            env=os.environ | _environment(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    place.guard.watch(process.pid)
    try:
        eventually(lambda: answers(f"{place.url}/readyz"), "everything is up")
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        place.guard.forget(process.pid)


def _environment(place: Place) -> dict[str, str]:
    return {
        "PYTHONPATH": os.getcwd(),
        "HASTY_PROCFILE": str(place.folder),
        "DATABASE_URL": place.database_url,
        "PUBLIC_URL": place.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": place.twilio.url,
        "LOG_LEVEL": "DEBUG",
    }


def _redis_url(place: Place) -> Callable[[], str]:
    return lambda: (place.folder / "redis_url").read_text("utf-8")


@contextmanager
def _load(place: Place, ledger: Ledger, chance: random.Random) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        Agents(place.url, [*SITES.values()], ledger, random.Random(chance.random()), stop) for _ in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _break(faults: Faults, ledger: Ledger, seconds: float, tell: Tell) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(faults.chance.random() * 1.5)
        tell(f"{passed:4.0f} s  {len(ledger.acknowledged):5} texts acknowledged  {faults.strike()}")


def _rest(engine: Engine, ledger: Ledger, phone: PhoneUser, tell: Tell) -> float:
    acknowledged = {text.message_id for text in ledger.acknowledged}
    began, told = time.monotonic(), 0.0
    while time.monotonic() - began < REST_S:
        with suppress(SQLAlchemyError):
            if phone.is_done() and at_rest(engine) and acknowledged <= received(engine):
                break
        if time.monotonic() - told > 5:
            told = time.monotonic()
            tell(f"     resting for {told - began:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - began


def _weighed(
    database: str, seed: int, engine: Engine, ledger: Ledger, taken: Sequence[dict[str, Any]], faults: Faults
) -> Result:
    acknowledged = {text.message_id for text in ledger.acknowledged}
    counts = weigh(engine, acknowledged, taken)
    overtaken, delayed = _overtaken(engine, ledger.acknowledged)
    counts.out_of_order += overtaken
    broken = [f"{overtaken} texts were overtaken by ones sent after their acknowledgement"] if overtaken else []
    forged = _forged(engine, ledger)
    broken += [f"{forged} forged texts were kept"] if forged else []
    result = Result(database, seed, counts, faults.done, len(acknowledged), len(ledger.forged), ledger.given_up)
    result.delayed, result.broken = delayed, counts.broken + broken
    return result


def _forged(engine: Engine, ledger: Ledger) -> int:
    with engine.connect() as connection:
        kept = {row for table in (inbox, unrouted) for row in connection.execute(select(table.c.provider_id)).scalars()}
    return len(kept & set(ledger.forged))


def _overtaken(engine: Engine, acknowledged: list[Acknowledged]) -> tuple[int, int]:
    """Count the texts before whose place one stands that was only sent after they were acknowledged.

    A text that waited in the spool has the place of its feeding, and a time of its own for that; those are counted too.
    """
    # Of a text that was delivered again, the first time counts.
    known = {text.message_id: text for text in reversed(acknowledged)}
    joined = select(inbox.c.provider_id, inbox.c.sent_at, sites.c.number).join(sites, sites.c.id == inbox.c.site_id)
    # A phone states when each was sent, and brings them in any order.
    joined = joined.where(inbox.c.gateway == "twilio")
    with engine.connect() as connection:
        rows = connection.execute(joined.order_by(inbox.c.site_id, inbox.c.seq)).all()
    overtaken, latest = 0, dict.fromkeys(SITES.values(), 0.0)
    for row in rows:
        text = known.get(row.provider_id)
        if text is not None and row.sent_at is None:
            overtaken += text.told < latest[row.number]
            latest[row.number] = max(latest[row.number], text.first_sent)
    return overtaken, sum(row.sent_at is not None for row in rows)


def _all_gone(pids: list[int]) -> bool:
    with suppress(AssertionError):
        return bool(eventually(lambda: gone(*pids), "every process has ended"))
    return False


def _personal(folder: Path) -> list[str]:
    said = (folder / "up.log").read_text("utf-8", "replace")
    found = [word for word in ("138****", "张三", "欧阳娜", *(phone[3:] for phone in AGENTS)) if word in said]
    return [f"the log holds what is personal: {', '.join(found)}"] if found else []
