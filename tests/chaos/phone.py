"""A phone with the SMSGate app among what is broken: whoever texts it, its own faults, and what it had on the air."""

import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import requests
from sqlalchemy import Engine, select

from tests.chaos.load import AGENTS, CLIENTS
from tests.fake_phone import FakePhone, Http, over_http
from tests.infrastructure.waiting import eventually
from worker.phones.approvals import approve
from worker.store.schema import inbox

NUMBER: Final = "+8613800000200"
HTTP: Final = partial(over_http, timeout_s=4.0)
SOONER: Final = 50.0
"""The phone's time goes so much faster while it waits for its next try: minutes become seconds."""


@dataclass(eq=False)
class PhoneUser(threading.Thread):
    """Receives until it is told to `calm` down, and works on until it is told to `stop`."""

    api: str
    token: str
    engine: Engine
    site_id: int
    chance: random.Random
    http: Http = HTTP
    calm: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Become a thread, with a phone that is let in."""
        super().__init__(name="phone", daemon=True)
        self.phone = FakePhone(self.http, lambda: datetime.now(UTC))
        self.phone.clock_off = timedelta(hours=self.chance.randrange(-9, 9))
        self._enter()

    def _enter(self) -> None:
        eventually(lambda: self._reached(lambda: self.phone.register(self.api, self.token) == 201), "it registers")
        approve(self.engine, "desk", self.phone.device_id, {1: self.site_id}, None, datetime.now(UTC))
        eventually(lambda: self._reached(lambda: self.phone.configure() == (200, 200)), "it is set up")

    def _reached(self, ask: Any) -> bool:
        with suppress(requests.RequestException):
            return bool(ask())
        return False

    def run(self) -> None:
        """Receive, post, fetch, send, report; the network may fail at each."""
        try:
            while not self.stop.is_set():
                if not self.calm.is_set():
                    self._receive()
                for does in (self.phone.post, self.phone.pull, self._send, self.phone.report):
                    with suppress(requests.RequestException):
                        does()
                self._hurry()
                self.stop.wait(self.chance.random() * 0.2)
        except Exception as error:
            # Whatever it was, the run is not worth anything.
            self.failed.append(f"the phone broke: {type(error).__name__} {error}")

    def _receive(self) -> None:
        sender, client = self.chance.choice([*AGENTS]), self.chance.choice(CLIENTS)
        words = f"报备 {client} 137****{self.chance.randrange(10_000):04d} {AGENTS[sender]}"
        at = datetime.now(UTC) - timedelta(seconds=self.chance.randrange(3))
        self.phone.receive(sender, words, at, power_lost=False)
        dice = self.chance.random()
        if dice < 0.1:
            # The app has been known to post a text twice, as two events.
            self.phone._emit("sms:received", self.phone._payload(self.phone.inbox[-1]))
        elif dice < 0.15:
            self.phone.order = "LIFO"

    def _send(self) -> None:
        self.phone.send(most=self.chance.randrange(1, 5))

    def _hurry(self) -> None:
        for event in self.phone.queue:
            event.next_at -= timedelta(seconds=self.chance.random() * SOONER)

    def is_done(self) -> bool:
        """Whether nothing waits in it."""
        pending = [each for each in self.phone.messages.values() if each.state == "Pending"]
        return not (self.phone.queue or self.phone.unreported or pending)

    def taken(self) -> list[dict[str, str]]:
        """What it had on the air, as a fake Twilio tells what it took."""
        return [{"to": number, "body": words} for number, words, _ in self.phone.on_air]

    def broken(self, engine: Engine) -> list[str]:
        """Return which promises about its texts are broken."""
        wanted = Counter((each.sender, each.text, each.at) for each in {*self.phone.inbox})
        query = select(inbox.c.sender, inbox.c.text, inbox.c.sent_at).where(inbox.c.gateway == "desk")
        with engine.connect() as connection:
            found = Counter(map(tuple, connection.execute(query)))
        lost, doubled = wanted - found, found - wanted
        given_up = [f"the phone gave up {len(self.phone.given_up)} texts"] if self.phone.given_up else []
        said = [f"{lost.total()} texts of the phone are lost"] if lost else []
        return self.failed + given_up + said + ([f"{doubled.total()} came twice"] if doubled else [])
