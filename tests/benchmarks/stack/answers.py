"""Finding the end of an HTTP answer, or request, in what has come so far; just enough for servers of this benchmark."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def whole(received: bytearray) -> int:
    """Return how many bytes the first message in `received` has with its body; 0 while it is not there in full."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return 0
    stated = _LENGTH.search(received, 0, end)
    length = end + 4 + (int(stated[1]) if stated else 0)
    return length if len(received) >= length else 0


def closes(message: bytes) -> bool:
    """Tell whether the connection ends behind this message."""
    return b"\r\nconnection: close" in message.partition(b"\r\n\r\n")[0].lower()
