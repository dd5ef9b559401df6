"""Canaries: texts of ours to ourselves, which show that a gateway still brings what it should.

A sign of life says that a phone's app lives; that texts get through, only a text says. A site's number is asked for a
random word to a number of ours; the text that comes back with it is taken out before the line. The word is good once
and cannot be guessed, and the text must be that word and nothing else, so that nobody can pass the line with it.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, delete, func, insert, select, update

from worker.accounts.acts import note
from worker.errors import SetUpError
from worker.store.database import reading
from worker.store.schema import canaries, canary_ways, gateways, sites

Newest = tuple[int, str, str, datetime, datetime, str, datetime]
"""A row of `newest_of`."""
BACK_WITHIN: Final = timedelta(minutes=10)
"""What is not back by then is an alarm, and is not sent any more."""
TAKEN_OUT_FOR: Final = timedelta(days=1)
"""One that a carrier held up is still no text for the line."""
KEPT_FOR: Final = timedelta(days=30)
LEAST_MINUTES, MOST_MINUTES = 15, 24 * 60
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
"""Twenty of them twenty times: 86 bits. No vowels, so that no filter of words takes offence; no digits to be masked."""
_CANARY: Final = re.compile(rf"canary ((?:[{_LETTERS}]{{5}}-){{3}}[{_LETTERS}]{{5}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Canary:
    """A text to hand to a gateway: from the number of `site_id` to `recipient`, as long as `until`."""

    id: int
    site_id: int
    recipient: str
    text: str
    asked_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text at the door, as far as it may be a canary."""

    recipient: str
    gateway: str
    provider_id: str
    text: str


def set_way(
    engine: Engine, gateway: str, every_minutes: int | None, recipient: str, user_id: int | None, now: datetime
) -> None:
    """Say how often a gateway is tried out, and to which number of ours (E.164; "": each site's own); None: never.

    Raises SetUpError for times and numbers that cannot be.
    """
    if every_minutes is not None and not LEAST_MINUTES <= every_minutes <= MOST_MINUTES:
        raise SetUpError(f"A canary goes out every {LEAST_MINUTES} to {MOST_MINUTES} minutes.")
    with engine.begin() as connection:
        known = connection.execute(select(gateways.c.kind).where(gateways.c.name == gateway)).first()
        if every_minutes is not None and known is None:
            raise SetUpError(f"“{gateway}” is no gateway of phones, and only these are tried out.")
        if recipient and connection.execute(select(sites.c.id).where(sites.c.number == recipient)).first() is None:
            raise SetUpError("A canary goes to the number of one of your sites, so that it comes back here: name one.")
        connection.execute(delete(canary_ways).where(canary_ways.c.gateway == gateway))
        if every_minutes is not None:
            row = {"gateway": gateway, "recipient": recipient, "every_minutes": every_minutes}
            connection.execute(insert(canary_ways).values(row))
        what = "canary_off" if every_minutes is None else "canary_on"
        note(connection, user_id, what, f"gateway {gateway}", now)


def ways_of(engine: Engine) -> Mapping[str, tuple[int, str]]:
    """Return every how many minutes gateways are tried out, and to which number ("": each site's own)."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(canary_ways)).all()
    return {row.gateway: (row.every_minutes, row.recipient) for row in rows}


def ask(connection: Connection, site_id: int, recipient: str, now: datetime) -> int:
    """Write down that a site's number is to text to a number of ours; return the canary's id."""
    word = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
    row = {"site_id": site_id, "recipient": recipient, "word": word, "asked_at": now}
    found: int = connection.execute(insert(canaries).values(row).returning(canaries.c.id)).scalar_one()
    return found


def ask_due(engine: Engine, now: datetime) -> list[int]:
    """Ask each site of a gateway that is tried out, if it is time; return the sites that were asked."""
    newest = select(func.max(canaries.c.asked_at, type_=canaries.c.asked_at.type))
    last = newest.where(canaries.c.site_id == sites.c.id).scalar_subquery().label("last")
    tried = sites.join(canary_ways, canary_ways.c.gateway == sites.c.gateway)
    query = select(sites.c.id, sites.c.number, canary_ways.c.recipient, canary_ways.c.every_minutes, last)
    with reading(engine).connect() as connection:
        rows = connection.execute(query.select_from(tried)).all()
    due = [row for row in rows if row.last is None or now - row.last >= timedelta(minutes=row.every_minutes)]
    if due:
        with engine.begin() as connection:
            connection.execute(delete(canaries).where(canaries.c.asked_at < now - KEPT_FOR))
            for row in due:
                ask(connection, row.id, row.recipient or row.number, now)
    return [row.id for row in due]


def to_send(engine: Engine, site_ids: Collection[int] | Select[tuple[int]], now: datetime) -> list[Canary]:
    """Return what is to go out from the numbers of these sites, and note that their gateway has fetched it.

    The same again until it is back, failed or too old: its id tells the gateway what it has sent.
    """
    with reading(engine).connect() as connection:
        rows = connection.execute(select(canaries).where(_open(site_ids, now)).order_by(canaries.c.id)).all()
    if fresh := [row.id for row in rows if row.taken_at is None]:
        with engine.begin() as connection:
            connection.execute(update(canaries).where(canaries.c.id.in_(fresh)).values(taken_at=now))
    return [
        Canary(row.id, row.site_id, row.recipient, f"canary {row.word}", row.asked_at, row.asked_at + BACK_WITHIN)
        for row in rows
    ]


def unfetched(connection: Connection, site_ids: Collection[int], now: datetime) -> set[int]:
    """Return of these sites those with a canary that nobody has fetched yet."""
    # The newest of each alone, which the index finds at once: this is asked twice a second.
    last = select(func.max(canaries.c.id)).where(canaries.c.site_id == sites.c.id).correlate(sites).scalar_subquery()
    newest = canaries.c.id.in_(select(last).where(sites.c.id.in_(site_ids)))
    new = and_(newest, _open(site_ids, now), canaries.c.taken_at.is_(None))
    return set(connection.execute(select(canaries.c.site_id).where(new)).scalars())


def _open(site_ids: Collection[int] | Select[tuple[int]], now: datetime) -> ColumnElement[bool]:
    return and_(
        canaries.c.site_id.in_(site_ids),
        canaries.c.back_at.is_(None),
        canaries.c.failed.is_(None),
        canaries.c.asked_at > now - BACK_WITHIN,
    )


def note_failed(engine: Engine, site_id: int, canary_id: int, words: str) -> None:
    """Note that a gateway could not send a site's canary."""
    mine = and_(canaries.c.id == canary_id, canaries.c.site_id == site_id, canaries.c.back_at.is_(None))
    with engine.begin() as connection:
        connection.execute(update(canaries).where(mine).values(failed=words))


def come_back(connection: Connection, arrived: Iterable[Arrived], clock: Callable[[], datetime]) -> list[bool]:
    """Tell of texts at the door which of them are canaries that have come back, and note that.

    Any other text costs nothing here, not a statement; a canary's own repeat is one, its word from elsewhere is none.
    """
    return [
        (found := _CANARY.fullmatch(each.text.strip())) is not None
        and _is_back(connection, each, found[1].lower(), clock())
        for each in arrived
    ]


def _is_back(connection: Connection, arrived: Arrived, word: str, now: datetime) -> bool:
    mine = and_(canaries.c.word == word, canaries.c.recipient == arrived.recipient)
    first = and_(mine, canaries.c.back_at.is_(None), canaries.c.asked_at > now - TAKEN_OUT_FOR)
    noted = {"back_at": now, "back_gateway": arrived.gateway, "back_id": arrived.provider_id}
    if connection.execute(update(canaries).where(first).values(noted)).rowcount:
        return True
    same = and_(mine, canaries.c.back_gateway == arrived.gateway, canaries.c.back_id == arrived.provider_id)
    return connection.execute(select(canaries.c.id).where(same)).first() is not None


def is_lost(canary: Row[Newest], now: datetime) -> bool:
    """Tell whether a row of `newest_of` is not back in time."""
    return canary.back_at is None and now - canary.asked_at >= BACK_WITHIN


def newest_of(connection: Connection) -> list[Row[Newest]]:
    """Return the newest canary of each site whose gateway is tried out: `site_id`, `gateway`, `recipient`, times."""
    last = select(func.max(canaries.c.id)).where(canaries.c.site_id == sites.c.id).correlate(sites).scalar_subquery()
    tried = sites.join(canary_ways, canary_ways.c.gateway == sites.c.gateway)
    columns = (canaries.c.recipient, canaries.c.asked_at, canaries.c.taken_at, canaries.c.failed, canaries.c.back_at)
    query = select(canaries.c.site_id, sites.c.gateway, *columns).select_from(
        tried.join(canaries, and_(canaries.c.site_id == sites.c.id, canaries.c.id == last))
    )
    return list(connection.execute(query.order_by(canaries.c.site_id)))
