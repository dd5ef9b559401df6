"""What every answer has in common: security headers, and errors as one plain sentence."""

import logging

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from worker.log import complain

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is larger than this address takes.",
    414: "The address is longer than we read.",
}


def prepare_answers(app: Flask) -> None:
    """Give all answers of the application the headers and the plain errors."""
    app.after_request(_with_headers)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)


def plain(sentence: str, status: int) -> Response:
    """Return a sentence as plain text."""
    return Response(f"{sentence}\n", status, content_type="text/plain; charset=utf-8")


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype in ("text/html", "application/json", "text/plain"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(error: HTTPException) -> Response:
    own = error.description if error.description != type(error).description else None
    answer = plain(own or SENTENCES.get(error.code or 500, error.description or error.name), error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Location"):
            answer.headers[name] = value
    return answer


def _broken(error: Exception) -> Response:
    complain(log, "request failed", error)
    return plain("The request could not be handled; please send it again.", 500)
