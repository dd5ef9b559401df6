"""Migrations, by alembic: apart from `database`, so that processes which only use a database need not load it."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from worker.store.database import open_engine, refuse_old, require_carried_on, revision_of
from worker.store.statistics import describe


def alembic_config(url: str) -> Config:
    """Return alembic's settings for this database; migrations lie in `worker/store/migrations`."""
    config = Config()
    config.set_main_option("script_location", "worker:store/migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def migrate(url: str, on_progress: Callable[[str], None] = lambda _: None) -> None:
    """Bring the database up to the newest migration; `on_progress` gets one sentence for each step taken.

    Raises OldDatabaseError.
    """
    engine = open_engine(url)
    try:
        require_carried_on(engine)
    finally:
        engine.dispose()
    config = alembic_config(url)
    config.attributes["on_progress"] = on_progress
    command.upgrade(config, "head")
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            describe(connection)
    finally:
        engine.dispose()


def missing_migrations(engine: Engine) -> list[str]:
    """Return the revisions that the database still lacks, oldest first. Raises OldDatabaseError."""
    current = revision_of(engine)
    refuse_old(current)
    script = ScriptDirectory.from_config(alembic_config(str(engine.url)))
    return [r.revision for r in reversed(list(script.iterate_revisions("head", current or "base")))]


def head_revision() -> str:
    """Return the newest revision that this version of the program knows."""
    return known_revisions()[0]


def known_revisions() -> list[str]:
    """Return every revision that this version of the program knows, the newest first."""
    script = ScriptDirectory.from_config(alembic_config(""))
    return [r.revision for r in script.iterate_revisions("head", "base")]
