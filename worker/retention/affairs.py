"""How every client of a site stands, and which texts those who stand have in the line."""

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Table, or_, select

from worker.proof.compare import stream
from worker.retention.clients import AT_ONCE, Clients, Note, in_steps
from worker.rules.client import ERASED, Phone7
from worker.rules.states import WAITING, FormState
from worker.store.causes import BY_MESSAGE
from worker.store.schema import aliases, claims, deals, disputes, follow_ups, forwards, kin, replies, reports, visits

FORM_LIVES: Final = timedelta(days=2)
"""A form is void at the end of its civil day; this is longer in every time zone."""


def note_clients(connection: Connection, site_id: int, now: datetime, clients: Clients) -> None:
    """Note every client of a site who is not erased yet."""
    clients.note(_of_claim(row, now) for row in _not_erased(connection, site_id, claims))
    clients.note(_of_form(row, now) for row in _not_erased(connection, site_id, visits))
    related = _not_erased(connection, site_id, kin)
    clients.note(Note((row.first3, row.last4), row.undone_at or row.at) for row in related)
    clients.join(_joined(connection, site_id, clients))
    sold = _rows(connection, site_id, deals)
    clients.note(
        Note(phone7, row.cancelled_at or now, visited=True, living=row.cancelled_at is None)
        for phone7, row in _with_phones(clients, sold, "number")
        if phone7
    )
    # What was said and shown in a dispute is kept whatever became of it.
    argued = _with_phones(clients, _rows(connection, site_id, disputes), "claim")
    clients.note(Note(phone7, now, visited=True, living=True) for phone7, _ in argued if phone7)


def _joined(connection: Connection, site_id: int, clients: Clients) -> Iterator[tuple[Phone7, Phone7]]:
    """Yield the phones that are one client's, two at a time."""
    for phone7, row in _with_phones(clients, _rows(connection, site_id, aliases), "number"):
        if phone7:
            yield phone7, (row.first3, row.last4)
    for phone7, row in _with_phones(clients, _not_erased(connection, site_id, visits), "claim"):
        for other in (phone7, *((member["first3"], member["last4"]) for member in row.members)):
            if other:
                yield (row.first3, row.last4), other
    for row in _not_erased(connection, site_id, kin):
        yield (row.first3, row.last4), (row.other_first3, row.other_last4)


def _of_claim(row: Row[Any], now: datetime) -> Note:
    over_at = max(row.ends_at, row.ended_at or row.ends_at)
    living = row.deal_at is not None or (row.ends_at > now and (row.ended_at is None or row.ended_at > now))
    visited = row.number < 0 or row.visited_at is not None or row.came_at is not None
    return Note((row.first3, row.last4), over_at, visited=visited, living=living, number=row.number)


def _of_form(row: Row[Any], now: datetime) -> Note:
    living = row.state in WAITING and row.opened_at + FORM_LIVES > now
    visited = row.state == FormState.CONFIRMED
    return Note((row.first3, row.last4), row.closed_at or row.opened_at, visited=visited, living=living)


def _with_phones(clients: Clients, rows: Iterable[Row[Any]], number: str) -> Iterator[tuple[Phone7 | None, Row[Any]]]:
    """Yield each row with the phone of the claim whose number it has in that column, None where nobody has that."""
    for some in in_steps(rows):
        phones7 = clients.phones_of({getattr(row, number) for row in some})
        yield from ((phones7.get(getattr(row, number)), row) for row in some)


def _rows(connection: Connection, site_id: int, table: Table) -> Iterator[Row[Any]]:
    """Yield a table's rows of a site."""
    yield from _stream(connection, select(table).where(table.c.site_id == site_id))


def _not_erased(connection: Connection, site_id: int, table: Table) -> Iterator[Row[Any]]:
    """Yield a table's rows of a site, but for those whose client is erased."""
    yield from _stream(connection, select(table).where(table.c.site_id == site_id, table.c.client != ERASED))


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    yield from connection.execute(query, execution_options={"yield_per": AT_ONCE})


def places_of(connection: Connection, site_id: int, numbers: Collection[int]) -> tuple[set[int], set[str]]:
    """Return the places of the messages that made these claims what they are, and what people call all this."""
    places: set[int] = set()
    refs: set[str] = set()
    for some in in_steps(sorted(numbers)):
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


def _seqs(connection: Connection, site_id: int, table: Table, column: str, some: Sequence[int]) -> set[int]:
    mine = (table.c.site_id == site_id) & table.c[column].in_(some)
    return set(connection.execute(select(table.c.seq).where(mine)).scalars())


def places_answered(connection: Connection, site_id: int, refs: Container[str]) -> Iterator[int]:
    """Yield the places of the messages whose answers carry one of these numbers: commands that concern them."""
    answered = select(BY_MESSAGE, replies.c.ref).where(replies.c.site_id == site_id, replies.c.ref != "")
    return (seq for seq, ref in stream(connection, answered) if ref in refs)


def places_to_forward(connection: Connection, site_id: int) -> set[int]:
    """Return the places of texts that other sites are still to get (L25): erased, they would be lost there."""
    waiting = select(forwards.c.seq).where(forwards.c.site_id == site_id, ~forwards.c.done)
    return set(connection.execute(waiting).scalars())
