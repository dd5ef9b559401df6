"""Huey over Redis, or over a SQLite file that waits for the disk (https://huey.readthedocs.io/en/latest/).

It takes a job off its queue before it runs it: one whose worker is killed is lost, unlike with the others.
"""

import os
from pathlib import Path
from typing import Any

from huey import RedisHuey, SqliteHuey

from tests.benchmarks.stack.peers import work

queue: Any
if os.environ.get("HUEY_STORAGE") == "sqlite":
    queue = SqliteHuey("bench", filename=str(Path(os.environ["BAOBEI_VAR"], "huey.db")), results=False, fsync=True)
else:
    queue = RedisHuey("bench", url=os.environ["REDIS_URL"], results=False)
decide = queue.task()(work.decide)
take_and_decide = queue.task()(work.take_and_decide)
work.prepare()


def enqueue(jobs: range, whole: bool) -> None:
    """Put a job for each of these texts into the queue."""
    for i in jobs:
        if whole:
            take_and_decide(*work.arguments(i))
        else:
            decide()
