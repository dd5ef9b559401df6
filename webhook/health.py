"""`/healthz`: the process is up. `/readyz`: a text that comes now would be kept."""

from flask import Blueprint, Response, jsonify

from webhook.access import public
from webhook.answers import plain
from webhook.runtime import runtime
from worker.readers.health import health_of

routes = Blueprint("health", __name__)


@routes.get("/healthz")
@public
def healthz() -> Response:
    """Answer without looking at anything."""
    return plain("ok", 200)


@routes.get("/readyz")
@public
def readyz() -> Response:
    """Answer 503 only when a text could not be made durable; what else is amiss stands in `degraded`, with 200."""
    health = health_of(runtime())
    status = "not_durable" if not health.durable else "degraded" if health.degraded else "ok"
    answer = jsonify(status=status, degraded=health.degraded)
    answer.status_code = 200 if health.durable else 503
    return answer
