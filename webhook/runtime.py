"""How a view finds the runtime that its application was made with."""

from flask import current_app

from worker.runtime import Runtime

KEY = "baobei"


def runtime() -> Runtime:
    """Return the runtime of the application that handles this request."""
    found: Runtime = current_app.extensions[KEY]
    return found
