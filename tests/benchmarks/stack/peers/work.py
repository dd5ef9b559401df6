"""What a job of every peer does: the program's own code, once a text, each step a transaction of its own.

A `decide` job decides the next text of a line that is there already, as the program's own decide process does. A
`whole` job is given the request as it came: it checks the signature, reads it, makes the text durable and decides it.
"""

import os
from functools import cache

from parsers.weights import model
from tests.benchmarks.stack.texts import MESSAGES, fields, signed
from worker.decide.decider import decide_site
from worker.gateways.base import Inbound
from worker.line.door import accept
from worker.runtime import Runtime, open_runtime
from worker.settings import load_settings

SITE = 1


@cache
def runtime() -> Runtime:
    """Return what the process holds open; a worker that forks for each job calls `prepare` instead, before it does."""
    return open_runtime(load_settings(os.environ))


def prepare() -> None:
    """Load what is large and may be shared with processes that are forked later."""
    model()


def decide() -> None:
    """Decide one text."""
    decide_site(runtime().engine, SITE, limit=1)


def take_and_decide(signature: str, raw: str) -> None:
    """Take in a request and decide its text."""
    url = runtime().settings.base_url + MESSAGES
    twilio = runtime().gateways["twilio"]
    twilio.verify(
        {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}, raw.encode(), url
    )
    for inbound in twilio.parse("messages", raw.encode(), url):
        assert isinstance(inbound, Inbound)
        accept(runtime().engine, inbound, at_once=True)
    decide()


def arguments(i: int) -> tuple[str, str]:
    """Return the arguments of a `whole` job for text i."""
    headers, raw = signed(f"{os.environ['PUBLIC_URL']}{MESSAGES}", fields(i))
    return headers["X-Twilio-Signature"], raw.decode()
