"""How long the server takes for a page: `python -m tests.benchmarks.bench_pages DATABASE_URL`, on a large register.

Fill the database first: `python -m tests.fixtures.large_register DATABASE_URL 100000`. The first request of each page
is left out, the slowest of five others counts.
"""

import sys
import tempfile
import time
from pathlib import Path

from flask.testing import FlaskClient

from tests.infrastructure.visiting import enrol, log_in
from webhook.app import create_app
from worker.accounts.users import ROLES, remove_user
from worker.runtime import open_runtime
from worker.settings import load_settings

USER = "benchmark"
PAGES = (
    "/desk",
    "/desk?q=张",
    "/desk/1/arrivals",
    "/desk/1/found?q=5678",
    "/desk/1/found?q=张",
    "/desk/1/found?q=nobody",
    "/desk/1/log",
    "/cases",
    "/cases/1/waiting",
    "/register",
    "/register?before=50000-0",
    "/register?q=张",
    "/register?q=5678",
    "/register?q=138****5678",
    "/register?q=R77",
    "/register?q=nobody%20is%20called%20so",
    "/register?q=第3分销&status=expired",
    "/register?status=live",
    "/register?status=renewed",
    "/register?status=visited",
    "/register?status=expired",
    "/register?status=lapsed",
    "/register?status=withdrawn",
    "/register?status=none",
    "/register/1/99000/0",
    "/register/1/99000/0?at=2026-01-01T00:00",
    "/ops",
    "/ops/parts/now",
    "/ops/parts/traffic",
    "/ops/parts/troubles",
    "/ops/texts/1/99000",
)


def main() -> None:
    """Print the slowest of five requests for each page, in milliseconds."""
    with tempfile.TemporaryDirectory() as var:
        given = {"BAOBEI_VAR": var, "DATABASE_URL": sys.argv[1], "REDIS_URL": f"unix://{Path(var)}/nobody.sock"}
        runtime = open_runtime(load_settings(given))
        enrol(runtime, USER, *ROLES)
        client = create_app(runtime).test_client()
        log_in(client, USER)
        for path in PAGES:
            print(f"{slowest_ms(client, path):6.0f} ms  {path}")
        remove_user(runtime.engine, USER, runtime.clock())
        runtime.close()


def slowest_ms(client: FlaskClient, path: str) -> float:
    """Return the time of the slowest of five requests."""
    times = [_ms(client, path) for _ in range(6)]
    return max(times[1:])


def _ms(client: FlaskClient, path: str) -> float:
    begun = time.perf_counter()
    assert client.get(path, buffered=True).status_code == 200, path
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
