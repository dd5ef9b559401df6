"""Gunicorn's worker for connections that may be slow: a thread is taken when a request is there in full, and given back
when its answer is written; in between, bytes come and go without one.

So a sender of a byte a second, or a reader who never reads, costs an entry in a table and not a thread. Each wait has
its end, and when the table is full, whoever has waited longest makes room.
"""

import math
import os
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TypeVar, cast

from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser
from gunicorn.workers.base import Worker

from webhook.frames import Framing, TooLargeError
from webhook.streams import PARK, Write

GATEWAY_THREADS, PAGE_THREADS = 32, 8
"""For the gateways' texts, and for everything else, so that no page keeps a text waiting. The former mostly wait for a
transaction that takes in all of their texts."""
MOST_CONNECTIONS = 1_000
MOST_UPLOADS = 4
"""So many large requests come in at a time; for one more, that which has waited longest makes room."""
HEAD_S = BODY_S = 10.0
ANSWER_S = 60.0
IDLE_S = 15.0
FAREWELL_S = 2.0
"""Once we have said all, what still comes is read for so long: an early end would take our last words with it."""
AT_ONCE = 64 * 1024
Held = TypeVar("Held")
GATEWAYS = b"/gateways/"


class Connection:
    """One connection: what has come over it, what is still to go out, and until when it may wait."""

    def __init__(self, sock: socket.socket, client: Any, server: Any) -> None:
        self.socket, self.client, self.server = sock, client, server
        self.received, self.outgoing = bytearray(), bytearray()
        self.framing = Framing()
        self.until = 0.0
        self.in_body = self.keep = self.parting = False
        self.gone: Callable[[], None] | None = None
        """Of one that stays open to be written to: who hears when it is gone."""
        self.letters: list[bytes | None] = []
        """What is to be written to it once its answer is."""
        self.resume: Callable[[Connection], None] = lambda _: None
        """What goes on when the socket is ready."""


class AnswerSocket:
    """What gunicorn takes for the socket of an answer: keeps what the network does not take at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        """Take bytes; a large answer begins to go out meanwhile."""
        self._connection.outgoing += data
        if len(self._connection.outgoing) >= AT_ONCE:
            send(self._connection)

    def send(self, data: bytes) -> int:
        """Drop 100 (Continue): it was said when it was wanted."""
        return len(data)

    def gettimeout(self) -> float:
        """Tell that nothing here ever waits."""
        return 0.0


def send(connection: Connection) -> None:
    """Give the network as much as it takes now. Raises OSError when nobody is there any more."""
    with suppress(BlockingIOError):
        del connection.outgoing[: connection.socket.send(connection.outgoing)]


class PatientWorker(Worker):
    """The main thread waits for bytes, the others answer requests; nothing but `_done` is shared between them."""

    def init_process(self) -> None:
        """Open what must not be shared across the fork."""
        self._selector = selectors.DefaultSelector()
        self._gateways = ThreadPoolExecutor(GATEWAY_THREADS, "gateway")
        self._pages = ThreadPoolExecutor(PAGE_THREADS, "page")
        self._done: SimpleQueue[Connection] = SimpleQueue()
        self._letters: SimpleQueue[tuple[Connection, bytes | None]] = SimpleQueue()
        self._open = 0
        self._waiting: dict[Connection, None] = {}
        """In the order in which they began to wait."""
        super().init_process()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End at once, whatever the signal came in between; what has no answer yet is sent again.

        An exception from here would break the locks of whoever is interrupted: a worker that was just starting its
        threads then failed to boot, and the server ended with an error.
        """
        os._exit(os.EX_OK)

    def run(self) -> None:
        """Serve until told to stop, and then until every request has its answer."""
        # Signals write into this pipe as well as threads.
        self._selector.register(self.PIPE[0], selectors.EVENT_READ, self._wake)
        self._listen(True)
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._listen(False)
        for connection in [c for c in self._waiting if not c.received and not c.outgoing]:
            self._drop(connection)
        end = time.monotonic() + self.cfg.graceful_timeout
        while self._open and time.monotonic() < end:
            self._turn()
        for pool in (self._gateways, self._pages):
            pool.shutdown(wait=False)

    def _turn(self) -> None:
        self.notify()
        for key, _ in self._selector.select(1.0):
            key.data(key.fileobj)
        now = time.monotonic()
        for connection in [each for each in self._waiting if each.until <= now]:
            if connection.received and not connection.outgoing and not connection.parting:
                self._refuse(connection, HTTPStatus.REQUEST_TIMEOUT)
            else:
                self._drop(connection)

    def _listen(self, on: bool) -> None:
        for listener in self.sockets:
            listener.setblocking(False)
            if on:
                self._selector.register(listener, selectors.EVENT_READ, self._accept)
            else:
                self._selector.unregister(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError:
            # Another worker was quicker, or it is gone already; without files left it stays in the queue.
            return
        sock.setblocking(False)
        connection = Connection(sock, client, listener.getsockname())
        self._open += 1
        if self._open > MOST_CONNECTIONS:
            # Not who is meant to wait: of those there are few, and they have signed in.
            self._drop(next((each for each in self._waiting if each.gone is None), connection))
        if sock.fileno() >= 0:
            self._await_request(connection, HEAD_S)

    # ---- Waiting for bytes -------------------------------------------------------------------------------------------

    def _await_request(self, connection: Connection, seconds: float) -> None:
        connection.framing, connection.in_body = Framing(), False
        connection.until = time.monotonic() + seconds
        # Mostly it is there already, and nobody has to wait.
        self._read(connection)

    def _read(self, connection: Connection) -> None:
        try:
            came = connection.socket.recv(AT_ONCE)
        except BlockingIOError:
            came = None
        except OSError:
            came = b""
        if came == b"":
            self._drop(connection)
            return
        if came and not connection.received:
            connection.until = time.monotonic() + HEAD_S
        connection.received += came or b""
        try:
            end = connection.framing.end(connection.received) if connection.received else None
        except TooLargeError as error:
            self._refuse(connection, HTTPStatus(error.status))
            return
        if end is None:
            self._await_more(connection)
        else:
            self._hand_over(connection, end)

    def _await_more(self, connection: Connection) -> None:
        if connection.framing.head and not connection.in_body:
            connection.in_body, connection.until = True, time.monotonic() + BODY_S
            if connection.framing.large:
                self._make_room(connection)
            if connection.framing.wants_word:
                self._say(connection, b"HTTP/1.1 100 Continue\r\n\r\n")
        self._wait(connection, selectors.EVENT_READ, self._read)

    def _make_room(self, fresh: Connection) -> None:
        """Let no more large requests come in than memory is meant for."""
        coming = [each for each in self._waiting if each.framing.large and each.in_body and each is not fresh]
        for connection in coming[: max(0, len(coming) - MOST_UPLOADS + 1)]:
            self._drop(connection)

    def _say(self, connection: Connection, words: bytes) -> None:
        """Send a few words that nobody has to hear."""
        connection.outgoing += words
        with suppress(OSError):
            send(connection)
        connection.outgoing.clear()

    def _wait(self, connection: Connection, event: int, resume: Callable[[Connection], None]) -> None:
        connection.resume = resume
        if connection in self._waiting:
            return
        self._waiting[connection] = None
        self._selector.register(connection.socket, event, lambda _: connection.resume(connection))

    def _leave(self, connection: Connection) -> None:
        if connection in self._waiting:
            del self._waiting[connection]
            self._selector.unregister(connection.socket)

    def _refuse(self, connection: Connection, status: HTTPStatus) -> None:
        """Say why in one line, and end the connection."""
        sentence = f"{status.phrase}\n"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        self._say(connection, f"{head}Content-Length: {len(sentence)}\r\n\r\n{sentence}".encode())
        self._leave(connection)
        self._part(connection)

    def _drop(self, connection: Connection) -> None:
        self._leave(connection)
        connection.socket.close()
        self._open -= 1
        if connection.gone is not None:
            connection.gone()

    # ---- Answering ---------------------------------------------------------------------------------------------------

    def _hand_over(self, connection: Connection, end: int) -> None:
        self._leave(connection)
        request = bytes(connection.received[:end])
        del connection.received[:end]
        # Phones of a gateway ask us by every method.
        for_gateway = request.partition(b" ")[2].startswith(GATEWAYS)
        pool = self._gateways if for_gateway else self._pages
        pool.submit(self._serve, connection, request)

    def _serve(self, connection: Connection, request: bytes) -> None:
        """AnswerSocket a request, in a thread of a pool."""
        try:
            connection.keep = self._answered(connection, request) and not connection.framing.cut
            send(connection)
        except OSError:
            connection.keep = False
            connection.outgoing.clear()
        self._done.put(connection)
        with suppress(BlockingIOError):
            os.write(self.PIPE[1], b".")

    def _answered(self, connection: Connection, request: bytes) -> bool:
        """Return whether the connection may go on."""
        parser, parsed = RequestParser(self.cfg, iter([request]), connection.client), None
        answer = cast("socket.socket", AnswerSocket(connection))
        try:
            parsed = next(parser)
            response, environ = wsgi.create(parsed, answer, connection.client, connection.server, self.cfg)
            environ["wsgi.multithread"] = True
            environ[PARK] = partial(self._park, connection)
            if not self.alive or connection.framing.cut:
                response.force_close()
            application: Any = self.wsgi
            items = application(environ, response.start_response)
            if connection.gone is not None:
                # Its end is that of the connection: whatever comes is written as it is.
                response.chunked = False
                response.force_close()
            try:
                for item in items:
                    response.write(item)
                response.close()
            finally:
                if hasattr(items, "close"):
                    items.close()
            # What the application did not read is well formed as well, or the two of us disagree where it ends.
            parser.finish_body()
        except StopIteration:
            return False
        except Exception as error:
            if not connection.outgoing:
                self.handle_error(parsed, answer, connection.client, error)
            return False
        return not response.should_close() and not parser.unreader.buf.getvalue()

    def _wake(self, _pipe: object) -> None:
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)
        with suppress(Empty):
            while True:
                self._go_on(self._done.get_nowait())
        with suppress(Empty):
            while True:
                self._deliver(*self._letters.get_nowait())

    def _go_on(self, connection: Connection) -> None:
        """See to a connection whose request is answered."""
        if connection.outgoing:
            connection.until = time.monotonic() + ANSWER_S
            self._wait(connection, selectors.EVENT_WRITE, self._write)
        elif connection.gone is not None:
            connection.until = math.inf
            self._wait(connection, selectors.EVENT_READ, self._read_last)
        elif connection.keep and self.alive:
            self._await_request(connection, IDLE_S)
        else:
            self._part(connection)
        letters, connection.letters = connection.letters, []
        for data in letters:
            self._deliver(connection, data)

    def _park(self, connection: Connection, opened: Callable[[Write], Held], gone: Callable[[Held], None]) -> None:
        """Keep a connection open behind its answer; `opened` gets what writes to it, `gone` hears of its end."""
        held = opened(partial(self._post, connection))
        connection.gone = lambda: gone(held)

    def _post(self, connection: Connection, data: bytes | None) -> None:
        self._letters.put((connection, data))
        with suppress(BlockingIOError):
            os.write(self.PIPE[1], b".")

    def _deliver(self, connection: Connection, data: bytes | None) -> None:
        """Write to a connection that is kept open; who takes nothing for a minute is not waited for."""
        if connection.socket.fileno() < 0:
            return
        if connection not in self._waiting:
            # Its answer is still being written, in another thread.
            connection.letters.append(data)
            return
        if data is None or len(connection.outgoing) > AT_ONCE:
            self._drop(connection)
            return
        connection.outgoing += data
        if connection.resume == self._read_last:
            self._leave(connection)
            try:
                send(connection)
            except OSError:
                self._drop(connection)
                return
            self._go_on(connection)

    def _write(self, connection: Connection) -> None:
        try:
            send(connection)
        except OSError:
            self._drop(connection)
            return
        if not connection.outgoing:
            self._leave(connection)
            self._go_on(connection)

    def _part(self, connection: Connection) -> None:
        """Say that no more comes from us, and wait for the other to say the same."""
        connection.received.clear()
        connection.parting, connection.until = True, time.monotonic() + FAREWELL_S
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
            return
        self._wait(connection, selectors.EVENT_READ, self._read_last)

    def _read_last(self, connection: Connection) -> None:
        try:
            if connection.socket.recv(AT_ONCE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(connection)
