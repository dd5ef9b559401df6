"""Fixtures of every test: a real Redis, fresh databases of both kinds, the application on them."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import Phase, settings
from redis import Redis
from sqlalchemy import Engine

from tests import story
from tests.infrastructure.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.infrastructure.deciding import deciding, reported_site
from tests.infrastructure.isolation import clean_environment, keep_inside
from tests.infrastructure.postgres import start_postgres
from tests.infrastructure.serving import client_of, runtime_of
from tests.infrastructure.thrift import save
from tests.infrastructure.visiting import visitor
from tests.sending import StandingClock
from webhook.app import create_app
from worker.decide.set_up import SiteRow
from worker.runtime import Runtime
from worker.store.database import open_engine
from worker.up.guard import Guard
from worker.up.redis_server import start_redis

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "").replace("postgres://", "postgresql://", 1)
TEST_DATABASE_URL = TEST_DATABASE_URL.replace("postgresql://", "postgresql+psycopg://", 1)
SELDOM = 50_000
"""After so many new objects garbage is collected; by itself Python does after 700, which takes a twentieth of a run."""
# Now, and not in a fixture: modules under test may look at the environment when they are imported.
clean_environment(os.environ)
# Else every process that the tests start would compile the whole program anew, and every worker all the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# The suite tries the same examples each time, so that it fails for a reason and not by chance. Those that go through
# databases are few, and not made smaller: that would take minutes. `--hypothesis-profile thorough` tries many new ones,
# and makes small what it finds.
settings.register_profile(
    "suite", deadline=None, max_examples=100, phases=[Phase.explicit, Phase.generate], derandomize=True
)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Make every warning an error; each exception to that stands here with its reason."""
    config.addinivalue_line("filterwarnings", "error")
    # A probe that ran out of time gives its connection back after its engine was disposed of; nothing closes it then.
    config.addinivalue_line(
        "filterwarnings", "ignore:.*psycopg.Connection.*was deleted while still open:ResourceWarning"
    )


def pytest_collection_finish() -> None:
    """Have the collector of garbage pass by the modules, models and tests that stay to the end, and come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)


@pytest.fixture(scope="session", autouse=True)
def no_outside_world() -> Iterator[None]:
    """Refuse every address beyond this machine."""
    with pytest.MonkeyPatch.context() as patch:
        keep_inside(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def thrift() -> Iterator[None]:
    """Do once, or cheaply, what costs every test of this process dear and changes nothing that it sees."""
    with pytest.MonkeyPatch.context() as patch:
        save(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def played(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Share the stories that are played with the other processes of this run, whose folders lie beside each other."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    story.SHARED.append(shared / "played")
    story.SHARED[0].mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """Yield the process that ends our servers even when the tests themselves are killed."""
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def redis_server_url(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a real Redis of this test process alone."""
    server = start_redis(tmp_path_factory.mktemp("redis"), guard)
    yield server.url
    server.stop()
    guard.forget(server.process.pid)


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """Return the address of a real Redis that holds nothing."""
    with Redis.from_url(redis_server_url) as redis:
        redis.flushall()
    return redis_server_url


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Return the maker of SQLite files."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(guard: Guard) -> Iterator[Databases]:
    """Yield the maker of PostgreSQL databases: on TEST_DATABASE_URL's server, else on one of our own."""
    if TEST_DATABASE_URL:
        databases = PostgresDatabases(TEST_DATABASE_URL)
        yield databases
        databases.close()
        return
    server = start_postgres(guard)
    yield PostgresDatabases(server.url)
    server.stop()
    guard.forget(server.process.pid)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Yield a function that returns the URL of another fresh, migrated database; once on each kind."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    yield databases.create
    databases.drop()


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """Return the URL of a fresh, migrated database; once on each kind."""
    return new_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Yield the program's own engine on `database_url`."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> StandingClock:
    """Return a clock that stands at noon, by which `runtime` goes as well."""
    return StandingClock()


@pytest.fixture
def variables() -> dict[str, str]:
    """Return what `runtime` has besides in its environment."""
    return {}


@pytest.fixture
def runtime(
    tmp_path: Path, database_url: str, redis_url: str, variables: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Runtime]:
    """Yield what a process holds open, with the sandbox for a gateway; once on each kind of database.

    Its time is the real one, unless a test, or what it uses, asks for `clock`.
    """
    runtime = runtime_of(tmp_path, database_url, redis_url, **variables)
    if "clock" in request.fixturenames:
        runtime.clock = request.getfixturevalue("clock")
    yield runtime
    runtime.close()


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """Return the application on `runtime`."""
    return create_app(runtime)


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    """Return a client of the application that is not logged in."""
    return client_of(runtime)


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> Iterator[SiteRow]:
    """Yield a site whose line is decided at once: 张三 is reported by 李四 of 链家 at 12:00; it is 13:00."""
    site = reported_site(runtime, clock)
    with deciding(runtime):
        yield site


@pytest.fixture
def manager(site: SiteRow, app: Flask) -> FlaskClient:
    """Return a client by which the manager of `site` is logged in."""
    return visitor(app, "manager")
