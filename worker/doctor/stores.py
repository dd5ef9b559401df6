"""Database and Redis: do they answer, are they as they must be, and do their clocks agree with ours."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from alembic.script.revision import RevisionError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from worker.clock import utc_now
from worker.doctor.base import Advice, Ailment, Patient
from worker.log import kind_of
from worker.readers.health import PROBE
from worker.store.database import OldDatabaseError, reading
from worker.store.revisions import missing_migrations
from worker.var_folder import redis_address

TOLERANCE: Final = timedelta(seconds=2)
REDIS_S: Final = 3.0
OUTLASTS: Final = ("fsync", "full_page_writes")
"""Settings of PostgreSQL without which a power cut takes what is committed, and which no transaction can set for itself
(https://www.postgresql.org/docs/current/runtime-config-wal.html)."""
MIGRATE: Final = "run `baobei migrate` (`baobei up` does it by itself)"


def sqlite_file(patient: Patient) -> Path | None:
    """Return the SQLite file; None on PostgreSQL."""
    url = make_url(patient.settings.database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def look_at_database(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look whether the database answers, has every migration, and what time it is there."""
    file = sqlite_file(patient)
    if file is not None and not file.exists():
        # Connecting would make it.
        yield Ailment(f"The database file {file} does not exist: {MIGRATE}, or mend DATABASE_URL or BAOBEI_VAR.")
        return
    try:
        missing = missing_migrations(patient.runtime.engine)
    except OldDatabaseError as error:
        yield Ailment(str(error))
        return
    except RevisionError:
        yield Ailment("The database was migrated by a newer baobei than this one: install that version again.")
        return
    except SQLAlchemyError as error:
        yield Ailment(f"The database does not answer or refuses us ({kind_of(error)}): start it, or mend DATABASE_URL.")
        return
    if missing:
        yield Ailment(f"The database lacks {len(missing)} migration(s), from {missing[0]} on: {MIGRATE}.")
    if _is_read_only(patient.runtime.engine):
        yield Ailment(
            "The database takes no writes, so that texts wait in files: it is a standby, and DATABASE_URL should name "
            "the primary, or somebody set default_transaction_read_only, as some services do when its disk is nearly "
            "full: make room, then switch that off."
        )
    yield from _laxity(patient.runtime.engine)
    yield from _clock(patient.runtime.engine)


def _is_read_only(engine: Engine) -> bool:
    """Tell whether a transaction that may write is refused that by PostgreSQL."""
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as connection:
        return bool(connection.execute(select(func.current_setting("transaction_read_only"))).scalar_one() == "on")


def _laxity(engine: Engine) -> Iterator[Ailment]:
    """Yield what PostgreSQL does not do for what it was given to outlast a power cut."""
    if engine.dialect.name != "postgresql":
        return
    with reading(engine).connect() as connection:
        set_to = {name: connection.execute(select(func.current_setting(name))).scalar_one() for name in OUTLASTS}
    if off := [name for name, value in set_to.items() if value == "off"]:
        yield Ailment(
            f"PostgreSQL runs with {' and '.join(off)} off, so that a power cut may lose or ruin what was "
            "acknowledged: set to on in its configuration, and reload that."
        )


def _clock(engine: Engine) -> Iterator[Ailment | Advice]:
    if engine.dialect.name != "postgresql":
        return
    before = utc_now()
    with reading(engine).connect() as connection:
        there: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    after = utc_now()
    off = there - after if there > after else before - there if there < before else timedelta()
    if off > TOLERANCE:
        yield Ailment(
            f"This machine's clock and the database's differ by {off.total_seconds():.0f} s: let both be set from the "
            "network (NTP), for the order and times of reports depend on them."
        )


def look_at_redis(patient: Patient) -> Iterator[Ailment | Advice]:
    """Look whether Redis answers, and that it throws nothing away when it is full."""
    redis = Redis.from_url(
        redis_address(patient.settings),
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=REDIS_S,
        socket_timeout=REDIS_S,
    )
    try:
        memory = dict(redis.info("memory"))
    except (AuthenticationError, ResponseError) as error:
        yield Ailment(f"Redis refuses us ({kind_of(error)}): mend name and password in REDIS_URL.")
    except (RedisError, OSError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            yield Ailment(
                "Redis shows a certificate that nobody known signed: name its authority in REDIS_URL "
                "(rediss://…?ssl_ca_certs=FILE) or, in a network of your own, leave it unchecked "
                "(rediss://…?ssl_cert_reqs=none)."
            )
            return
        yield Ailment(
            f"Redis cannot be reached ({kind_of(error)}), so that replies take seconds: start it (`baobei up` does) "
            "or mend REDIS_URL."
        )
    else:
        policy = memory.get("maxmemory_policy", "noeviction")
        if memory.get("maxmemory") and policy != "noeviction":
            yield Ailment(
                f"Redis throws keys away when it is full (maxmemory-policy {policy}), rings for waiting texts among "
                "them: run `redis-cli config set maxmemory-policy noeviction`, and write that into its configuration."
            )
        yield from _refused_writes(redis)
    finally:
        redis.close()


def _refused_writes(redis: "Redis") -> Iterator[Ailment]:
    """Yield why Redis takes no write, though it answers: rings are then lost, and the sweeper does the work."""
    try:
        redis.set(PROBE, b"", ex=1)
    except ReadOnlyError:
        yield Ailment(
            "Redis is a read-only replica, so that replies take seconds: let REDIS_URL name the primary, or make this "
            "one primary (`redis-cli replicaof no one`)."
        )
    except OutOfMemoryError:
        yield Ailment(
            "Redis is full and takes no rings, so that replies take seconds: raise its maxmemory, or empty it if it is "
            "ours alone (`redis-cli flushdb`; no text is lost)."
        )
    except ResponseError as error:
        yield Ailment(
            f"Redis takes no writes ({str(error).partition(' ')[0]}), so that replies take seconds: see that its disk "
            "has room (MISCONF) and that its user may write (NOPERM)."
        )
