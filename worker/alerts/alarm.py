"""What an alarm is, and how its sentence says counts and times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func

SHOWN_FOR: Final = timedelta(days=1)
"""What nobody can undo, a reply in review, a text of no site or one that came late, is an alarm for a day."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. `scope` tells those of one code apart, `site:3` or a gateway; empty: all of it."""

    code: str
    scope: str
    since: datetime
    sentence: str
    detail: dict[str, int | str] = field(default_factory=dict)

    @property
    def at_a_site(self) -> bool:
        """Whether it concerns one site alone."""
        return "site" in self.detail


Condition = Callable[[Connection, datetime], Iterator[Alarm]]


def of_site(site_id: int, **counts: int) -> dict[str, int | str]:
    """Return an alarm's detail of a site."""
    return {"site": site_id, **counts}


def oldest(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the least of a column's times, under the name `oldest`."""
    return func.min(column, type_=column.type).label("oldest")


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun in the number that it asks for."""
    return f"{count} {one if count == 1 else many}"


def hour(at: datetime) -> str:
    """Return a time as sentences say it, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
