"""RQ with its own worker, which forks for each job, or with its SimpleWorker (https://python-rq.org/docs/workers/).

As its page advises for speed, the worker imports before it forks what jobs need. `rq_peer simple|forking` works.
"""

import os
import sys

from redis import Redis
from rq import Queue, SimpleWorker, Worker

from tests.benchmarks.stack.peers import work

FUNCTIONS = f"{work.__name__}.decide", f"{work.__name__}.take_and_decide"


def enqueue(jobs: range, whole: bool) -> None:
    """Put a job for each of these texts into the queue."""
    queue = Queue("bench", connection=Redis.from_url(os.environ["REDIS_URL"]))
    for i in jobs:
        queue.enqueue(FUNCTIONS[whole], *(work.arguments(i) if whole else ()), result_ttl=0)


def main() -> None:
    """Work until told to stop."""
    work.prepare()
    kind = SimpleWorker if sys.argv[1] == "simple" else Worker
    kind(["bench"], connection=Redis.from_url(os.environ["REDIS_URL"])).work(logging_level="WARNING")


if __name__ == "__main__":
    main()
