"""Forwards: what one line has decided to be another site's gets its place in that line (decisions.md, L25).

A step of its own, after the decision is committed: it holds the other line's counter row alone, as any text coming in
does. The message id is `forward:SITE:SEQ`, so that nothing comes in twice when a step died or two processes take it.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Engine, Row, bindparam, func, select, update

from worker.clock import Clock
from worker.crash_points import committing
from worker.line.door import PROGRAM, Entry, enter_forwarded
from worker.log import say
from worker.rules.forwards import ORIGIN
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import former_numbers, forwards, inbox, sites

log = logging.getLogger(__name__)

AT_ONCE: Final = 100
_FORWARD_ID: Final = re.compile(r"forward:(\d+):(\d+)(?::\d+)?")
_HERE, _THERE = sites.alias("here"), sites.alias("there")
_NOW_ITS: Final = select(sites.c.id).where(sites.c.number == forwards.c.number).scalar_subquery()
_BEFORE: Final = former_numbers.c.number == forwards.c.number
_ONCE_ITS: Final = select(former_numbers.c.site_id).where(_BEFORE).scalar_subquery()
_WAITING: Final = (
    select(forwards, inbox.c.received_at, inbox.c.sender, inbox.c.text, _HERE.c.name.label("origin"), _THERE.c.id)
    .join(inbox, (inbox.c.site_id == forwards.c.site_id) & (inbox.c.seq == forwards.c.seq))
    .join(_HERE, _HERE.c.id == forwards.c.site_id)
    .join(_THERE, _THERE.c.id == func.coalesce(_NOW_ITS, _ONCE_ITS))
    .where(~forwards.c.done, inbox.c.salt != "")
    .order_by(inbox.c.received_at, forwards.c.site_id, forwards.c.seq, forwards.c.part)
    .limit(AT_ONCE)
)
_WAITING_OF_SITE: Final = _WAITING.where(forwards.c.site_id == bindparam("site"))


def forward_id(site_id: int, seq: int, part: int) -> str:
    """Return the message id of a forward in the other line; the second site of a text and each further has its own."""
    return f"forward:{site_id}:{seq}" + (f":{part}" if part else "")


def read_forward_id(message_id: str) -> tuple[int, int] | None:
    """Return the site and the place that a message was forwarded from, None for one that was not."""
    found = _FORWARD_ID.fullmatch(message_id)
    return (int(found[1]), int(found[2])) if found else None


def carry(
    engine: Engine, site_id: int | None = None, clock: Clock | None = None, stopping: Callable[[], bool] = lambda: False
) -> set[int]:
    """Put what waits to be forwarded, of one site or all, into the other sites' lines; return these sites' ids.

    Any process may do this any number of times. What belongs to a number that no site has any more stays waiting.
    """
    reached: set[int] = set()
    for row in _waiting(engine, site_id):
        if stopping():
            break
        payload = {ORIGIN: {"site": row.origin, "site_id": row.site_id, "seq": row.seq}}
        message_id = forward_id(row.site_id, row.seq, row.part)
        # The first receipt, by our clock: what a sender or his gateway says of its sending is not carried on.
        entry = Entry("text", PROGRAM, message_id, row.sender, row.text, payload, sent_at=row.received_at)
        receipt = enter_forwarded(engine, row.id, entry, clock)
        _note_done(engine, row)
        say(log, "forwarded", site=row.site_id, seq=row.seq, to=row.id, outcome=receipt.outcome)
        reached.add(row.id)
    return reached


@repeatable
def _note_done(engine: Engine, row: Row[Any]) -> None:
    own = (forwards.c.site_id == row.site_id) & (forwards.c.seq == row.seq) & (forwards.c.part == row.part)
    with committing(engine, "forwarded.commit") as connection:
        connection.execute(update(forwards).where(own).values(done=True))


def _waiting(engine: Engine, site_id: int | None) -> list[Row[Any]]:
    with reading(engine).connect() as connection:
        if site_id is None:
            return list(connection.execute(_WAITING))
        return list(connection.execute(_WAITING_OF_SITE, {"site": site_id}))
