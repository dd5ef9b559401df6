"""How every client of a site stands, and which texts those who stand have in the line."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, or_, select

from worker.proof.compare import stream
from worker.rules.client import ERASED
from worker.rules.erasure import Clients
from worker.rules.states import WAITING, FormState
from worker.store.causes import BY_MESSAGE
from worker.store.schema import aliases, claims, deals, disputes, follow_ups, forwards, kin, replies, reports, visits

AT_ONCE: Final = 500
FORM_LIVES: Final = timedelta(days=2)
"""A form is void at the end of its civil day; this is longer in every time zone."""


def clients_of(connection: Connection, site_id: int, now: datetime) -> Clients:
    """Return every client of a site who is not erased yet."""
    clients = Clients()
    phones7 = {row.number: _note_claim(clients, row, now) for row in _rows(connection, site_id, claims)}
    for row in _rows(connection, site_id, aliases):
        if row.number in phones7:
            clients.join(phones7[row.number], (row.first3, row.last4))
    for row in _rows(connection, site_id, visits):
        _note_form(clients, row, now)
        if row.claim in phones7:
            clients.join(phones7[row.claim], (row.first3, row.last4))
    for row in _rows(connection, site_id, kin):
        clients.note((row.first3, row.last4), row.undone_at or row.at)
        clients.join((row.first3, row.last4), (row.other_first3, row.other_last4))
    sold = select(deals.c.number, deals.c.cancelled_at).where(deals.c.site_id == site_id)
    for number, cancelled_at in connection.execute(sold).all():
        if number in phones7:
            clients.note(phones7[number], cancelled_at or now, visited=True, living=cancelled_at is None)
    # What was said and shown in a dispute is kept whatever became of it.
    for number in connection.execute(select(disputes.c.claim).where(disputes.c.site_id == site_id)).scalars().all():
        if number in phones7:
            clients.note(phones7[number], now, visited=True, living=True)
    return clients


def _note_claim(clients: Clients, row: Row[Any], now: datetime) -> tuple[str, str]:
    phone7 = (row.first3, row.last4)
    over_at = max(row.ends_at, row.ended_at or row.ends_at)
    living = row.deal_at is not None or (row.ends_at > now and (row.ended_at is None or row.ended_at > now))
    visited = row.number < 0 or row.visited_at is not None or row.came_at is not None
    clients.note(phone7, over_at, visited=visited, living=living, number=row.number)
    return phone7


def _note_form(clients: Clients, row: Row[Any], now: datetime) -> None:
    phone7 = (row.first3, row.last4)
    living = row.state in WAITING and row.opened_at + FORM_LIVES > now
    clients.note(phone7, row.closed_at or row.opened_at, visited=row.state == FormState.CONFIRMED, living=living)
    for member in row.members:
        clients.join(phone7, (member["first3"], member["last4"]))


def _rows(connection: Connection, site_id: int, table: Table) -> Iterator[Row[Any]]:
    """Yield a table's rows of a site, but for those whose client is erased."""
    query = select(table).where(table.c.site_id == site_id)
    if "client" in table.c:
        query = query.where(table.c.client != ERASED)
    yield from connection.execute(query, execution_options={"yield_per": AT_ONCE})


def places_of(connection: Connection, site_id: int, numbers: Collection[int]) -> tuple[set[int], set[str]]:
    """Return the places of the messages that made these claims what they are, and what people call all this."""
    places: set[int] = set()
    refs: set[str] = set()
    wanted = sorted(numbers)
    for some in (tuple(wanted[i : i + AT_ONCE]) for i in range(0, len(wanted), AT_ONCE)):
        refs |= {f"R{number}" for number in some if number > 0}
        for table, column in ((claims, "number"), (reports, "number"), (follow_ups, "number"), (aliases, "number")):
            places |= _seqs(connection, site_id, table, column, some)
        places |= _seqs(connection, site_id, deals, "number", some)
        its_form = visits.c.claim.in_(some) | visits.c.number.in_([-number for number in some if number < 0])
        for row in connection.execute(select(visits).where(visits.c.site_id == site_id, its_form)):
            places |= {row.seq, *(signature["seq"] for signature in row.signatures.values())}
            refs.add(f"V{row.number}")
        of_claims = disputes.c.claim.in_(some)
        for row in connection.execute(select(disputes).where(disputes.c.site_id == site_id, of_claims)):
            said = (*row.parties, *row.papers, *row.opinions, *row.rulings)
            places |= {row.seq, *(each["seq"] for each in said)}
            refs.add(f"D{row.number}")
        one = (kin.c.first3 == claims.c.first3) & (kin.c.last4 == claims.c.last4)
        other = (kin.c.other_first3 == claims.c.first3) & (kin.c.other_last4 == claims.c.last4)
        own = (claims.c.site_id == kin.c.site_id) & claims.c.number.in_(some)
        links = select(kin.c.seq).join(claims, own & or_(one, other)).where(kin.c.site_id == site_id)
        places |= set(connection.execute(links).scalars())
    return places, refs


def _seqs(connection: Connection, site_id: int, table: Table, column: str, some: tuple[int, ...]) -> set[int]:
    mine = (table.c.site_id == site_id) & table.c[column].in_(some)
    return set(connection.execute(select(table.c.seq).where(mine)).scalars())


def places_answered(connection: Connection, site_id: int, refs: Collection[str]) -> set[int]:
    """Return the places of the messages whose answers carry one of these numbers: commands that concern them."""
    answered = select(BY_MESSAGE, replies.c.ref).where(replies.c.site_id == site_id, replies.c.ref != "")
    return {seq for seq, ref in stream(connection, answered) if ref in refs}


def places_to_forward(connection: Connection, site_id: int) -> set[int]:
    """Return the places of texts that other sites are still to get (L25): erased, they would be lost there."""
    waiting = select(forwards.c.seq).where(forwards.c.site_id == site_id, ~forwards.c.done)
    return set(connection.execute(waiting).scalars())
