"""Bodies that arrive encoded: as long ones sometimes do, and as what stands between a phone and us makes of them.

Whatever decodes is decoded before anything is masked: a number that only lies there encoded would be kept whole.
"""

import base64
import codecs
import html
import quopri
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, unquote_plus

LEAST: Final = 60
_ALPHABET: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,3}")
_BLANKS: Final = re.compile(r"\s+")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_OF_TEXTS: Final = re.compile(r"[\n\r\t -~\u00b7\u2014-\u2026\u3000-\u3011\u4e00-\u9fff\uff01-\uffe5]+")
"""What texts of reports consist of: Han, ASCII, and the signs between them."""
_HEX: Final = re.compile(r"(?=[0-9]*[A-Fa-f])(?:[0-9A-Fa-f]{2}){8,}")
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}){3}")
_QUOTED: Final = re.compile(r"(?:=[0-9A-F]{2}){3}")
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\([nrt\"\\/])")
_PLAIN_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|amp|lt|gt|quot|apos|nbsp);")


def plain_text(body: str) -> str:
    """Return the text of an encoded body, otherwise the body itself.

    Known are base64, UCS-2 and UTF-8 in hexadecimal digits, %E5, =E5, \\u5907, &#22791;, and UTF-8 that was read as
    Latin-1. Each counts only where text comes out of it that people write, and nobody writes what it is made of.
    """
    for decoded in _WAYS:
        try:
            text = decoded(body)
        except ValueError:
            continue
        if text is not None and not any(c < " " and c not in "\r\n\t" for c in text):
            return text
    return body


def _of_base64(body: str) -> str | None:
    """Pass over blanks and line ends, mend the padding, leave out a last character that is cut."""
    code = _BLANKS.sub("", body)
    if len(code) < LEAST or not _ALPHABET.fullmatch(code):
        return None
    bare = code.rstrip("=").translate(_URL_SAFE)
    # A single character of a last group of four holds no whole byte.
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    return codecs.getincrementaldecoder("utf-8")().decode(base64.b64decode(bare + "=" * (-len(bare) % 4)))


def _of_hex(body: str) -> str | None:
    code = _BLANKS.sub("", body)
    if not _HEX.fullmatch(code):
        return None
    raw = bytes.fromhex(code)
    # What is cut inside a character loses it, as with base64.
    read = (codecs.getincrementaldecoder(encoding)("ignore").decode(raw) for encoding in ("utf-8", "utf-16-be"))
    return next((text for text in read if _OF_TEXTS.fullmatch(text) and _HAN.search(text)), None)


def _of_percents(body: str) -> str | None:
    if not _PERCENT.search(body):
        return None
    return _if_han((unquote if " " in body else unquote_plus)(body, errors="strict"))


def _of_quoted_printable(body: str) -> str | None:
    return _if_han(quopri.decodestring(body.encode()).decode()) if _QUOTED.search(body) else None


def _of_escapes(body: str) -> str | None:
    if "\\u" not in body:
        return None
    bare = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _PLAIN_ESCAPES.get(m[2], m[2]), body)
    # Two escapes together may be one character beyond the first 65,536.
    return _if_han(bare.encode("utf-16", "surrogatepass").decode("utf-16"))


def _of_entities(body: str) -> str | None:
    return _ENTITY.sub(lambda m: html.unescape(m[0]), body) if _ENTITY.search(body) else None


def _of_latin(body: str) -> str | None:
    """Windows' Latin has printed signs where Latin-1 has controls; what it lacks is taken from that."""
    raw = b"".join(c.encode("latin-1") if c < "\u00a0" else c.encode("cp1252") for c in body)
    return None if body.isascii() else _if_han(raw.decode())


def _if_han(text: str) -> str | None:
    return text if _HAN.search(text) else None


_WAYS: Final[tuple[Callable[[str], str | None], ...]] = (
    *(_of_base64, _of_hex, _of_percents, _of_quoted_printable, _of_escapes, _of_entities, _of_latin),
)
