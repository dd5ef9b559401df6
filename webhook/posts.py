"""A gateway's post in the form in which nearly all come, read by httptools, and its answer.

Gunicorn's own reading and writing of one, in Python, costs more than all else that there is to do with a text before
its transaction. Whatever is not plain is left to it, so that it alone says what is well formed and what is not.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

from gunicorn import SERVER
from gunicorn.util import http_date
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LONGEST: Final = 8 * 1024
"""What is longer, in bytes, is rare."""
LONGEST_LINE, MOST_HEADERS = 4_094, 100
"""Gunicorn takes no more."""
_END: Final = b"\r\n\r\n"
_PLAIN_LINE: Final = re.compile(rb"POST (/[0-9A-Za-z/._~-]*)(?:\?([!$-~]*))? HTTP/1\.1\r\n")
_NOT_PLAIN: Final = frozenset(("HTTP_TRANSFER_ENCODING", "HTTP_TE", "HTTP_TRAILER", "HTTP_EXPECT", "HTTP_UPGRADE"))
_UNPREFIXED: Final = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")


class _Heard:
    """What the parser tells of a request."""

    def __init__(self) -> None:
        self.body = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete += 1


def plain_post(request: bytes, client: str) -> dict[str, Any] | None:
    """Return the WSGI environment, as far as a front needs it, of one whole plain POST from the address `client`.

    None: gunicorn has to read it. Its connection may go on.
    """
    line = _PLAIN_LINE.match(request)
    if line is None or len(line[0]) > LONGEST_LINE or len(request) > LONGEST:
        return None
    heard = _Heard()
    parser = HttpRequestParser(heard)
    try:
        parser.feed_data(request)
    except (HttpParserError, HttpParserUpgrade):
        return None
    _, _, rest = request.partition(_END)
    fields = _fields_of(heard)
    if fields is None or (heard.complete, len(rest)) != (1, len(heard.body)):
        return None
    path, query = line[1].decode(), (line[2] or b"").decode()
    asked = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": client}
    return fields | asked | {"wsgi.input": BytesIO(heard.body)}


def answer_of(status: str, headers: Iterable[tuple[str, str]], body: bytes, keep: bool) -> bytes:
    """Return an answer as it is sent; `keep`: the connection goes on. Raises ValueError for a header of two lines."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Server: {SERVER}",
        f"Date: {http_date()}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has more than a line")
    return "\r\n".join(lines).encode("latin-1") + _END + body


def _fields_of(heard: _Heard) -> dict[str, Any] | None:
    """Return a request's header fields by their names in WSGI, None where they are not plain."""
    if len(heard.headers) > MOST_HEADERS:
        return None
    fields: dict[str, Any] = {}
    for name, value in heard.headers:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        # A name with _ would be taken for one with -, and of two that are alike the application sees one.
        if b"_" in name or key in fields:
            return None
        fields[key] = value.strip(b" \t").decode("latin-1")
    length = fields.get("HTTP_CONTENT_LENGTH")
    if fields.keys() & _NOT_PLAIN or length != str(len(heard.body)) or "HTTP_HOST" not in fields:
        return None
    if fields.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
        return None
    for key in _UNPREFIXED:
        fields[key.removeprefix("HTTP_")] = fields.pop(key, "")
    return fields
