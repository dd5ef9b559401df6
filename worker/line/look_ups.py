"""What the door looks up in a transaction: sites and their locks, ids that are here, and what texts are compared with.

Each is one statement for many messages, and is made once: putting it together takes SQLAlchemy longer than answering it
takes a database.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Table, TextClause, bindparam, select, text

from worker.line.kept_text import ECHO_LOOK_BACK, REPEAT_LOOK_BACK
from worker.store.schema import inbox, sites, unrouted

Key = tuple[str, str]
"""A message's id: its gateway, and the gateway's own id of it."""
Before = dict[tuple[int, str, str], list[tuple[int, datetime, Any]]]
"""By site, sender and text: place, time of sending and payload of those that say the same, in order."""

_SAME: Final = (
    select(*(inbox.c[name] for name in ("sender", "text", "seq", "received_at", "sent_at", "payload")))
    .where(inbox.c.site_id == bindparam("site"), inbox.c.seq > bindparam("after"), inbox.c.kind == "text")
    .where(inbox.c.sender.in_(bindparam("senders", expanding=True)))
    .where(inbox.c.text.in_(bindparam("texts", expanding=True)))
    .order_by(inbox.c.seq)
)
_NUMBERS: Final = select(sites.c.number, sites.c.id).where(sites.c.number.in_(bindparam("numbers", expanding=True)))
_LOCKED: Final = (
    select(sites).where(sites.c.id.in_(bindparam("ids", expanding=True))).order_by(sites.c.id).with_for_update()
)
_KNOWN: Final = {
    table: select(table.c.provider_id).where(
        table.c.gateway == bindparam("gateway"), table.c.provider_id.in_(bindparam("ids", expanding=True))
    )
    for table in (inbox, unrouted)
}


@dataclass(slots=True)
class LockedLine:
    """A locked site, and how far its line goes while messages get their places."""

    site_id: int
    number: str
    last_seq: int
    last_received_at: datetime


def sites_of(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Return the ids of the sites that have one of these numbers, by number."""
    rows = connection.execute(_NUMBERS, {"numbers": list(numbers)})
    return {row.number: row.id for row in rows}


def lock(connection: Connection, site_ids: Collection[int]) -> dict[int, LockedLine]:
    """Lock sites to commit and return their lines; in the order of their ids, so that no two wait for each other."""
    rows = connection.execute(_LOCKED, {"ids": list(site_ids)})
    return {row.id: LockedLine(row.id, row.number, row.last_seq, row.last_received_at) for row in rows}


def new_ones(connection: Connection, table: Table, keys: Mapping[int, Key]) -> list[int]:
    """Return whose ids neither a table (inbox or unrouted) has nor one that stands before them, in the order given."""
    first: dict[str, dict[str, int]] = defaultdict(dict)
    for index, (gateway, provider_id) in keys.items():
        first[gateway].setdefault(provider_id, index)
    for gateway, by_id in first.items():
        for known in connection.execute(_KNOWN[table], {"gateway": gateway, "ids": list(by_id)}).scalars():
            del by_id[known]
    return sorted(index for by_id in first.values() for index in by_id.values())


def last_replies(connection: Connection, phones: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[str]]:
    """Return the newest replies to phones of sites, the newest first."""
    if not phones:
        return {}
    values = {
        f"{name}{index}": value for index, pair in enumerate(phones) for name, value in zip("sp", pair, strict=True)
    }
    rows = connection.execute(_last_words(len(phones)), values)
    return {(site_id, phone): [each for each in words if each is not None] for site_id, phone, *words in rows}


@lru_cache
def _last_words(phones: int) -> TextClause:
    """Return the statement that looks up the last replies to so many phones, each by itself in the index.

    Neither database goes by the index for each phone where they stand in one condition, and one alone knows LATERAL.
    """
    asked = ", ".join(f"(:s{index}, :p{index})" for index in range(phones))
    mine = "SELECT words FROM replies WHERE site_id = asked.site_id AND recipient = asked.phone ORDER BY id DESC"
    words = ", ".join(f"({mine} LIMIT 1 OFFSET {back})" for back in range(ECHO_LOOK_BACK))
    return text(f"WITH asked (site_id, phone) AS (VALUES {asked}) SELECT site_id, phone, {words} FROM asked")  # noqa: S608


def same_before(connection: Connection, wanted: Sequence[tuple[LockedLine, str, str]]) -> Before:
    """Return the texts of late by these senders in these words."""
    found: Before = defaultdict(list)
    for line in {line.site_id: line for line, _, _ in wanted}.values():
        mine = [(sender, own) for each, sender, own in wanted if each is line]
        senders, texts = ({pair[part] for pair in mine} for part in (0, 1))
        limits = {"site": line.site_id, "after": line.last_seq - REPEAT_LOOK_BACK, "senders": senders, "texts": texts}
        for row in connection.execute(_SAME, limits):
            place_of_it = row.seq, row.sent_at or row.received_at, row.payload
            found[line.site_id, row.sender, row.text].append(place_of_it)
    return found
