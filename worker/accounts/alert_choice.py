"""Who wants alerts by text: people of operations, to the phone that their account is bound to."""

from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from worker.accounts.acts import note
from worker.accounts.users import User, user_of
from worker.errors import SetUpError
from worker.store.database import reading
from worker.store.schema import users

ROLES = ("ops",)


def wants_alerts(engine: Engine, user: User) -> bool:
    """Tell whether a user wants alerts by text."""
    with reading(engine).connect() as connection:
        return bool(connection.execute(select(users.c.alerts_by_text).where(users.c.id == user.id)).scalar())


def want_alerts(engine: Engine, user: User, wanted: bool, now: datetime, by: int | None) -> None:
    """Keep whether a user wants alerts by text; `by`: who says so, None at the server's command line.

    Raises SetUpError when there is nowhere to send them to, or he is not of operations.
    """
    if wanted and (user.phone is None or not user.may(ROLES)):
        raise SetUpError(
            f"Alerts go to people with the role ops and a phone: give {user.name} both, then say so once more."
        )
    with engine.begin() as connection:
        connection.execute(update(users).where(users.c.id == user.id).values(alerts_by_text=wanted))
        note(connection, by, f"alerts_by_text_{'on' if wanted else 'off'}", f"user {user.id}", now)


def who_is_alerted(connection: Connection) -> list[tuple[User, str]]:
    """Return who is told of alerts by text, each with his phone."""
    there = users.c.removed_at.is_(None), users.c.alerts_by_text, users.c.phone.is_not(None)
    found = [user_of(row) for row in connection.execute(select(users).where(*there).order_by(users.c.id))]
    return [(user, user.phone) for user in found if user.phone is not None and user.may(ROLES)]
