"""The last texts that went through gateways: what came in, and what was, is or will be sent to whom."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select

from worker.readers.erasure import TEXT, WORDS
from worker.store.database import reading
from worker.store.schema import inbox, replies, sites

MOST: Final = 40
"""Of each site, and either way."""
LOOKED_THROUGH: Final = 5_000
"""Among so many of the newest replies of all sites those of one are looked for: there is no index by site and age."""


@dataclass(frozen=True, slots=True)
class PassedText:
    """A text that came in (`incoming`, with its place `seq`), or a reply in its `state` and its gateway's word on it.

    `words` are masked; the code of an act is not in them (L6).
    """

    site_id: int
    site: str
    at: datetime
    incoming: bool
    phone: str
    words: str = field(repr=False)
    seq: int | None = None
    state: str = ""
    delivery: str | None = None


def passed_texts(engine: Engine, site_ids: Collection[int]) -> list[PassedText]:
    """Return the newest texts and replies of these sites, the newest first."""
    found: list[PassedText] = []
    with reading(engine).connect() as connection:
        rows = connection.execute(select(sites.c.id, sites.c.name).where(sites.c.id.in_(site_ids)).order_by(sites.c.id))
        newest = select(func.coalesce(func.max(replies.c.id), 0)).scalar_subquery()
        for site_id, name in rows.all():
            texts = select(inbox.c.received_at, inbox.c.sender, TEXT, inbox.c.seq)
            mine = texts.where(inbox.c.site_id == site_id, inbox.c.kind == "text")
            for at, sender, words, seq in connection.execute(mine.order_by(inbox.c.seq.desc()).limit(MOST)):
                found.append(PassedText(site_id, name, at, True, sender, words, seq))
            columns = (replies.c.created_at, replies.c.recipient, WORDS, replies.c.state, replies.c.delivery)
            told = select(*columns).where(replies.c.site_id == site_id, replies.c.id > newest - LOOKED_THROUGH)
            for at, to, words, state, delivery in connection.execute(told.order_by(replies.c.id.desc()).limit(MOST)):
                found.append(PassedText(site_id, name, at, False, to, words, None, state, delivery))
    return sorted(found, key=lambda text: text.at, reverse=True)
