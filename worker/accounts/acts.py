"""The record of who did what on the pages. It holds ids, never a person's data."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, insert

from worker.store.schema import acts

OF_SITE: Final = re.compile(r"site (\d+)\b")


def note(
    connection: Connection, user_id: int | None, what: str, about: str, now: datetime, site_id: int | None = None
) -> None:
    """Record an act together with what it changed; `user_id` None: the server's own command line.

    `site_id`: whose act it is, where `about` does not begin with that (“site 3 text 17”).
    """
    named = OF_SITE.match(about)
    site = int(named[1]) if named else site_id
    connection.execute(insert(acts).values(at=now, user_id=user_id, what=what, about=about, site_id=site))


def note_of_user(
    connection: Connection, by: int | None, what: str, user_id: int, now: datetime, site_ids: Collection[int]
) -> None:
    """Record what was done to an account, once for each of its sites: whoever looks after one of them sees it there.

    No site: it is an account for all of them.
    """
    every: list[int | None] = [*sorted(site_ids)]
    for site_id in every or [None]:
        note(connection, by, what, f"user {user_id}", now, site_id)


def record(
    engine: Engine, user_id: int | None, what: str, about: str, now: datetime, site_id: int | None = None
) -> None:
    """Record an act that changes nothing in this database."""
    with engine.begin() as connection:
        note(connection, user_id, what, about, now, site_id)
