"""Slows down whoever guesses passwords, by name and by address. SQL keeps the count: restarts forget nothing, and all
processes agree."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from worker.store.schema import throttles

WINDOW = timedelta(minutes=15)
MOST_BY_NAME = 8
MOST_BY_ADDRESS = 40
"""Behind one address a whole office may sit."""


class Throttle:
    """The tries of one login: each is counted before the password is looked at, so that none is for free."""

    def __init__(self, engine: Engine, key: str, name: str, address: str, now: datetime) -> None:
        """`key`: a secret of ours, so that the table tells no name or address."""
        self._engine = engine
        self._limits = {_subject(key, "name", name): MOST_BY_NAME, _subject(key, "address", address): MOST_BY_ADDRESS}
        self._now = now

    def wait_s(self) -> int:
        """Count a try; return after how many seconds to come again, 0 when it may go on."""
        with self._engine.begin() as connection:
            connection.execute(delete(throttles).where(throttles.c.since <= self._now - WINDOW))
        insert = (postgresql if self._engine.dialect.name == "postgresql" else sqlite).insert
        over: list[datetime] = []
        with self._engine.begin() as connection:
            # In one order everywhere, so that two tries never wait for each other.
            for subject in sorted(self._limits):
                first = insert(throttles).values(subject=subject, tries=1, since=self._now)
                again = first.on_conflict_do_update(index_elements=["subject"], set_={"tries": throttles.c.tries + 1})
                counted = connection.execute(again.returning(throttles.c.tries, throttles.c.since)).one()
                if counted.tries > self._limits[subject]:
                    over.append(counted.since)
        return max((int((since + WINDOW - self._now).total_seconds()) + 1 for since in over), default=0)

    def succeeded(self) -> None:
        """Forget the tries with this name, and this one try from the address."""
        name, address = self._limits
        with self._engine.begin() as connection:
            connection.execute(delete(throttles).where(throttles.c.subject == name))
            one_less = update(throttles).where(throttles.c.subject == address).values(tries=throttles.c.tries - 1)
            connection.execute(one_less)


def _subject(key: str, kind: str, value: str) -> str:
    return hashlib.blake2b(f"{kind}:{value}".encode(), key=key.encode()[:64], digest_size=32).hexdigest()
