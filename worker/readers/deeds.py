"""Who did what on the pages and at the server, when: the record of acts, the newest first."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, or_, select, true

from worker.store.database import reading
from worker.store.schema import acts, sites, users

ACTS_A_PAGE = 50
OF_USER = re.compile(r"user [0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class ActSearch:
    """Whose acts are looked for; everything that is given must fit.

    `site_ids`: of which sites they may be shown, None for all and what concerns none; `own`: his own are shown as well.
    """

    site_ids: Collection[int] | None = None
    own: int | None = None
    person: str | None = None
    what: str | None = None
    site_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did; `person` None: whoever sat at the server's own command line."""

    id: int
    at: datetime
    person: str | None
    what: str
    about: str
    site: str | None
    user: str | None = None
    """whose account it was about"""


def deeds_of(engine: Engine, search: ActSearch, before: int | None = None, most: int = ACTS_A_PAGE) -> list[Deed]:
    """Return the newest acts that are looked for, those before an id; one more than `most` where there are more."""
    shown: ColumnElement[bool] = true()
    if search.site_ids is not None:
        shown = or_(acts.c.site_id.in_(search.site_ids), acts.c.user_id == search.own)
    given = (
        (search.person, users.c.name == search.person),
        (search.what, acts.c.what == search.what),
        (search.site_id, acts.c.site_id == search.site_id),
        (search.since, acts.c.at >= search.since if search.since else true()),
        (before, acts.c.id < before if before else true()),
    )
    columns = (acts.c.id, acts.c.at, users.c.name.label("person"), acts.c.what, acts.c.about)
    query = (
        select(*columns, sites.c.name.label("site"))
        .select_from(acts.outerjoin(users, users.c.id == acts.c.user_id).outerjoin(sites, sites.c.id == acts.c.site_id))
        .where(shown, *(condition for value, condition in given if value is not None))
        .order_by(acts.c.id.desc())
        .limit(most + 1)
    )
    with reading(engine).connect() as connection:
        found = [Deed(**row) for row in connection.execute(query).mappings()]
        ids = {int(each.about[5:]) for each in found if OF_USER.fullmatch(each.about)}
        named = connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
        names = {f"user {row.id}": row.name for row in named}
    return [replace(each, user=names.get(each.about)) for each in found]
