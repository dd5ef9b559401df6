"""Requests that no gateway signed: they leave no row anywhere, but whoever set us up has to see that they come.

One small record for each gateway, in Redis, which expires: how many, when last, and the URL that the signature was
checked against, which is what to compare with the gateway's console. No body, no number, no query. It is written beside
the request, by one thread that takes along whatever has gathered meanwhile, so that no answer waits for it and a flood
costs no more than a trickle.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Final

from redis import Redis

from worker.clock import Clock, utc_now
from worker.log import complain, say

log = logging.getLogger(__name__)

KEPT_S: Final = 7 * 24 * 3_600
CLOSING_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Forgery:
    """What is known of a gateway's refused requests in the last days."""

    gateway: str
    count: int
    url: str
    at: datetime


class Forgeries:
    """Notes refused requests, best effort; any thread may call it."""

    def __init__(self, redis: "Redis", clock: Clock = utc_now) -> None:
        self._redis = redis
        self._clock = clock
        self._lock = Lock()
        self._gathered: dict[str, tuple[int, str]] = {}
        self._writer: Thread | None = None

    def note(self, gateway: str, url: str) -> None:
        """Note one refused request of a gateway; `url` is the one that its signature was checked against."""
        address, asked, _ = url.partition("?")
        with self._lock:
            count, _ = self._gathered.get(gateway, (0, ""))
            self._gathered[gateway] = (count + 1, address + ("?…" if asked else ""))
            if self._writer is None:
                self._writer = Thread(target=self._write, name="forgeries", daemon=True)
                self._writer.start()

    def close(self) -> None:
        """Wait a moment for what is being written."""
        writer = self._writer
        if writer is not None:
            writer.join(CLOSING_S)

    def _write(self) -> None:
        while True:
            with self._lock:
                gathered, self._gathered = self._gathered, {}
                if not gathered:
                    self._writer = None
                    return
            for gateway, (count, url) in gathered.items():
                say(log, "signature refused", logging.WARNING, gateway=gateway, count=count)
                key = _key(gateway)
                try:
                    with self._redis.pipeline() as pipeline:
                        pipeline.hincrby(key, "count", count)
                        pipeline.hset(key, mapping={"url": url, "at": self._clock().timestamp()})
                        pipeline.expire(key, KEPT_S)
                        pipeline.execute()
                except Exception as error:
                    # Whatever it was: the next one is to be counted all the same.
                    complain(log, "refused signature not counted", error, gateway=gateway, count=count)


def forgery_of(redis: "Redis", gateway: str) -> Forgery | None:
    """Return what is known of a gateway's refused requests; None: there were none. Raises RedisError."""
    kept: Mapping[bytes, bytes] = redis.hgetall(_key(gateway))  # type: ignore[assignment]
    if not kept:
        return None
    at = datetime.fromtimestamp(float(kept[b"at"]), UTC)
    return Forgery(gateway, int(kept[b"count"]), kept[b"url"].decode(), at)


def _key(gateway: str) -> str:
    return f"baobei:forged:{gateway}"
