"""A Twilio in a bad mood: slow, forgetful, lying; its callbacks come early, twice, in no order, or never."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.fake_twilio import (
    ACCEPTS,
    ACCEPTS_AND_FAILS,
    ACCEPTS_AND_IS_SILENT,
    ACCEPTS_AND_RESETS,
    ACCOUNT,
    FORGETS_AND_FAILS,
    FORGETS_AND_RESETS,
    TOKEN,
    Behaviour,
    FakeTwilio,
    Form,
    refuses,
)
from tests.infrastructure.serving import signed_by_twilio

MOODS = [
    *[ACCEPTS] * 12,
    *(ACCEPTS_AND_FAILS, ACCEPTS_AND_RESETS, ACCEPTS_AND_IS_SILENT),
    *(FORGETS_AND_FAILS, FORGETS_AND_RESETS, Behaviour(answer="half"), Behaviour(answer="nonsense")),
    *(refuses(20429, 429), refuses(20429, 429)),
]
CALLBACKS = ((), ("delivered",), ("sent", "delivered"), ("delivered", "sent", "queued"), ("delivered", "delivered"))
SLOWEST_S = 1.5


@dataclass
class MoodyTwilio(FakeTwilio):
    """Does with each request what a generator of its own says, until it is `calm`."""

    moods: random.Random = field(default_factory=random.Random)
    page_size: int = 200
    calm: threading.Event = field(default_factory=threading.Event)
    _callers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "callback"))

    def take(self, form: Form) -> tuple[Behaviour, dict[str, Any]]:
        """Note a request; be slow about it, and call back before, after or not at all."""
        if not self.calm.is_set():
            self.behave(self.moods.choice(MOODS))
            self.list_status = self.moods.choice((200, 200, 200, 500))
        behaviour, message = super().take(form)
        if behaviour.takes and "StatusCallback" in form:
            self._call_back(form["StatusCallback"], message["sid"])
        if not self.calm.is_set() and self.moods.random() < 0.1:
            time.sleep(self.moods.random() * SLOWEST_S)
        return behaviour, message

    def _call_back(self, url: str, sid: str) -> None:
        words = ("delivered",) if self.calm.is_set() else self.moods.choice(CALLBACKS)
        wait_s = 0.0 if self.moods.random() < 0.3 else self.moods.random()
        self._callers.submit(self._tell, url, sid, words, wait_s)

    def _tell(self, url: str, sid: str, words: tuple[str, ...], wait_s: float) -> None:
        time.sleep(wait_s)
        for word in words:
            fields = {"MessageSid": sid, "AccountSid": ACCOUNT, "MessageStatus": word}
            headers, raw = signed_by_twilio(url, TOKEN, list(fields.items()))
            try:
                requests.post(url, raw, headers=headers, timeout=2)
            except requests.RequestException:
                # Its own fault not to be there: Twilio does not insist.
                continue

    def calm_down(self) -> None:
        """Be in a good mood from now on."""
        self.calm.set()
        self.behave_well()
        self.list_status = 200

    def close(self) -> None:
        """Call back no more."""
        self._callers.shutdown(cancel_futures=True)
