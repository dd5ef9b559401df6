"""Sending odd requests to the application, as somebody with every role, and looking at what comes back."""

from collections import Counter
from collections.abc import Iterable, Iterator

from flask import Flask
from flask.testing import FlaskClient

from tests.fuzz.requests import Request
from tests.infrastructure.visiting import enrol, token_of, visitor
from worker.accounts.users import ROLES
from worker.runtime import Runtime

NAME = "fuzz"


class Sender:
    """Clients of the application, one logged in and one a stranger; counts the answers by route and status."""

    def __init__(self, app: Flask, runtime: Runtime, phone: str) -> None:
        """Enrol somebody who may everything, with this phone."""
        enrol(runtime, NAME, *ROLES, phone=phone)
        self._clients = {True: visitor(app, NAME), False: app.test_client()}
        self._tokens = {who: token_of(client) for who, client in self._clients.items()}
        self.counted: Counter[tuple[str, int]] = Counter()

    def broken_by(self, requests: Iterable[Request]) -> Iterator[tuple[Request, str]]:
        """Send requests, and yield those that are answered by 500 or not at all, with what was said."""
        for request in requests:
            client = self._clients[request.logged_in]
            try:
                status, said = self._answer(client, request)
            except Exception as error:
                yield request, repr(error)
                continue
            self.counted[request.rule, status] += 1
            if status == 500:
                yield request, said

    def _answer(self, client: FlaskClient, request: Request) -> tuple[int, str]:
        form = request.form | ({"token": self._tokens[request.logged_in]} if request.token else {})
        answer = client.open(
            request.path,
            method=request.method,
            query_string=request.query,
            data=form if request.method == "POST" else None,
            headers={name: value for name, value in request.headers.items() if value},
            buffered=True,
        )
        return answer.status_code, answer.get_data(as_text=True)[:300] if answer.status_code == 500 else ""
