"""Celery over Redis, told to lose nothing: acknowledged late, one job fetched at a time
(https://docs.celeryq.dev/en/stable/userguide/optimizing.html: “Reserve one task at a time”).
"""

import os
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from celery.signals import worker_process_init

from tests.benchmarks.stack.peers import work

_redis = urlsplit(os.environ["REDIS_URL"])
queue = Celery("bench", broker=f"redis+socket://:{parse_qs(_redis.query)['password'][0]}@{_redis.path}")
queue.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)


@worker_process_init.connect
def _begin(**_: object) -> None:
    work.prepare()


decide = queue.task(name="decide")(work.decide)
take_and_decide = queue.task(name="take_and_decide")(work.take_and_decide)


def enqueue(jobs: range, whole: bool) -> None:
    """Put a job for each of these texts into the queue."""
    for i in jobs:
        if whole:
            take_and_decide.delay(*work.arguments(i))
        else:
            decide.delay()
