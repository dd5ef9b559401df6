"""How many of a site's reports stand how: what a page says beside its filters, without a look at the whole register.

Counted are the newest `LOOKED_AT` of whatever is asked for, of what is noted or ends soon `FEW`; where there are more,
it is said that there are at least so many. What runs is young, so it is nearly always counted whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Table, UnaryExpression, and_, case, func, select, true

from worker.readers.conditions import (
    OF_AGENTS,
    WON,
    Unindexed,
    ending_soon,
    named_in,
    said_in,
    standings,
    with_references,
)
from worker.readers.flags import anything_noted, has_flag
from worker.readers.register import STATUSES
from worker.readers.search import CLAIMS, NO_CLAIM, Search
from worker.rules.states import Flag
from worker.store.database import reading
from worker.store.schema import claims, reports

LOOKED_AT: Final = 40_000
FEW: Final = 2_000
SOON: Final = "soon"
COUNTED_FLAGS: Final = (Flag.UNSURE, Flag.UNLISTED, Flag.PROJECT)


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; `more`: at least so many."""

    number: int
    more: bool = False


def register_counts(engine: Engine, site_id: int, search: Search, now: datetime) -> Mapping[str, Count]:
    """Return how many of a site's reports that are looked for have each status, flag or end of `SOON`.

    Under CLAIMS stand all that won something, under NO_CLAIM those that did not; what nobody has is left out. Status,
    flag and order of the search do not count.
    """
    here, flags = claims.c.site_id == site_id, {str(flag): has_flag(flag) for flag in COUNTED_FLAGS}
    soon = [here, OF_AGENTS, *ending_soon(now)]
    with reading(engine).connect() as connection:
        search = with_references(connection, [site_id], replace(search, status=None, flag=None, soon=False))
        return {
            **_of_claims(connection, site_id, search, now),
            **_tally(connection, search, reports, [reports.c.site_id == site_id], LOOKED_AT, {NO_CLAIM: ~WON}),
            **_tally(connection, search, claims, [here, anything_noted()], FEW, flags),
            **_tally(connection, search, claims, soon, FEW, {SOON: true()}, by_place=False),
        }


def _of_claims(connection: Connection, site_id: int, search: Search, now: datetime) -> dict[str, Count]:
    looked = select(case(*standings(now)).label("status"), and_(true(), *said_in(search, claims)).label("fits"))
    looked = looked.where(claims.c.site_id == site_id, OF_AGENTS, *named_in(search, claims))
    each = looked.order_by(_newest(search, claims)).limit(LOOKED_AT).subquery()
    rows = connection.execute(
        select(each.c.status, each.c.fits, func.count()).group_by(each.c.status, each.c.fits)
    ).all()
    more = sum(row[2] for row in rows) == LOOKED_AT
    found = {status: Count(0, more) for status in STATUSES}
    found |= {row.status: Count(row[2], more) for row in rows if row.fits}
    return {**found, CLAIMS: Count(sum(count.number for count in found.values()), more)}


def _tally(
    connection: Connection,
    search: Search,
    table: Table,
    here: list[ColumnElement[bool]],
    most: int,
    kinds: Mapping[str, ColumnElement[bool]],
    by_place: bool = True,
) -> dict[str, Count]:
    """Return how many rows of a table are looked for and of each kind, among `most` of those that are `here`.

    `by_place`: these are the newest, to which an index along the line leads.
    """
    fits = said_in(search, table)
    marks = (case((and_(*fits, kind), 1), else_=0).label(name) for name, kind in kinds.items())
    newest = _newest(search, table) if by_place else Unindexed(table.c.seq).desc()
    some = select(*marks).where(*here, *named_in(search, table)).order_by(newest).limit(most).subquery()
    row = connection.execute(select(func.count(), *(func.sum(some.c[name]) for name in kinds)).select_from(some)).one()
    return {name: Count(number or 0, row[0] == most) for name, number in zip(kinds, row[1:], strict=True)}


def _newest(search: Search, table: Table) -> UnaryExpression[int]:
    return (Unindexed(table.c.seq) if named_in(search, table) else table.c.seq).desc()
