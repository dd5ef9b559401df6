"""The yardstick of the webhook: a view that checks the signature and does nothing else, on the program's own server.

Started as `python -m tests.benchmarks.stack.empty_view`, with the program's variables; it uses the very adapter that
the program checks signatures with.
"""

import os
from typing import Any

from flask import Flask, Response, request

from tests.benchmarks.stack.texts import MESSAGES
from webhook.__main__ import Server
from worker.runtime import open_runtime
from worker.settings import load_settings


class Empty(Server):
    """The program's server with another application."""

    def load(self) -> Any:
        """Make the application."""
        settings = load_settings(os.environ)
        twilio = open_runtime(settings).gateways["twilio"]
        application, url = Flask("empty"), settings.base_url + MESSAGES

        @application.post(MESSAGES)
        def take() -> Response:
            twilio.verify(dict(request.headers), request.get_data(cache=False), url)
            return Response("<Response/>", content_type="text/xml")

        return application


if __name__ == "__main__":
    Empty(load_settings(os.environ)).run()
