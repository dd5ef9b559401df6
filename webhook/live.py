"""Parts of pages that keep themselves current, asked for again and again; and the pulse by which a page knows that
it is still connected, and what waits for its reader."""

import hashlib

from flask import Blueprint, Response, jsonify, request

from webhook.access import everybody, polled
from webhook.lookout import waiting

routes = Blueprint("live", __name__)


@routes.get("/live")
@everybody
@polled
def pulse() -> Response:
    """Say that we are here, and what waits for the reader on which page, as [count, words]."""
    return jsonify(waiting())


def part(html: str) -> Response:
    """Return a part of a page with its mark, or that what the browser shows is still right."""
    mark = hashlib.sha256(html.encode()).hexdigest()[:32]
    answer = Response(html, mimetype="text/html")
    answer.set_etag(mark)
    if request.if_none_match.contains(mark):
        answer.status_code = 304
        answer.set_data(b"")
    return answer
