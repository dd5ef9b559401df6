"""`/metrics`: numbers for Prometheus. They hold nothing about a person, but how a site does is not for everybody."""

from flask import Blueprint, Response, abort, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.access import public
from webhook.callers import may_see_details
from webhook.kept import Kept
from webhook.language import _

KEY = "baobei.metrics"

routes = Blueprint("metrics", __name__)


@routes.get("/metrics")
@public
def metrics() -> Response:
    """Answer this machine, or whoever has METRICS_TOKEN, with every number as it was some seconds ago."""
    if not may_see_details():
        abort(403, _("This is for this machine, or for a request with the bearer token METRICS_TOKEN."))
    numbers: Kept[bytes] = current_app.extensions[KEY]
    return Response(numbers.value(), content_type=CONTENT_TYPE_LATEST)
