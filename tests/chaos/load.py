"""Agents who text without a pause, and the ledger outside the system of what they were told is kept."""

import json
import os
import random
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import requests

from tests.fake_twilio import ACCOUNT, TOKEN
from tests.infrastructure.serving import signed_by_twilio

AGENTS = {f"+86139000000{n}": name for n, name in enumerate(("李四", "周涛", "王五", "赵六"), start=11)}
UNITS = ("链家", "链家", "贝壳", "德佑")
CLIENTS = ("张三", "张先生", "李梅", "欧阳娜", "何健", "王丽", "吴刚", "陈静")
TRIES = 6
TIMEOUT_S = 4.0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A text that got its 200. Times are seconds of one monotonic clock."""

    message_id: str
    site: str
    first_sent: float
    told: float


@dataclass
class Ledger:
    """What was acknowledged, on disk before anything else is done; and what was forged."""

    path: Path
    acknowledged: list[Acknowledged] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    given_up: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, text: Acknowledged) -> None:
        """Write it down."""
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(text)) + "\n")
            file.flush()
            os.fsync(file.fileno())
            self.acknowledged.append(text)


@dataclass(eq=False)
class Agents(threading.Thread):
    """One thread of senders. They text to any of the sites, repeat themselves, and somebody forges in between."""

    url: str
    sites: Sequence[str]
    ledger: Ledger
    chance: random.Random
    stop: threading.Event

    def __post_init__(self) -> None:
        """Become a thread."""
        super().__init__(name="agents", daemon=True)

    def run(self) -> None:
        """Text until told to stop."""
        mine: list[tuple[str, dict[str, str]]] = []
        while not self.stop.is_set():
            dice = self.chance.random()
            if dice < 0.1 and mine:
                self._deliver(*self.chance.choice(mine))
            elif dice < 0.2:
                self._forge()
            else:
                text = self._text()
                if self._deliver(*text):
                    mine.append(text)
            self.stop.wait(self.chance.random() * 0.1)

    def _text(self) -> tuple[str, dict[str, str]]:
        site, sender = self.chance.choice(self.sites), self.chance.choice([*AGENTS])
        phone = f"138****{self.chance.randrange(40):04d}"
        client = f"{self.chance.choice(CLIENTS)} {phone}"
        words = self.chance.choice(
            [f"报备 {client} {AGENTS[sender]}"] * 6 + [f"查 {client}", f"撤 {client}", "谢谢", "?"]
        )
        return site, {"MessageSid": f"SM{secrets.token_hex(16)}", "From": sender, "To": site, "Body": words}

    def _deliver(self, site: str, text: dict[str, str]) -> bool:
        """Post a text as Twilio does, again and again until it is taken; some are given up."""
        first = time.monotonic()
        for _ in range(TRIES):
            if self._post(text, TOKEN) == 200:
                self.ledger.note(Acknowledged(text["MessageSid"], site, first, time.monotonic()))
                return True
            time.sleep(0.3)
        self.ledger.given_up += 1
        return False

    def _forge(self) -> None:
        _, text = self._text()
        self.ledger.forged.append(text["MessageSid"])
        if self._post(text, "not the token") == 200:
            self.ledger.note(Acknowledged(f"forged {text['MessageSid']}", "", 0, 0))

    def _post(self, text: dict[str, str], token: str) -> int:
        url = f"{self.url}/gateways/twilio/messages"
        headers, raw = signed_by_twilio(url, token, list({**text, "AccountSid": ACCOUNT, "NumMedia": "0"}.items()))
        try:
            return requests.post(url, raw, headers=headers, timeout=TIMEOUT_S).status_code
        except requests.RequestException:
            return 0
