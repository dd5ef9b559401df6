"""Alembic's entry: runs the migrations over an engine of `worker.store.database`."""

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import event

from worker.store.database import open_engine
from worker.store.schema import metadata


def run() -> None:
    """Run the pending migrations in one transaction each, telling what is done."""
    config = context.config
    tell = config.attributes.get("on_progress")
    engine = open_engine(config.attributes["url"])

    def applied(ctx: object, step: MigrationInfo, heads: object, run_args: object) -> None:
        if tell is not None:
            tell(f"migration {step.up_revision_id} done")

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _let_tables_be_replaced)
    else:
        # Nobody waits for a migration but whoever began it: an index of a long table may take minutes.
        event.listen(engine, "begin", lambda c: c.exec_driver_sql("SET LOCAL statement_timeout = 0"))
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                transaction_per_migration=True,
                render_as_batch=True,
                on_version_apply=applied,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


def _let_tables_be_replaced(connection: Any, _record: object) -> None:
    """SQLite changes a table by a copy that takes its place; what refers to it finds nothing for a moment."""
    connection.execute("PRAGMA foreign_keys=OFF")


run()
