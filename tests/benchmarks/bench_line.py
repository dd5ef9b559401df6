"""Texts per second through the webhook and through decide, on both databases, beside a bare INSERT as the yardstick.

Run it: python -m tests.benchmarks.bench_line [TEXTS]. Compare the ratios; the machine's speed is in every figure.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from tests.infrastructure.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.infrastructure.postgres import start_postgres
from webhook.app import create_app
from worker.clock import utc_now
from worker.decide.decider import decide_site
from worker.decide.set_up import open_site, put
from worker.gateways.sandbox import signed
from worker.runtime import open_runtime
from worker.settings import load_settings
from worker.up.guard import Guard
from worker.up.redis_server import start_redis
from worker.var_folder import secret_key_of

NUMBER, AGENTS = "+8613800000000", [f"+86139{n:08d}" for n in range(50)]


def main(texts: int) -> None:
    """Print a row for each database."""
    with tempfile.TemporaryDirectory() as folder, Guard() as guard:
        redis = start_redis(Path(folder), guard)
        postgres = start_postgres(guard)
        kinds: dict[str, Databases] = {
            "sqlite": SqliteDatabases(Path(folder)),
            "postgresql": PostgresDatabases(postgres.url),
        }
        print(f"{'database':12}{'insert/s':>10}{'webhook/s':>11}{'decide/s':>10}   webhook:insert  decide:insert")
        for name, databases in kinds.items():
            inserts, webhook, decide = _measure(databases.create(), redis.url, folder, texts)
            row = f"{name:12}{inserts:10.0f}{webhook:11.0f}{decide:10.0f}"
            print(f"{row}{webhook / inserts:17.2f}{decide / inserts:15.2f}")
            databases.drop()
        postgres.stop()
        redis.stop()


def _measure(url: str, redis_url: str, folder: str, texts: int) -> tuple[float, float, float]:
    environ = {"DATABASE_URL": url, "REDIS_URL": redis_url, "BAOBEI_VAR": folder}
    runtime = open_runtime(load_settings(environ))
    engine = runtime.engine
    site = open_site(engine, "湾", NUMBER, {"manager": ["+8613800000001"]}, "sandbox")
    people = [{"name": f"李{chr(0x4E00 + i)}", "phone": phone, "unit": "链家"} for i, phone in enumerate(AGENTS)]
    put(engine, site, "roster", {"people": people})
    client, secret = create_app(runtime).test_client(), secret_key_of(runtime.settings)

    def post(index: int) -> None:
        body = f"报备 王{chr(0x4E00 + index % 5000)} 138****{index % 10000:04d}"
        fields = {"From": AGENTS[index % 50], "To": NUMBER, "Body": body, "MessageSid": secrets.token_hex(16)}
        headers, raw = signed(secret, fields, utc_now())
        assert client.post("/gateways/sandbox/messages", data=raw, headers=headers).status_code == 200

    inserts = _rate(texts, _inserter(engine))
    webhook = _rate(texts, post)
    begun = time.perf_counter()
    while decide_site(engine, site.id).more:
        pass
    decide = texts / (time.perf_counter() - begun)
    runtime.close()
    return inserts, webhook, decide


def _inserter(engine: Engine) -> Callable[[int], None]:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE yardstick (a INTEGER, b TEXT)"))

    def insert(index: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO yardstick VALUES (:a, :b)"), {"a": index, "b": "x" * 60})

    return insert


def _rate(count: int, act: Callable[[int], None]) -> float:
    begun = time.perf_counter()
    for index in range(count):
        act(index)
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
