"""The record of who did what on the pages. It holds ids, never a person's data."""

from datetime import datetime

from sqlalchemy import Connection, Engine, insert

from worker.store.schema import acts


def note(connection: Connection, user_id: int | None, what: str, about: str, now: datetime) -> None:
    """Record an act together with what it changed; `user_id` None: the server's own command line."""
    connection.execute(insert(acts).values(at=now, user_id=user_id, what=what, about=about))


def record(engine: Engine, user_id: int | None, what: str, about: str, now: datetime) -> None:
    """Record an act that changes nothing in this database."""
    with engine.begin() as connection:
        note(connection, user_id, what, about, now)
