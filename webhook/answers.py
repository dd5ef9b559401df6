"""What every answer has in common: security headers, and errors as one plain sentence."""

import logging
from collections.abc import Mapping
from functools import lru_cache

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from webhook.language import _, _l, fault_words
from worker.errors import SetUpError
from worker.log import complain

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer" browsers say of our own forms, too, that they come from nowhere (Origin: null).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

SENTENCES = {
    401: _l("Please log in first."),
    404: _l("There is nothing at this address."),
    405: _l("This address does not take that method."),
    413: _l("The request is larger than this address takes."),
    414: _l("The address is longer than we read."),
}


def prepare_answers(app: Flask) -> None:
    """Give all answers of the application the headers and the plain errors."""
    app.after_request(_with_headers)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(SetUpError, _not_set)
    app.register_error_handler(Exception, _broken)


def plain(sentence: str, status: int) -> Response:
    """Return a sentence as plain text."""
    return Response(f"{sentence}\n", status, content_type="text/plain; charset=utf-8")


@lru_cache
def common_headers(mimetype: str, secure: bool) -> Mapping[str, str]:
    """Return what every answer of a type has; `secure`: we are asked by https."""
    # Of this name alone: what else lies under it is not ours to promise.
    own = {"Strict-Transport-Security": "max-age=31536000"} if secure else {}
    kept = {"Cache-Control": "no-store"} if mimetype in ("text/html", "application/json", "text/plain") else {}
    return own | HEADERS | kept


def _with_headers(response: Response) -> Response:
    for name, value in common_headers(response.mimetype, current_app.config["SESSION_COOKIE_SECURE"]).items():
        response.headers.setdefault(name, value)
    return response


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    own = error.description if error.description != type(error).description else None
    answer = _sentence(own or str(SENTENCES.get(status, error.description or error.name)), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Location"):
            answer.headers[name] = value
    return answer


def _not_set(error: SetUpError) -> Response:
    """Say what could not be set, where no form of the page says it: the line's clock is wrong, somebody was quicker."""
    return _sentence(fault_words(error), 409)


def _broken(error: Exception) -> Response:
    complain(log, "request failed", error)
    return _sentence(_("The request could not be handled; please send it again."), 500)


def _sentence(sentence: str, status: int) -> Response:
    """Return an error as its reader wants it: a page for a person, a line for a program."""
    if "text/html" not in request.headers.get("Accept", ""):
        return plain(sentence, status)
    try:
        return Response(render_template("error.html", sentence=sentence, status=status), status, mimetype="text/html")
    except Exception as error:
        complain(log, "no page for an error", error)
        return plain(sentence, status)
