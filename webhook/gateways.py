"""The routes of the gateways: `POST /gateways/NAME/messages` and `/status`, for any adapter that is registered.

What is accepted is answered by `Front`, before Flask, whose own work on a request costs about as much as all that there
is to do with a text before its transaction. Whatever else becomes of a request is said by Flask, as of any.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, get_args

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from webhook.access import for_gateways
from webhook.answers import common_headers
from webhook.callers import may_be_asked
from webhook.edge import receive, receive_later
from worker.gateways.base import LARGEST_BODY, Ack, Gateway, RefusedRequestError, Route
from worker.runtime import Runtime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

routes = Blueprint("gateways", __name__, url_prefix="/gateways")
ROUTES: Final[tuple[Route, ...]] = get_args(Route)
SHORT: Final = 4 * 1024
"""What is longer, in bytes, is rare, and may take a while to read."""
MET: Final = "baobei.met"
"""Where a request keeps what it was refused with, or what broke."""


class Front:
    """A WSGI application that takes in what gateways post, and leaves everything else to another one."""

    def __init__(self, runtime: Runtime, rest: "WSGIApplication") -> None:
        self._runtime = runtime
        self._rest = rest
        self._secure = runtime.settings.base_url.startswith("https:")

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        found = self._asked(environ, self._runtime.gateways)
        if found is None or not may_be_asked(self._runtime.settings, environ):
            return self._rest(environ, start_response)
        try:
            ack = self._take(*found, environ)
        except Exception as error:
            environ[MET] = error
            return self._rest(environ, start_response)
        status, headers, body = self._written(ack)
        start_response(status, headers)
        return [body]

    def later(self, environ: dict[str, Any], then: Callable[[str, list[tuple[str, str]], bytes], object]) -> bool:
        """Take in a request without waiting: another thread tells `then` status, headers and body of the answer.

        False: nothing was done with it, it is to be asked of `__call__`. A database is never read here, so what a
        gateway posts is taken so where the adapter needs none.
        """
        found = self._asked(environ, self._runtime.gateways.of_settings)
        if found is None or not may_be_asked(self._runtime.settings, environ):
            return False
        if int(environ.get("CONTENT_LENGTH") or LARGEST_BODY) > SHORT:
            return False
        headers, raw, query = _request(environ)
        return receive_later(self._runtime, *found, headers, raw, query, lambda ack: then(*self._written(ack)))

    def end_patience(self) -> None:
        """Answer whoever has waited too long since `later`."""
        self._runtime.intake.end_patience()
        self._runtime.statuses.end_patience()

    def _written(self, ack: Ack) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status line, headers and body of an answer."""
        body = ack.body.encode()
        headers = {"Content-Type": ack.content_type, "Content-Length": str(len(body))}
        mimetype = ack.content_type.partition(";")[0]
        status = f"{ack.status} {HTTPStatus(ack.status).phrase}"
        return status, [*headers.items(), *common_headers(mimetype, self._secure).items()], body

    def _asked(self, environ: Mapping[str, Any], gateways: Mapping[str, Gateway]) -> tuple[Gateway, Route] | None:
        parts = environ["PATH_INFO"].split("/")
        if environ["REQUEST_METHOD"] != "POST" or len(parts) != 4 or parts[1] != "gateways" or parts[3] not in ROUTES:
            return None
        gateway = gateways.get(parts[2])
        return None if gateway is None else (gateway, parts[3])

    def _take(self, gateway: Gateway, route: Route, environ: dict[str, Any]) -> Ack:
        return receive(self._runtime, gateway, route, *_request(environ)).ack


def _request(environ: dict[str, Any]) -> tuple[dict[str, str], bytes, str]:
    """Return headers, body and query of a request."""
    # One byte more than is taken: of a body without a stated length werkzeug cuts off the rest and says nothing.
    raw = get_input_stream(environ, max_content_length=LARGEST_BODY + 1).read()
    if len(raw) > LARGEST_BODY:
        raise RequestEntityTooLarge
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
    return headers, raw, environ.get("QUERY_STRING", "")


@routes.post(f"/<name>/<any({','.join(ROUTES)}):route>")
@for_gateways
def refuse(name: str, route: Route) -> Response:
    """Say why a request was not taken: whatever `Front` met, or that there is no gateway called `name`."""
    met = request.environ.get(MET)
    if isinstance(met, RefusedRequestError):
        abort(Response(f"{met}\n", met.status, mimetype="text/plain"))
    if isinstance(met, Exception):
        raise met
    abort(404)
