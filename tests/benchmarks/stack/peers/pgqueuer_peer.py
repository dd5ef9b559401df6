"""PgQueuer in the program's own PostgreSQL, its tables durable as they are by default (https://pgqueuer.readthedocs.io).

With asyncpg, as its quick start has it: over psycopg it waits a second for notices before each query. Its jobs are
coroutines; what blocks runs in a thread, one at a time.
"""

import asyncio
import json
import os

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from sqlalchemy.engine import make_url

from tests.benchmarks.stack.peers import work


async def _connect() -> AsyncpgDriver:
    url = make_url(os.environ["DATABASE_URL"])
    host = url.host or url.query["host"]
    return AsyncpgDriver(await asyncpg.connect(host=host, user=url.username, database=url.database))


async def main() -> None:
    """Work until told to stop; the package's own `pgq run` fails over its log level with the typer of today."""
    work.prepare()
    queue = PgQueuer(await _connect())

    @queue.entrypoint("decide", concurrency_limit=1)
    async def decide(_: Job) -> None:
        await asyncio.to_thread(work.decide)

    @queue.entrypoint("take_and_decide", concurrency_limit=1)
    async def take_and_decide(job: Job) -> None:
        await asyncio.to_thread(work.take_and_decide, *json.loads(job.payload or b"[]"))

    await queue.run()


async def _enqueue(jobs: range, whole: bool) -> None:
    queries = Queries(await _connect())
    await queries.install()
    for i in jobs:
        payload = json.dumps(work.arguments(i)).encode() if whole else None
        await queries.enqueue("take_and_decide" if whole else "decide", payload)


def enqueue(jobs: range, whole: bool) -> None:
    """Put a job for each of these texts into the queue, for which its tables are made."""
    asyncio.run(_enqueue(jobs, whole))


if __name__ == "__main__":
    asyncio.run(main())
