"""A client in a process of its own that posts signed texts over kept connections, and notes the times.

Started as `python -m tests.benchmarks.stack.load PLAN RESULT` (a Plan as JSON, the file to write to). It signs all it
will send, says `ready`, and begins at the first line that it hears. Plain sockets and epoll: it shares the machine with
what it measures, so a request must cost as little as it can here.
"""

import json
import select
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks.stack.answers import closes, whole
from tests.benchmarks.stack.texts import fields, request

TIMEOUT_S = 15.0
"""Twilio waits no longer for an answer."""
AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: texts `first`, `first` + 1 … to `url`, for `seconds` or until there are `count` of them.

    With `rate` (a second) each has its time, and is late when no connection is free; without, a connection sends its
    next text once the last is answered, after `pause_s`. `insist`: what got no 200 is posted again until it gets one.
    `patience_s` bounds the time after `seconds` in which late ones are still sent.
    """

    url: str
    connections: int
    count: int
    first: int = 0
    seconds: float = 3_600.0
    rate: float = 0.0
    pause_s: float = 0.0
    insist: bool = False
    patience_s: float = 30.0

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        host, _, port = self.url.split("/")[2].partition(":")
        return host, int(port)


@dataclass(slots=True)
class Post:
    """What became of a text: when it was due, first sent and answered; status 0: no answer."""

    text: int
    due: float
    sent: float = 0.0
    answered: float = 0.0
    status: int = 0


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    post: Post | None = None
    posted: float = 0.0
    received: bytearray = field(default_factory=bytearray)


class Load:
    """Carries out a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [request(plan.url, fields(plan.first + i)) for i in range(plan.count)]
        self._posts: list[Post] = []
        self._waiting: deque[Post] = deque()
        self._again: deque[tuple[float, Post]] = deque()
        self._idle: deque[_Connection] = deque()
        self._open: dict[int, _Connection] = {}
        self._epoll = select.epoll()
        self._end = 0.0

    def stop(self) -> None:
        """Make no further text due."""
        self._end = time.monotonic()

    def run(self) -> list[Post]:
        """Send all, and return what became of each."""
        begin = time.monotonic()
        self._end = begin + self._plan.seconds
        for _ in range(self._plan.connections):
            self._connect()
        while True:
            now, end = time.monotonic(), self._end
            self._make_due(begin, now, end)
            self._send(now)
            busy = len(self._open) - len(self._idle)
            over = now > end or len(self._posts) == self._plan.count
            if (over and not (busy or self._waiting or self._again)) or now > end + self._plan.patience_s:
                break
            self._hear(begin)
        for connection in self._open.values():
            connection.socket.close()
        return self._posts

    def _make_due(self, begin: float, now: float, end: float) -> None:
        plan, most = self._plan, self._plan.count
        if plan.rate:
            most = min(most, int((min(now, end) - begin) * plan.rate) + 1)
            while len(self._posts) < most:
                self._new(begin + len(self._posts) / plan.rate)
        elif now < end:
            while len(self._posts) < most and len(self._waiting) < len(self._idle):
                self._new(now)
        while self._again and self._again[0][0] <= now:
            self._waiting.append(self._again.popleft()[1])

    def _new(self, due: float) -> None:
        post = Post(self._plan.first + len(self._posts), due)
        self._posts.append(post)
        self._waiting.append(post)

    def _send(self, now: float) -> None:
        while len(self._open) < self._plan.connections and self._connect():
            pass
        while self._waiting and self._idle:
            connection, post = self._idle.popleft(), self._waiting.popleft()
            post.sent = post.sent or now
            connection.post, connection.posted = post, now
            try:
                connection.socket.sendall(self._requests[post.text - self._plan.first])
            except OSError:
                self._lost(connection)

    def _hear(self, begin: float) -> None:
        wait = 0.05
        if self._plan.rate and len(self._posts) < self._plan.count:
            wait = max(0.0, min(wait, begin + len(self._posts) / self._plan.rate - time.monotonic()))
        for number, _ in self._epoll.poll(wait):
            connection = self._open[number]
            try:
                came = connection.socket.recv(65_536)
            except OSError:
                came = b""
            connection.received += came
            if not came:
                self._lost(connection)
            elif end := whole(connection.received):
                self._answered(connection, bytes(connection.received[:end]))
        late = time.monotonic() - TIMEOUT_S
        for connection in [c for c in self._open.values() if c.post is not None and c.posted < late]:
            self._lost(connection)

    def _answered(self, connection: _Connection, answer: bytes) -> None:
        post, connection.post = connection.post, None
        connection.received.clear()
        if post is not None:
            post.answered, post.status = time.monotonic(), int(answer.split(b" ", 2)[1])
            if post.status != 200:
                self._refused(post)
        if closes(answer):
            self._drop(connection)
        elif self._plan.pause_s:
            time.sleep(self._plan.pause_s)
            self._idle.append(connection)
        else:
            self._idle.append(connection)

    def _lost(self, connection: _Connection) -> None:
        post, connection.post = connection.post, None
        if post is None:
            # It was idle, and the server has let it go.
            self._idle.remove(connection)
        else:
            self._refused(post)
        self._drop(connection)

    def _refused(self, post: Post) -> None:
        if self._plan.insist:
            self._again.append((time.monotonic() + AGAIN_S, post))

    def _connect(self) -> bool:
        try:
            connection = _Connection(socket.create_connection(self._plan.address, 1.0))
        except OSError:
            return False
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._epoll.register(connection.socket, select.EPOLLIN)
        self._open[connection.socket.fileno()] = connection
        self._idle.append(connection)
        return True

    def _drop(self, connection: _Connection) -> None:
        self._epoll.unregister(connection.socket)
        del self._open[connection.socket.fileno()]
        connection.socket.close()


def main() -> None:
    """Carry out the plan of the command line."""
    load = Load(Plan(**json.loads(sys.argv[1])))
    signal.signal(signal.SIGTERM, lambda *_: load.stop())
    print("ready", flush=True)
    sys.stdin.readline()
    Path(sys.argv[2]).write_text(json.dumps([asdict(post) for post in load.run()]))


if __name__ == "__main__":
    main()
