"""A site that has got another name or number: the door goes by it from the place on at which its line was told.

What still comes to a number that it had before is its own, as long as no other site has that number.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from worker.line.look_ups import LockedLine
from worker.store.schema import former_numbers, sites

_FORMER: Final = select(former_numbers.c.number, former_numbers.c.site_id).where(
    former_numbers.c.number.in_(bindparam("numbers", expanding=True))
)


def former_sites_of(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Return the ids of the sites that had one of these numbers, by number; for those that no site has now."""
    return {row.number: row.site_id for row in connection.execute(_FORMER, {"numbers": list(numbers)})}


def go_by(connection: Connection, line: LockedLine, changed: Mapping[str, Any]) -> None:
    """Have the door know a locked site by its new name and number. Raises IntegrityError where another has them."""
    named = {field: changed[field] for field in ("name", "number") if field in changed}
    if named:
        connection.execute(update(sites).where(sites.c.id == line.site_id).values(named))
    if "number" in named:
        connection.execute(delete(former_numbers).where(former_numbers.c.number == line.number))
        connection.execute(insert(former_numbers).values(number=line.number, site_id=line.site_id))
