"""What every answer of every address has in common, whatever is asked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.infrastructure.addresses import address, rules
from tests.infrastructure.serving import client_of, open_line, runtime_of

METHODS = ("GET", "POST", "PUT", "OPTIONS")


@pytest.fixture
def app(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Flask]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    open_line(runtime.engine)
    yield client_of(runtime).application
    runtime.close()


def addresses(app: Flask) -> list[str]:
    return [address(app, rule) for rule in rules(app)]


def test_every_answer_carries_the_security_headers(app: Flask) -> None:
    client = app.test_client()
    for path in [*addresses(app), "/nowhere"]:
        for method in METHODS:
            headers = client.open(path, method=method, buffered=True).headers
            assert "default-src 'self'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"


def test_every_refusal_is_one_plain_sentence(app: Flask) -> None:
    client = app.test_client()
    refused = 0
    for path in [*addresses(app), "/nowhere", "/phones/7/news"]:
        for method in METHODS:
            answer = client.open(path, method=method, buffered=True)
            if answer.status_code >= 400:
                refused += 1
                assert answer.mimetype == "text/plain"
                assert re.fullmatch(r"[^\n<>]{10,200}\n", answer.text)
    assert refused > len(addresses(app))


def test_only_static_files_may_be_kept_by_browsers(app: Flask) -> None:
    client = app.test_client()
    for path in addresses(app):
        kept = client.get(path, buffered=True).headers.get("Cache-Control") != "no-store"
        assert kept == path.startswith("/static/")
