"""A connection of the web process, and a request over it with its answer, as gunicorn reads and writes them."""

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast

from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser

from webhook.frames import Framing

AT_ONCE = 64 * 1024


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


class Exchange:
    """A request as gunicorn reads it, and its answer; raises what gunicorn raises where it is none."""

    def __init__(self, cfg: Config, connection: Connection, request: bytes) -> None:
        self._parser = RequestParser(cfg, iter([request]), connection.client)
        self._cut = connection.framing.cut
        answer = cast("socket.socket", AnswerSocket(connection))
        made = wsgi.create(next(self._parser), answer, connection.client, connection.server, cfg)
        self.response: wsgi.Response = made[0]
        self.environ = cast("dict[str, Any]", made[1])
        self.environ["wsgi.multithread"] = True

    def write(self, items: Iterable[bytes], more: bool) -> bool:
        """Write an answer whose head is set; return whether the connection goes on, as it may where `more` comes."""
        if self._cut or not more:
            self.response.force_close()
        for item in items:
            self.response.write(item)
        self.response.close()
        # What the application did not read is well formed as well, or the two of us disagree where it ends.
        self._parser.finish_body()
        return not self.response.should_close() and not self._parser.unreader.buf.getvalue()
