"""Phones that listen for news: each is one open connection without a thread, and all of them together are one thread.

That thread looks twice a second what waits for them, while there are any; it writes by way of whoever holds the
connections (`webhook.connections`).
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Final

from worker.clock import Clock, utc_now
from worker.gateways.phone_server import Missed, PhoneServer
from worker.log import complain
from worker.phones.news import Waiting

log = logging.getLogger(__name__)

KEY: Final = "baobei.streams"
PARK: Final = "baobei.park"
"""Under which a request's environment has what keeps its connection open, where the server can do that."""
LOOK_S: Final = 0.5
SOON_S: Final = 1.0
"""Nobody is told oftener: an app that is told again while it fetches begins once more."""
AGAIN_S: Final = 10.0
"""What waits all the same is told again: the phone may have slept."""
ALIVE_S: Final = 15.0
"""A proxy closes what is silent for some twenty seconds."""

ASK_EVERY, ASK_AT_ONCE = timedelta(hours=1), timedelta(minutes=1)
"""So often a phone looks through its inbox while it listens, and at the most when its line is cut again and again."""
LOOKED_BACK, AT_LEAST, OVERLAP = timedelta(days=7), timedelta(days=1), timedelta(hours=1)

Write = Callable[[bytes | None], None]
"""Sends bytes over a connection; None ends it. Any thread may call it."""


@dataclass(eq=False, slots=True)
class Stream:
    """A phone that listens, and what it was told."""

    phone: str
    server: PhoneServer
    write: Write
    told_at: float
    written_at: float
    told_of: int = 0
    asked_at: datetime | None = None
    """When it was last asked what came while nobody listened."""

    def tell(self, newest: int | None, now: float) -> None:
        """Write that replies wait, when there is a newest one and the phone should hear of it, or a sign of life."""
        since = now - self.told_at
        due = newest is not None and since >= SOON_S and (newest > self.told_of or since >= AGAIN_S)
        if due:
            self.told_at, self.told_of = now, max(self.told_of, newest or 0)
        if due or now - self.written_at >= ALIVE_S:
            self.written_at = now
            self.write(self.server.event("replies" if due else None))


@dataclass(slots=True)
class Streams:
    """The streams of a process. `look` says what waits for phones; nothing of one that has ended."""

    look: Callable[[Collection[str]], Mapping[str, Waiting]]
    clock: Clock = utc_now
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], object] = time.sleep
    _lock: Lock = field(default_factory=Lock)
    _open: dict[str, Stream] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)
    """When each phone was last asked what it missed, by whichever stream."""
    _reached: dict[str, datetime] = field(default_factory=dict)
    """Until when such an ask has surely reached it."""
    _teller: Thread | None = None

    def open(self, phone: str, server: PhoneServer, write: Write) -> Stream:
        """Tell a phone from now on, in place of a stream that it had before."""
        now = self.monotonic()
        stream = Stream(phone, server, write, now, now)
        with self._lock:
            before, self._open[phone] = self._open.get(phone), stream
            if self._teller is None:
                self._teller = Thread(target=self._tell_all, name="streams", daemon=True)
                self._teller.start()
        if before is not None:
            before.write(None)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream whose connection is gone."""
        with self._lock:
            if self._open.get(stream.phone) is stream:
                del self._open[stream.phone]

    def _tell_all(self) -> None:
        while True:
            self.pause(LOOK_S)
            with self._lock:
                streams = [*self._open.values()]
                if not streams:
                    self._teller = None
                    return
            try:
                waiting = self.look([stream.phone for stream in streams])
            except Exception as error:
                # Whatever it is: phones fetch by themselves, and are told as soon as there is a database.
                complain(log, "nobody told", error)
                self.pause(AGAIN_S)
                continue
            for stream in streams:
                found = waiting.get(stream.phone)
                if found is None:
                    # Its phone has ended.
                    stream.write(None)
                    continue
                stream.tell(found.newest, self.monotonic())
                if (missed := self.missed(stream, found)) is not None:
                    stream.write(stream.server.event(missed))

    def missed(self, stream: Stream, waiting: Waiting) -> Missed | None:
        """Return for what time a phone is to look through its inbox now; None: for none, or not yet.

        Its app may have been ended for a while, and Android hands it nothing of that afterwards. What it has posted it
        does not post again, where its version knows that, and what it posts twice is one text. An ask has reached it if
        its line has lasted; at the beginning of each it looks through a day at the least.
        """
        phone, now = stream.phone, self.clock()
        if waiting.ours_from is None or not stream.server.looks_back(waiting.app):
            return None
        if stream.asked_at is not None and now - stream.asked_at >= ASK_AT_ONCE:
            self._reached[phone] = stream.asked_at
        last, pause = self._asked.get(phone), ASK_AT_ONCE if stream.asked_at is None else ASK_EVERY
        if last is not None and now - last < pause:
            return None
        reached = self._reached.get(phone, now - LOOKED_BACK)
        since = min(reached, now - AT_LEAST) if stream.asked_at is None else reached
        self._asked[phone] = stream.asked_at = now
        return Missed(max(waiting.ours_from, since - OVERLAP, now - LOOKED_BACK - OVERLAP), now)
