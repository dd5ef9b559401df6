"""How long a text's webhook takes at the real web process, beside connections that send a byte a second.

Run it: python -m tests.benchmarks.bench_web [TEXTS] [SLOW]. Compare with and without slow ones; SQLite, eight senders.
"""

import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from tests.infrastructure.databases import SqliteDatabases
from tests.infrastructure.serving import open_line, sandbox_request
from tests.infrastructure.waiting import eventually
from tests.infrastructure.web import Web
from worker.store.database import open_engine
from worker.up.guard import Guard, end_sessions
from worker.up.redis_server import start_redis

SENDERS = 8
HEAD = b"POST /gateways/sandbox/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n" + b"x" * 500


def main(texts: int, slow: int) -> None:
    """Print how many requests were answered, and how fast."""
    with tempfile.TemporaryDirectory() as name, Guard() as guard:
        folder = Path(name)
        redis, url = start_redis(folder, guard), SqliteDatabases(folder).create()
        engine = open_engine(url)
        open_line(engine)
        engine.dispose()
        web = Web(folder, DATABASE_URL=url, REDIS_URL=redis.url)
        try:
            eventually(web.answers, "an answer of the web process")
            for kind in ("page", "text"):
                for count in (0, slow):
                    with trickling(web.port, count):
                        print(f"{kind}, {count:4} slow connections: {_measured(web, texts, kind)}")
        finally:
            end_sessions([web.process.pid])
            web.process.wait()
            redis.stop()


def _measured(web: Web, texts: int, kind: str) -> str:
    def post(_: int) -> float:
        headers, body = sandbox_request()
        begun = time.perf_counter()
        try:
            if kind == "text":
                assert web.ask("POST", "/gateways/sandbox/messages", headers, body)[0] == 200
            else:
                assert web.ask("GET", "/healthz")[0] == 200
        except OSError:
            return float("inf")
        return time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as senders:
        took = sorted(senders.map(post, range(texts)))
    rate = texts / (time.perf_counter() - begun)
    p50, p99 = (1000 * took[int(share * (texts - 1))] for share in (0.5, 0.99))
    return f"{rate:6.0f}/s, p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, {sum(t == float('inf') for t in took)} unanswered"


@contextmanager
def trickling(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Hold so many connections open, half of them in a request's head and half in its body, a byte a second each."""
    connections, stop = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)], Event()
    # Every other one has sent its head at once.
    left = [memoryview(HEAD[-500:] if index % 2 else HEAD) for index in range(count)]
    for connection in connections[1::2]:
        connection.sendall(HEAD[:-500])

    def trickle() -> None:
        while not stop.is_set():
            for index, connection in enumerate(connections):
                try:
                    connection.sendall(left[index][:1])
                except OSError:
                    # It was closed on us: a patient attacker comes again.
                    connections[index] = socket.create_connection(("127.0.0.1", port))
                left[index] = left[index][1:]
            stop.wait(1)

    thread = Thread(target=trickle)
    thread.start()
    try:
        yield connections
    finally:
        stop.set()
        thread.join()
        for connection in connections:
            connection.close()


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], *["1000", "64"][len(sys.argv) - 1 :]]))
