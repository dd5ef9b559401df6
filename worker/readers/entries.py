"""What became of something that was entered on a page: its place, and its outcome once there is one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from worker.line.door import PROGRAM
from worker.store.database import reading
from worker.store.schema import decisions, disputes, inbox, reports, visits


@dataclass(frozen=True, slots=True)
class Entered:
    """A form's message. `code` is None until it is decided; `refs` are the numbers that it made: R31, V5, D2."""

    site_id: int
    seq: int
    received_at: datetime
    text: str
    kind: str
    code: str | None
    refs: tuple[str, ...]
    payload: Mapping[str, Any]
    """the form's name and what it means; empty once it is erased"""
    reason: str
    """of a refusal: what is wrong, in a word; "" where its code says it"""


def entered(engine: Engine, form_id: str) -> Entered | None:
    """Return what became of the form with this message id, None when none came."""
    mine = (inbox.c.gateway == PROGRAM) & (inbox.c.provider_id == form_id)
    decided = (decisions.c.site_id == inbox.c.site_id) & (decisions.c.seq == inbox.c.seq)
    said = [inbox.c[name] for name in ("site_id", "seq", "received_at", "text", "payload")]
    said += [decisions.c[name] for name in ("kind", "code", "reason")]
    query = select(*said).select_from(inbox.outerjoin(decisions, decided)).where(mine)
    with reading(engine).connect() as connection:
        row = connection.execute(query).first()
        if row is None:
            return None
        refs: list[str] = []
        for letter, table in (("R", reports), ("V", visits), ("D", disputes)):
            made = select(table.c.number).where(table.c.site_id == row.site_id, table.c.seq == row.seq)
            numbers = connection.execute(made.where(table.c.number.is_not(None)).order_by(table.c.number)).scalars()
            refs += [f"{letter}{number}" for number in numbers]
    place = (row.site_id, row.seq, row.received_at, row.text)
    return Entered(*place, row.kind or "", row.code, tuple(refs), row.payload or {}, row.reason or "")
