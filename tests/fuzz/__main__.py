"""Try every route with 50,000 odd requests: `python -m tests.fuzz [REQUESTS] [SEED]`. On SQLite; exit 1 when one is
answered by 500. The suite tries a short, fixed piece of it on both databases (`tests/test_fuzz.py`)."""

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from tests.fuzz.requests import requests_for
from tests.fuzz.sending import Sender
from tests.infrastructure.databases import SqliteDatabases
from tests.infrastructure.serving import runtime_of
from webhook.app import create_app
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site
from worker.up.guard import Guard
from worker.up.redis_server import start_redis

MANAGER = "+8613800000001"
EVERY = 2_000


def main(count: int, seed: int) -> int:
    """Send so many requests; print progress and what broke; return the exit code."""
    broken = 0
    with tempfile.TemporaryDirectory() as name, Guard() as guard:
        folder, begun = Path(name), time.monotonic()
        redis = start_redis(folder, guard)
        runtime = runtime_of(folder, SqliteDatabases(folder).create(), redis.url)
        site = open_site(runtime.engine, "翡翠湾", "+8613800000000", {"manager": [MANAGER]}, "sandbox")
        app = create_app(runtime)
        sender, requests = Sender(app, runtime, MANAGER), requests_for(app, seed)
        for sent in range(0, count, EVERY):
            for request, said in sender.broken_by(islice(requests, min(EVERY, count - sent))):
                broken += 1
                print(f"BROKEN {request} {said}", flush=True)
            while decide_site(runtime.engine, site.id).more:
                pass
            done = min(count, sent + EVERY)
            print(f"{done:7} of {count}, {broken} broken, {time.monotonic() - begun:5.0f} s", flush=True)
        for (rule, status), times in sorted(sender.counted.items()):
            print(f"{times:6} × {status} {rule}")
        runtime.close()
        redis.stop()
    return min(1, broken)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in [*sys.argv[1:], *["50000", "1"][len(sys.argv) - 1 :]])))
