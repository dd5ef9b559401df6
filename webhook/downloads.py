"""Files that a page hands out: never kept by a browser, under a name of letters and digits alone."""

import re
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from flask import Response

PIECE = 65_536
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(file: IO[bytes], form: str, name: str, plain: str = "list") -> Response:
    """Return a file of one of TYPES as a download; it is closed when it was sent.

    `name` may hold any letters; `plain` is its name for browsers that know only ASCII.
    """
    # No path, no end of another kind, nothing that turns the reading round.
    letters = re.sub(r"[^-\w]+", "-", name)
    called = quote(f"{letters}.{form}", safe="")
    answer = Response(_pieces(file), content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}.{form}\"; filename*=UTF-8''{called}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
