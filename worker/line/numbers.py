"""A site that has got another name or number: the door goes by it from the place on at which its line was told.

What still comes to a number that it had before is its own, as long as no other site has that number.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from worker.errors import N_, SetUpError
from worker.line.look_ups import LockedLine
from worker.store.schema import former_numbers, replies, sites
from worker.store.states import ReplyState

_FORMER: Final = select(former_numbers.c.number, former_numbers.c.site_id).where(
    former_numbers.c.number.in_(bindparam("numbers", expanding=True))
)


def former_sites_of(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Return the ids of the sites that had one of these numbers, by number; for those that no site has now."""
    return {row.number: row.site_id for row in connection.execute(_FORMER, {"numbers": list(numbers)})}


def demand_none_in_hand(connection: Connection, site_id: int) -> None:
    """Raise SetUpError while a reply of a site is being sent, or nobody knows whether it went out.

    Under another number its gateway would not find it, and it would go out a second time.
    """
    in_hand = exists().where(
        replies.c.site_id == site_id, replies.c.state.in_((ReplyState.SENDING, ReplyState.UNKNOWN))
    )
    if connection.execute(select(in_hand)).scalar_one():
        raise SetUpError(
            N_("A text is being sent, or nobody knows yet whether it went out: see the ops page, then try again.")
        )


def go_by(connection: Connection, line: LockedLine, changed: Mapping[str, Any]) -> None:
    """Have the door know a locked site by its new name and number. Raises IntegrityError where another has them.

    Raises SetUpError for another number while a reply is in hand.
    """
    named = {field: changed[field] for field in ("name", "number") if field in changed}
    if named.get("number", line.number) != line.number:
        demand_none_in_hand(connection, line.site_id)
    if named:
        connection.execute(update(sites).where(sites.c.id == line.site_id).values(named))
    if "number" in named:
        connection.execute(delete(former_numbers).where(former_numbers.c.number == line.number))
        connection.execute(insert(former_numbers).values(number=line.number, site_id=line.site_id))
