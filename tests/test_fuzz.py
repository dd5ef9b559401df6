"""No route answers 500, whatever its arguments and fields hold: a short, fixed piece of `python -m tests.fuzz`."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.requests import field_names, requests_for
from tests.fuzz.sending import Sender
from tests.infrastructure.addresses import rules
from tests.infrastructure.serving import runtime_of
from webhook.app import create_app
from worker.decide.set_up import open_site
from worker.runtime import Runtime

MANAGER = "+8613800000001"


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_site(runtime.engine, "翡翠湾", "+8613800000000", {"manager": [MANAGER]}, "sandbox")
    yield runtime
    runtime.close()


def test_whatever_is_sent_to_any_route_is_answered_and_never_by_500(runtime: Runtime) -> None:
    app = create_app(runtime)
    sender = Sender(app, runtime, MANAGER)
    every = rules(app)
    assert list(sender.broken_by(islice(requests_for(app, 7), 3 * len(every)))) == []
    assert {rule for rule, _ in sender.counted} == {rule.rule for rule in every}


def test_the_fields_that_are_tried_are_those_that_views_ask_for() -> None:
    assert {"name", "password", "code", "next", "sender", "text", "forms", "guest", "q"} & set(field_names()) >= {
        "name",
        "password",
        "sender",
        "text",
    }
