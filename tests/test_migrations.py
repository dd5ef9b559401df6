"""Migrations bring a database to exactly the schema that the program uses."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from worker.database import migrate, missing_migrations, open_engine
from worker.schema import metadata


def test_migrated_is_what_the_schema_says(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_nothing_is_missing_after_migrating_and_everything_before(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    engine = open_engine(url)
    wanted = missing_migrations(engine)
    assert wanted[0] == "0001"
    said: list[str] = []
    migrate(url, said.append)
    assert said == [f"migration {revision} done" for revision in wanted]
    assert missing_migrations(engine) == []
    migrate(url, said.append)
    assert len(said) == len(wanted)
    engine.dispose()
