"""The routes of the gateways: `POST /gateways/NAME/messages` and `/status`, for any adapter that is registered."""

from typing import get_args

from flask import Blueprint, Response, abort, request

from webhook.access import for_gateways
from webhook.edge import receive
from webhook.runtime import runtime
from worker.gateways.base import LARGEST_BODY, RefusedRequestError, Route

routes = Blueprint("gateways", __name__, url_prefix="/gateways")


@routes.post(f"/<name>/<any({','.join(get_args(Route))}):route>")
@for_gateways
def take(name: str, route: Route) -> Response:
    """Take in a request of the gateway called `name`."""
    gateway = runtime().gateways.get(name)
    if gateway is None:
        abort(404)
    # One byte more than is taken: of a body without a stated length werkzeug cuts off the rest and says nothing.
    request.max_content_length = LARGEST_BODY + 1
    raw = request.get_data(cache=False)
    if len(raw) > LARGEST_BODY:
        abort(413)
    query = request.environ.get("QUERY_STRING", "")
    try:
        ack = receive(runtime(), gateway, route, dict(request.headers), raw, query).ack
    except RefusedRequestError as error:
        abort(Response(f"{error}\n", error.status, mimetype="text/plain"))
    return Response(ack.body, ack.status, content_type=ack.content_type)
