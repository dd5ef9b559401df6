"""`/healthz`: the process is up. `/readyz`: a text that comes now would be kept."""

from flask import Blueprint, Response, current_app, jsonify

from webhook.access import public
from webhook.answers import plain
from webhook.callers import may_see_details
from webhook.kept import Kept
from worker.readers.health import Health

KEY = "baobei.health"

routes = Blueprint("health", __name__)


@routes.get("/healthz")
@public
def healthz() -> Response:
    """Answer without looking at anything."""
    return plain("ok", 200)


@routes.get("/readyz")
@public
def readyz() -> Response:
    """Answer 503 only when a text could not be made durable; what else is amiss stands in `degraded`, with 200.

    What it is stands there for this machine, and for whoever has METRICS_TOKEN.
    """
    kept: Kept[Health] = current_app.extensions[KEY]
    health = kept.value()
    status = "not_durable" if not health.durable else "degraded" if health.degraded else "ok"
    answer = jsonify(status=status, **({"degraded": health.degraded} if may_see_details() else {}))
    answer.status_code = 200 if health.durable else 503
    return answer
