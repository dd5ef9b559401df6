"""Dramatiq over Redis, as it comes: it acknowledges when a job is done (https://dramatiq.io/guide.html)."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.benchmarks.stack.peers import work

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))
decide = dramatiq.actor(work.decide)
take_and_decide = dramatiq.actor(work.take_and_decide)
work.prepare()


def enqueue(jobs: range, whole: bool) -> None:
    """Put a job for each of these texts into the queue."""
    for i in jobs:
        if whole:
            take_and_decide.send(*work.arguments(i))
        else:
            decide.send()
