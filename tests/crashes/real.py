"""The same in real life: every process of the program by itself, one of which is killed at a point."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import requests
from sqlalchemy import Engine, select

from tests.fake_twilio import ACCEPTS_AND_FAILS, ACCOUNT, FORGETS_AND_FAILS, TOKEN, FakeTwilio
from tests.infrastructure.forked import Started, start
from tests.infrastructure.ports import free_port
from tests.infrastructure.serving import signed_by_twilio
from tests.infrastructure.waiting import eventually
from tests.invariants import at_rest
from tests.sending import AGENT, MANAGER, NUMBER
from worker.clock import utc_now
from worker.decide.set_up import open_site, put, set_policy, site_named
from worker.store.schema import attempts
from worker.up.guard import Guard, end_sessions

PROGRAMS = {
    "web": ("web",),
    "decide": ("work", "decide"),
    "send": ("work", "send"),
    "sweeper": ("sweep",),
}
WHO_DIES = {
    "accept.commit": "web",
    "status.commit": "web",
    "ring": "web",
    "decide.commit": "decide",
    "lease.commit": "send",
    "post": "send",
    "outcome.commit": "send",
    "notices.commit": "sweeper",
    "lookup": "sweeper",
    "lookup.commit": "sweeper",
    "leases.commit": "sweeper",
}
"""Which process comes by a step first; the steps that are missing here need hours to pass, or a command."""

TEXTS = ("报备 张三 138****5678 李四", "报备 李梅 139****2233 李四", "查 R2", "报备 何健 186****0917 李四")


@dataclass
class System:
    """The program's processes on a database, a Redis and a fake Twilio."""

    folder: Path
    database_url: str
    redis_url: str
    engine: Engine
    fake: FakeTwilio
    guard: Guard
    acknowledged: set[str] = field(default_factory=set)
    _running: dict[str, Started] = field(default_factory=dict)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Find a port, and open a site one of whose registrations runs out in these seconds."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        site = open_site(self.engine, "翡翠湾", NUMBER, {"manager": [MANAGER]}, "twilio")
        put(self.engine, site, "roster", {"people": [{"name": "李四", "phone": AGENT, "unit": "链家"}]})
        set_policy(self.engine, site_named(self.engine, "翡翠湾"), ["quiet_hours=off", "reminder_hours=0"])
        reported = (utc_now() - timedelta(days=7) + timedelta(seconds=4)).isoformat()
        row = {"client": "吴刚", "first3": "153", "last4": "8812", "agent": "李四", "unit": "链家"}
        put(self.engine, site, "import", {"rows": [row | {"reported_at": reported}]})

    def start(self, name: str, crash_at: str | None = None) -> None:
        """Start a process; it dies at a point if that is given."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = start(log, self._environment(crash_at), "tests.infrastructure.hasty", *PROGRAMS[name])
        self.guard.watch(process.pid)
        self._running[name] = process

    def _environment(self, crash_at: str | None) -> Mapping[str, str]:
        ours = {
            "BAOBEI_VAR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": self.fake.url,
            "LOG_LEVEL": "DEBUG",
        }
        return os.environ | ours | ({"BAOBEI_CRASH_AT": crash_at} if crash_at else {})

    def dies_at(self, point: str) -> None:
        """Let the texts travel, one process die at the point and come again; return once everything is at rest."""
        step = point.rpartition(".")[0]
        victim = WHO_DIES[step]
        if step == "leases.commit":
            # There is a lease to close only when a sender has died before.
            self.start("send", "post.before")
        for name in PROGRAMS.keys() - self._running.keys():
            self.start(name, point if name == victim else None)
        self.fake.behave(ACCEPTS_AND_FAILS, FORGETS_AND_FAILS)
        for words in TEXTS:
            self._text(words, victim)
        if step == "status.commit":
            eventually(self._call_back, "there is something to call back about")
        self._bring_back(victim)
        if step == "leases.commit":
            self._bring_back("send")
        self._call_back()
        eventually(lambda: at_rest(self.engine), "everything is at rest")

    def _bring_back(self, name: str) -> None:
        process = self._running[name]
        if name != "web":
            eventually(lambda: process.poll() is not None, f"{name} has died")
            assert process.returncode == -signal.SIGKILL
        elif process.poll() is None:
            self._end(process)
        else:
            return
        self.start(name)

    def text_of(self, words: str) -> tuple[str, list[tuple[str, str]]]:
        """Return where a text of the agent is posted to, and its fields."""
        message_id = f"SM{next(self._ids):032x}"
        fields = {"MessageSid": message_id, "AccountSid": ACCOUNT, "From": AGENT, "To": NUMBER, "Body": words}
        return "/gateways/twilio/messages", list(fields.items())

    def _text(self, words: str, victim: str) -> None:
        path, fields = self.text_of(words)
        eventually(lambda: self._taken(path, fields, victim), "the text is taken")
        self.acknowledged.add(fields[0][1])

    def _taken(self, path: str, fields: list[tuple[str, str]], victim: str) -> bool:
        headers, raw = signed_by_twilio(f"{self.url}{path}", TOKEN, fields)
        try:
            return requests.post(f"{self.url}{path}", raw, headers=headers, timeout=30).status_code == 200
        except requests.RequestException as error:
            # Refused before it serves; cut off in the middle when it has died.
            if victim == "web" and "refused" not in str(error):
                self._end(self._running["web"])
                self.start("web")
            return False

    def _call_back(self) -> bool:
        with self.engine.connect() as connection:
            known = select(attempts).where(attempts.c.sid.is_not(None))
            rows = connection.execute(known).all()
        for row in rows:
            fields = [("MessageSid", row.sid), ("AccountSid", ACCOUNT), ("MessageStatus", "delivered")]
            path = f"/gateways/twilio/status?reply={row.reply_id}&attempt={row.number}"
            eventually(partial(self._taken, path, fields, "web"), "the status is taken")
        return bool(rows)

    def _end(self, process: Started) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.guard.forget(process.pid)

    def log(self) -> str:
        """Return all that the processes have logged."""
        return "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End every process."""
        began = time.monotonic()
        for process in self._running.values():
            end_sessions([process.pid], max(0.1, 3 + began - time.monotonic()))
            process.wait()
            self.guard.forget(process.pid)
