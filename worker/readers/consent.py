"""Who wants no notices, by his own text or as his gateway says: of the roster and of the staff (D13, L8)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, Select, and_, bindparam, or_, select

from worker.store.database import reading
from worker.store.facts import SOME, in_parts
from worker.store.schema import cursors, opt_outs, roster, senders, sites

By = Literal["text", "gateway"]


def _silent(phones: Any) -> Select[Any]:
    """Return the query for those of a site's phones, `SOME` or what another query finds, that want no notices."""
    stopped = senders.c.state["stopped"].as_boolean().label("stopped")
    mine = (senders.c.site_id == bindparam("site")) & senders.c.phone.in_(phones)
    return select(senders.c.phone, stopped).where(mine, senders.c.state["silent"].as_boolean().is_(True))


def _refused(phones: Any) -> Select[Any]:
    """Return the query for those of a site's phones that its gateway refuses to send to."""
    return select(opt_outs.c.phone).where(opt_outs.c.site_id == bindparam("site"), opt_outs.c.phone.in_(phones))


_STAFF_SILENT: Final = _silent(SOME)
_STAFF_REFUSED: Final = _refused(SOME)
"""Made once: alarms ask them of every site, every few seconds."""


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A person who wants no notices; `by`: what said so. `role`: his among the staff, "" of the roster's people."""

    site_id: int
    site: str
    phone: str
    name: str
    unit: str
    role: str
    by: By


def opted_out(engine: Engine, now: datetime, site_ids: Collection[int] | None = None) -> list[OptedOut]:
    """Return them site by site; its cost grows with roster and staff, not with all who ever texted."""
    wanted = select(cursors.c.site_id, cursors.c.state).order_by(cursors.c.site_id)
    if site_ids is not None:
        wanted = wanted.where(cursors.c.site_id.in_(site_ids))
    found: list[OptedOut] = []
    with reading(engine).connect() as connection:
        for cursor in connection.execute(wanted).all():
            found += staff_opted_out(connection, cursor)
            today = now.astimezone(ZoneInfo(cursor.state.get("timezone", "UTC"))).date()
            begun = or_(roster.c.from_day.is_(None), roster.c.from_day <= today)
            listed = and_(begun, or_(roster.c.to_day.is_(None), roster.c.to_day >= today))
            staff = cursor.state.get("staff", {}).keys()
            here = and_(roster.c.site_id == cursor.site_id, roster.c.phone.not_in(staff))
            phones, given = select(roster.c.phone).where(here, listed), {"site": cursor.site_id}
            silent = _wanting_none(*(connection.execute(asked(phones), given) for asked in (_silent, _refused)))
            people = select(sites.c.name.label("site"), roster.c.phone, roster.c.name, roster.c.unit)
            mine = people.join(sites, sites.c.id == roster.c.site_id).where(here, roster.c.phone.in_(silent.keys()))
            found += [
                OptedOut(cursor.site_id, row.site, row.phone, row.name, row.unit, "", silent[row.phone])
                for row in connection.execute(mine.order_by(roster.c.unit, roster.c.name))
            ]
    return found


def staff_opted_out(connection: Connection, cursor: Any) -> Iterator[OptedOut]:
    """Yield a site's staff whom its gateway lets nothing reach; no text of theirs silences them."""
    staff: dict[str, str] = cursor.state.get("staff", {})
    asked = (in_parts(connection, query, staff, site=cursor.site_id) for query in (_STAFF_SILENT, _STAFF_REFUSED))
    for phone, by in sorted(_wanting_none(*asked).items()):
        if by == "gateway":
            site = connection.execute(select(sites.c.name).where(sites.c.id == cursor.site_id)).scalar_one()
            name = cursor.state.get("names", {}).get(phone, "")
            yield OptedOut(cursor.site_id, site, phone, name, "", staff[phone], by)


def _wanting_none(silent: Iterable[Row[Any]], refused: Iterable[Row[Any]]) -> dict[str, By]:
    """Return which phones want no notices, and what said so."""
    found: dict[str, By] = {row.phone: "gateway" if row.stopped else "text" for row in silent}
    return found | {row.phone: "gateway" for row in refused}
