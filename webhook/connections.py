"""Gunicorn's worker for connections that may be slow: a thread is taken when a request is there in full, and given back
when its answer is written; in between, bytes come and go without one. What the application takes in to answer it later
(`TakesIn`) keeps none at all.

So a sender of a byte a second, or a reader who never reads, costs an entry in a table and not a thread. Each wait has
its end, and when the table is full, whoever has waited longest makes room.
"""

import logging
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
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from gunicorn.workers.base import Worker

from webhook.exchanges import AT_ONCE, AnswerSocket, Connection, Exchange, send
from webhook.frames import Framing, TooLargeError
from webhook.posts import answer_of, plain_post
from webhook.streams import PARK, Write
from worker.log import complain

log = logging.getLogger(__name__)

GATEWAY_THREADS, PAGE_THREADS = 32, 8
"""For what gateways ask and `TakesIn` leaves, and for everything else, so that no page keeps a text waiting. The former
mostly wait for a transaction."""
MOST_CONNECTIONS = 1_000
MOST_UPLOADS = 4
"""So many large requests come in at a time; for one more, that which has waited longest makes room."""
HEAD_S = BODY_S = 10.0
ANSWER_S = 60.0
IDLE_S = 15.0
LOOK_S = 0.25
"""So often it is seen to those whose patience ends."""
FAREWELL_S = 2.0
"""Once we have said all, what still comes is read for so long: an early end would take our last words with it."""
Held = TypeVar("Held")
Headers = list[tuple[str, str]]
GATEWAYS = b"/gateways/"


@runtime_checkable
class TakesIn(Protocol):
    """An application that takes in some requests without keeping a thread."""

    def later(self, environ: dict[str, Any], then: Callable[[str, Headers, bytes], object]) -> bool:
        """Tell whether it takes one in; then any thread tells `then` status, headers and body of the answer, once."""

    def end_patience(self) -> None:
        """Answer whoever has waited too long for that."""


class PatientWorker(Worker):
    """The main thread waits for bytes, the others answer requests; nothing but queues is shared between them.

    What the application's front takes in keeps no thread at all: the main thread reads it and writes its answer.
    """

    def init_process(self) -> None:
        """Open what must not be shared across the fork."""
        self._selector = selectors.DefaultSelector()
        self._gateways = ThreadPoolExecutor(GATEWAY_THREADS, "gateway")
        self._pages = ThreadPoolExecutor(PAGE_THREADS, "page")
        self._done: SimpleQueue[Connection] = SimpleQueue()
        self._letters: SimpleQueue[tuple[Connection, bytes | None]] = SimpleQueue()
        self._answers: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._nudged = False
        self._open = self._taken_in = 0
        self._looks_at = 0.0
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
        front = getattr(self.wsgi, "wsgi_app", None)
        self._front = front if isinstance(front, TakesIn) else None
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
        for key, _ in self._selector.select(LOOK_S if self._taken_in else 1.0):
            key.data(key.fileobj)
        now = time.monotonic()
        if self._front is not None and self._taken_in and self._looks_at <= now:
            self._looks_at = now + LOOK_S
            # By another thread: whoever has waited too long waits for the disk then.
            self._gateways.submit(self._front.end_patience)
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
        if not request.partition(b" ")[2].startswith(GATEWAYS):
            self._pages.submit(self._serve, connection, request)
        elif self._front is None or not self._take_in(self._front, connection, request):
            self._gateways.submit(self._serve, connection, request)

    def _take_in(self, front: TakesIn, connection: Connection, request: bytes) -> bool:
        """Tell whether the application has taken a request in, and answers it later."""
        try:
            environ = plain_post(request, connection.client[0])
            taken = environ is not None and front.later(environ, partial(self._answer, connection))
        except Exception:
            # Whoever serves it, from its first byte, says what is wrong.
            return False
        self._taken_in += taken
        return taken

    def _answer(self, connection: Connection, status: str, headers: Headers, body: bytes) -> None:
        """Have the main thread write an answer."""
        self._answers.put(partial(self._write_answer, connection, status, headers, body))
        self._nudge()

    def _write_answer(self, connection: Connection, status: str, headers: Headers, body: bytes) -> None:
        self._taken_in -= 1
        connection.keep = self.alive
        try:
            connection.outgoing += answer_of(status, headers, body, connection.keep)
            send(connection)
        except Exception as error:
            connection.keep = False
            connection.outgoing.clear()
            if not isinstance(error, OSError):
                complain(log, "not answered", error)
        self._go_on(connection)

    def _serve(self, connection: Connection, request: bytes) -> None:
        """AnswerSocket a request, in a thread of a pool."""
        try:
            connection.keep = self._answered(connection, request) and not connection.framing.cut
            send(connection)
        except OSError:
            connection.keep = False
            connection.outgoing.clear()
        self._done.put(connection)
        self._nudge()

    def _answered(self, connection: Connection, request: bytes) -> bool:
        """Return whether the connection may go on."""
        exchange = None
        try:
            exchange = Exchange(self.cfg, connection, request)
            exchange.environ[PARK] = partial(self._park, connection)
            application: Any = self.wsgi
            items = application(exchange.environ, exchange.response.start_response)
            if connection.gone is not None:
                # Its end is that of the connection: whatever comes is written as it is.
                exchange.response.chunked = False
                exchange.response.force_close()
            try:
                return exchange.write(items, self.alive)
            finally:
                if hasattr(items, "close"):
                    items.close()
        except StopIteration:
            return False
        except Exception as error:
            if not connection.outgoing:
                answer = cast("socket.socket", AnswerSocket(connection))
                self.handle_error(exchange.response.req if exchange else None, answer, connection.client, error)
            return False

    def _nudge(self) -> None:
        """Wake the main thread, unless it is about to look anyhow."""
        if not self._nudged:
            self._nudged = True
            with suppress(BlockingIOError):
                os.write(self.PIPE[1], b".")

    def _wake(self, _pipe: object) -> None:
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)
        self._nudged = False
        with suppress(Empty):
            while True:
                self._go_on(self._done.get_nowait())
        with suppress(Empty):
            while True:
                self._answers.get_nowait()()
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
        self._nudge()

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
