"""Bodies that arrive base64-encoded, as long ones sometimes do: whole, wrapped, or cut off on the way."""

import base64
import codecs
import re
from typing import Final

LEAST: Final = 60
_ALPHABET: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,3}")
_BLANKS: Final = re.compile(r"\s+")
_URL_SAFE: Final = str.maketrans("-_", "+/")


def plain_text(body: str) -> str:
    """Return the text of an encoded body, otherwise the body itself.

    Blanks and line ends within it are passed over, its padding is mended, a last character that is cut is left out.
    Only what is of some length and holds UTF-8 with no control characters counts: no text people write does.
    """
    code = _BLANKS.sub("", body)
    if len(code) < LEAST or not _ALPHABET.fullmatch(code):
        return body
    bare = code.rstrip("=").translate(_URL_SAFE)
    # A single character of a last group of four holds no whole byte.
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except ValueError:
        return body
    return body if any(c < " " and c not in "\r\n\t" for c in text) else text
