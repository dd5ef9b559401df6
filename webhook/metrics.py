"""`/metrics`: numbers for Prometheus. They hold nothing about a person, so nobody has to log in."""

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from webhook.access import public
from worker.readers.metrics import Metrics, scrape

KEY = "baobei.metrics"

routes = Blueprint("metrics", __name__)


@routes.get("/metrics")
@public
def metrics() -> Response:
    """Answer with every number, computed now."""
    collector: Metrics = current_app.extensions[KEY]
    return Response(scrape(collector), content_type=CONTENT_TYPE_LATEST)
