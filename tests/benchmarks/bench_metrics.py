"""How long a scrape of /metrics takes with a register of many texts: `python -m tests.benchmarks.bench_metrics 100000`.

Prints, for each database, the milliseconds of the first scrape of a process and of those after it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, text, update

from tests.infrastructure.databases import PostgresDatabases, SqliteDatabases
from tests.infrastructure.postgres import start_postgres
from tests.infrastructure.serving import runtime_of
from tests.sending import add_site
from worker.clock import utc_now
from worker.readers.metrics import Metrics, scrape
from worker.store.schema import attempts, cursors, decisions, inbox, replies, sites
from worker.up.guard import Guard
from worker.up.redis_server import start_redis

CODES = ("accepted", "duplicate_other", "duplicate_own", "refused_bad_phone")
SCRAPES = 20


def fill(engine: Engine, count: int) -> None:
    """Put down a site with this many decided texts, one a second until now, each with a reply and a notice."""
    site_id = add_site(engine)
    tables = {inbox: _texts(site_id, count), decisions: _decisions(site_id, count)}
    tables |= {replies: _replies(site_id, count), attempts: _attempts(count)}
    with engine.begin() as connection:
        for table, rows in tables.items():
            connection.execute(insert(table), list(rows))
        connection.execute(update(sites).values(last_seq=count))
        connection.execute(update(cursors).values(decided_seq=count))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What autovacuum does by itself after so many rows.
        connection.execute(text("VACUUM (ANALYZE)" if engine.dialect.name == "postgresql" else "ANALYZE"))


def _texts(site_id: int, count: int) -> Iterator[dict[str, Any]]:
    now = utc_now()
    for seq in range(1, count + 1):
        yield {
            "site_id": site_id,
            "seq": seq,
            "received_at": now - timedelta(seconds=count - seq),
            "kind": "text",
            "gateway": "twilio",
            "provider_id": f"SM{seq}",
            "sender": f"+86139{seq % 5_000:08}",
            "text": "报备 张三 138****5678 李四",
            "body": b"x" * 40,
            "salt": "0" * 32,
        }


def _decisions(site_id: int, count: int) -> Iterator[dict[str, Any]]:
    now = utc_now()
    for seq in range(1, count + 1):
        yield {
            "site_id": site_id,
            "seq": seq,
            "received_at": now - timedelta(seconds=count - seq),
            "kind": "report",
            "code": CODES[seq % 4],
            "rules": ["R1"],
            "policy_seq": 0,
            "commitment": "0" * 64,
            "head": "0" * 64,
        }


def _replies(site_id: int, count: int) -> Iterator[dict[str, Any]]:
    now = utc_now()
    for number in range(1, 2 * count + 1):
        at = now - timedelta(seconds=count - (number + 1) // 2)
        state = "failed" if number % 100 == 0 else "sent"
        yield {
            "id": number,
            "site_id": site_id,
            "cause": f"m:{(number + 1) // 2}",
            "code": "accepted",
            "recipient": f"+86139{number % 5_000:08}",
            "role": "reply" if number % 2 else "notice",
            "params": {},
            "words": "报备成功",
            "created_at": at,
            "next_at": at,
            "useful_until": at + timedelta(hours=4),
            "state": state,
            "error_code": "30005" if state == "failed" else None,
            "sent_at": at,
            "updated_at": at,
        }


def _attempts(count: int) -> Iterator[dict[str, Any]]:
    now = utc_now()
    for number in range(1, 2 * count + 1):
        at = now - timedelta(seconds=count - (number + 1) // 2)
        yield {"reply_id": number, "number": 1, "started_at": at, "ended_at": at, "outcome": "sent", "lookups": 0}


def measure(name: str, database_url: str, redis_url: str, count: int) -> None:
    """Fill a database and print how long scrapes of it take."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = runtime_of(Path(folder), database_url, redis_url)
        fill(runtime.engine, count)
        collector, times = Metrics(runtime), []
        for _ in range(1 + SCRAPES):
            began = time.perf_counter()
            scrape(collector)
            times.append(1000 * (time.perf_counter() - began))
        runtime.close()
    print(f"{name:<12} {times[0]:>9.0f} {sorted(times[1:])[SCRAPES // 2]:>9.0f}")


def main() -> None:
    """Measure both databases."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{'database':<12} {'first/ms':>9} {'then/ms':>9}")
    with tempfile.TemporaryDirectory() as folder, Guard() as guard:
        redis = start_redis(Path(folder), guard)
        measure("sqlite", SqliteDatabases(Path(folder)).create(), redis.url, count)
        measure("postgresql", PostgresDatabases(start_postgres(guard).url).create(), redis.url, count)
        redis.stop()


if __name__ == "__main__":
    main()
