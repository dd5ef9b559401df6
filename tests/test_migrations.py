"""Migrations bring a database to exactly the schema that the program uses."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, column, insert, select, table, text

from worker.store.database import alembic_config, migrate, missing_migrations, open_engine
from worker.store.schema import attempts, metadata, replies

REPLACED = {"ix_claims_phone7", "ix_claims_last4", "ix_kin_phone7", "ix_kin_other_phone7"}


def indexes(engine: Engine) -> set[tuple[str, str]]:
    """Return name and definition of each index of an SQLite database that later migrations keep."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        return {(name, " ".join(sql.replace('"', "").split())) for name, sql in rows if name not in REPLACED}


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


A_REPLY = {"site_id": 1, "code": "accepted", "recipient": "", "role": "reply", "ref": "", "params": "{}", "words": "好"}
A_REPLY |= {"state": "sent", "attempt": 1, "created_at": 1, "next_at": 2, "useful_until": 3, "updated_at": 4}


def put(connection: Connection, into: str, **values: Any) -> None:
    """Insert a row as an older version did, which knew no more columns than these."""
    connection.execute(insert(table(into, *map(column, values))).values(values))


def test_replies_and_their_attempts_survive_the_new_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/older.sqlite"
    command.upgrade(alembic_config(url), "0007")
    engine = open_engine(url)
    with engine.begin() as connection:
        put(
            connection,
            "sites",
            id=1,
            name="湾",
            number="+8613800000000",
            gateway="sandbox",
            last_seq=0,
            last_received_at=0,
        )
        for number in (7, 8):
            put(connection, "replies", id=number, cause=f"m:{number}", **A_REPLY)
            put(connection, "attempts", reply_id=number, number=1, started_at=5, lookups=0)
    before = indexes(engine)
    command.upgrade(alembic_config(url), "0008")
    assert indexes(engine) >= before
    migrate(url)
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert connection.execute(select(attempts.c.reply_id)).scalars().all() == [7, 8]
        assert connection.execute(select(replies.c.words)).scalars().all() == ["好", "好"]
        connection.execute(attempts.delete().where(attempts.c.reply_id == 8))
        connection.execute(replies.delete().where(replies.c.id == 8))
        put(connection, "replies", cause="m:9", **A_REPLY)
        assert connection.execute(select(replies.c.id)).scalars().all() == [7, 9]
    engine.dispose()
