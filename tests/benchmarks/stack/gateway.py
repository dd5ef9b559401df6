"""A Twilio in a process of its own: takes messages, notes when, and posts two signed callbacks for each.

Started as `python -m tests.benchmarks.stack.gateway DELAY_S`; its first line is its port, and it serves until its input
ends. Besides Twilio's two addresses it has `/tally`, how many there were, and `/answers`, when the first message about
each client was there in full, by the machine's monotonic clock.
"""

import asyncio
import json
import re
import sys
import time
from collections import deque
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.benchmarks.stack.answers import closes, whole
from tests.benchmarks.stack.texts import ACCOUNT, MANAGER, request
from tests.twilio_message import message_of

CALLERS = 16
"""So many messages are reported on at a time, each by a connection of its own."""
STATUSES = ("sent", "delivered")
REMEMBERED = 2_000
_MASK = re.compile(r"\d{3}\*{4}\d{4}")


class Book:
    """What has come, and what is still to be told."""

    def __init__(self) -> None:
        self.answers: dict[str, float] = {}
        self.tally = {"posts": 0, "callbacks": 0, "callbacks refused": 0}
        self.recent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.to_tell: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def take(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Note a message and return it as Twilio shows it."""
        now = time.monotonic()
        self.tally["posts"] += 1
        message = message_of(form, self.tally["posts"], formatdate(usegmt=True))
        self.recent.appendleft(message)
        if form["To"] != MANAGER:
            for client in _MASK.findall(form["Body"]):
                self.answers.setdefault(client, now)
        return message

    def shown(self, path: str, query: Mapping[str, str]) -> object:
        """Return what a GET shows."""
        if path == "/answers":
            return self.answers
        if path == "/tally":
            return self.tally
        return {"messages": [m for m in self.recent if m["to"] == query.get("To", m["to"])], "next_page_uri": None}


class Server(asyncio.Protocol):
    """One connection of the program's."""

    def __init__(self, book: Book, delay_s: float) -> None:
        self._book, self._delay_s = book, delay_s
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer by."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there in full."""
        self._received += data
        while end := whole(self._received):
            head, _, body = bytes(self._received[:end]).partition(b"\r\n\r\n")
            del self._received[:end]
            method, target, _ = head.split(b" ", 2)
            if method == b"POST":
                form = dict(parse_qsl(body.decode(), keep_blank_values=True))
                message, delay_s = self._book.take(form), self._delay_s
                asyncio.get_running_loop().call_later(delay_s, self._taken, message, form.get("StatusCallback", ""))
            else:
                address = urlsplit(target.decode())
                self._answer(200, self._book.shown(address.path, dict(parse_qsl(address.query))))

    def _taken(self, message: dict[str, Any], callback: str) -> None:
        self._answer(201, message)
        if callback:
            self._book.to_tell.put_nowait((callback, message["sid"]))

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if not self._transport.is_closing():
            self._transport.write(head.encode() + body)


class Caller(asyncio.Protocol):
    """One connection to the program, for callbacks; `ask` one at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over an answer."""
        self._received += data
        if (end := whole(self._received)) and self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(self._received[:end]))
            self._received.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that none will come."""
        self.open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(b"")

    async def ask(self, wanted: bytes) -> int:
        """Post a request and return the status of its answer; 0 when there is none."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(wanted)
        answer = await self._answer
        if closes(answer):
            self.transport.close()
            self.open = False
        return int(answer.split(b" ", 2)[1]) if answer else 0


async def call_back(book: Book) -> None:
    """Tell what became of each message, one after another, for ever."""
    caller: Caller | None = None
    while True:
        url, sid = await book.to_tell.get()
        for status in STATUSES:
            wanted = request(url, {"MessageSid": sid, "AccountSid": ACCOUNT, "MessageStatus": status})
            try:
                if caller is None or not caller.open:
                    target = urlsplit(url)
                    host, port = target.hostname or "", target.port or 80
                    _, caller = await asyncio.get_running_loop().create_connection(Caller, host, port)
                answer = await caller.ask(wanted)
            except OSError:
                answer = 0
            book.tally["callbacks" if answer in (200, 204) else "callbacks refused"] += 1


async def serve(delay_s: float) -> None:
    """Serve until nobody holds our input open."""
    book, loop = Book(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(book, delay_s), "127.0.0.1", 0, backlog=512)
    callers = [asyncio.create_task(call_back(book)) for _ in range(CALLERS)]
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for caller in callers:
        caller.cancel()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
