"""How far the request of a connection goes, told from the bytes that have come by now; what it means is for others.

Whether it is well formed gunicorn's parser decides, which gets no byte more than this says: where the two disagree, the
request is refused and the connection ends (RFC 9112, sections 6.3 and 7.1).
"""

import re

from worker.gateways.base import LARGEST_BODY

LARGEST_HEAD = 32 * 1024
LONGEST_CHUNK_LINE = 256
MOST_RECEIVED = 2 * (LARGEST_HEAD + LARGEST_BODY)
"""Chunks cost some bytes besides what they carry."""
UPLOADS = b"POST /setup/people/import/"
LARGEST_UPLOAD = 2 * 1024 * 1024
"""Only a list of people, whose length is told at its head, may be as large as this; there is one address for them."""
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class TooLargeError(ValueError):
    """More has come than any request may have; `status` is 413 or 431."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Framing:
    """One request as it comes in. `head`: the length of its head, 0 until all of it is there."""

    def __init__(self) -> None:
        self.head = 0
        self.wants_word = False
        """Whether the sender waits for 100 (Continue) before it sends the body."""
        self.large = False
        """Whether it is larger than what anybody may send anywhere."""
        self.cut = False
        """Whether more belongs to the request than is read: its body is larger than any that is taken."""
        self._chunked = False
        self._length = 0
        self._at = 0

    def end(self, received: bytearray) -> int | None:
        """Return how many of these bytes are the request, None while it is not whole. Raises TooLargeError."""
        if not self.head and not self._has_head(received):
            return None
        if self._chunked:
            return self._chunked_end(received)
        whole = self.head + self._length
        return whole if len(received) >= whole else None

    def _has_head(self, received: bytearray) -> bool:
        at = received.find(END, self._at)
        self.head = max(0, at + len(END)) if at >= 0 else 0
        if (self.head or len(received)) > LARGEST_HEAD:
            raise TooLargeError(431)
        # The end may come in pieces.
        self._at = self.head or max(0, len(received) - len(END))
        if not self.head:
            return False
        head = bytes(received[: self.head])
        self._chunked = bool(CHUNKED.search(head))
        length = LENGTH.search(head)
        self._length = int(length[1]) if length and not self._chunked else 0
        self.wants_word = bool(CONTINUE.search(head))
        self.large = LARGEST_BODY + 1 < self._length <= LARGEST_UPLOAD and head.startswith(UPLOADS)
        if self._length > LARGEST_BODY + 1 and not self.large:
            # The application says so, in its own words, without a byte of it.
            self._length, self.cut = 0, True
        return True

    def _chunked_end(self, received: bytearray) -> int | None:
        while True:
            line = received.find(b"\r\n", self._at)
            if line < 0:
                # A line without an end is none; the parser will say so.
                return len(received) if len(received) - self._at > LONGEST_CHUNK_LINE else None
            size = re.fullmatch(rb"[0-9a-fA-F]{1,8}", received[self._at : line].partition(b";")[0].rstrip(b" \t"))
            if size is None:
                return len(received)
            after = line + 2 + int(size[0], 16) + 2
            if max(after, len(received)) > MOST_RECEIVED:
                raise TooLargeError(413)
            if int(size[0], 16) == 0:
                # With or without trailers the body ends with an empty line.
                at = received.find(END, line)
                return at + len(END) if at >= 0 else None
            if after > len(received):
                return None
            self._at = after
