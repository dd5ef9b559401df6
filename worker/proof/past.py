"""The register as it stood at a past moment: the line computed again, up to the last place received by then."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from worker.proof.checks import cursor_of
from worker.proof.scratch import begin_line, recompute
from worker.proof.seals import begin_from_seal, seals_of
from worker.store.schema import inbox


class ErasedError(Exception):
    """Texts that the moment depends on have been erased, and no seal stands between them and it."""


def place_at(source: Connection, site_id: int, at: datetime) -> int:
    """Return the last decided place that was received by a moment, 0 when there is none."""
    decided = cursor_of(source, site_id).decided_seq
    then = (inbox.c.site_id == site_id) & (inbox.c.received_at <= at) & (inbox.c.seq <= decided)
    return source.execute(select(func.max(inbox.c.seq)).where(then)).scalar() or 0


def compute_until(source: Connection, scratch: Connection, site: Row[Any], place: int) -> None:
    """Fill the scratch database with a site's register as of a place. Raises ErasedError, UndecidableError."""
    gone = (inbox.c.site_id == site.id) & (inbox.c.seq <= place) & (inbox.c.salt == "")
    erased = source.execute(select(func.max(inbox.c.seq)).where(gone)).scalar() or 0
    whole = [seal for seal in seals_of(source, site.id) if seal.emptied_at is None]
    usable = [seal for seal in whole if erased <= seal.seq <= place]
    begin_line(scratch, site)
    if erased and not usable:
        raise ErasedError
    if erased:
        begin_from_seal(source, scratch, usable[-1])
    recompute(source, scratch, site.id, inbox.c.seq <= place)
