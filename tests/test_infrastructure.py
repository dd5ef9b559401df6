"""The tests' own ground: databases are fresh and migrated, Redis is real, the outside is out of reach."""

import os
import socket
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, inspect, text

from tests.infrastructure.isolation import OutsideWorldError, clean_environment
from worker.store.database import open_engine
from worker.store.schema import metadata


def test_a_database_is_migrated(engine: Engine) -> None:
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_database_is_fresh_each_time(engine: Engine, time: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE trace (word TEXT)"))  # Fails when the other test's is still there.


def test_one_test_may_have_several_databases(new_database: Callable[[], str]) -> None:
    urls = {new_database(), new_database()}
    assert len(urls) == 2
    for url in urls:
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE trace (word TEXT)"))
        engine.dispose()


def test_postgresql_is_postgresql(engine: Engine) -> None:
    version = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
    with engine.connect() as connection:
        assert connection.execute(text(version)).scalar_one()


@pytest.mark.parametrize("time", ["first", "second"])
def test_redis_is_real_and_empty_each_time(redis_url: str, time: str) -> None:
    with Redis.from_url(redis_url) as redis:
        assert redis.dbsize() == 0
        redis.set("trace", time)
        assert redis.info("server")["redis_version"]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_no_socket_leaves_the_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outgoing, pytest.raises(OutsideWorldError):
        outgoing.connect((host, 80))


def test_no_name_is_looked_up() -> None:
    with pytest.raises(OutsideWorldError):
        urllib.request.urlopen("http://api.example.com/", timeout=1)


def test_the_environment_is_cleaned_of_everything_that_changes_the_program() -> None:
    environ = {"TWILIO_AUTH_TOKEN": "t", "SECRET_KEY_FILE": "f", "PGHOST": "h", "HTTPS_PROXY": "p", "PATH": "/bin"}
    clean_environment(environ)
    assert environ == {"PATH": "/bin"}
    assert "DATABASE_URL" not in os.environ


def test_warnings_are_errors() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("this one", UserWarning, stacklevel=1)


WITHOUT_THRIFT = """
import sys
from worker.accounts.passwords import hashed
from worker.store.database import open_engine
with open_engine(sys.argv[1]).connect() as connection:
    print(connection.exec_driver_sql("PRAGMA synchronous").scalar_one(), hashed("a password").rpartition(",p=1")[0])
"""


def test_the_programs_own_processes_wait_for_the_disk_and_hash_dearly(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_THRIFT, f"sqlite:///{tmp_path}/real.sqlite"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.split() == ["2", "$argon2id$v=19$m=19456,t=2"]
