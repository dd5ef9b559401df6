"""What became of attempts, as gateways answered or as it was found in their lists: many in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from worker.crash_points import committing
from worker.gateways.base import Handover, SenderStopped, Stopped
from worker.outbox.books import Books
from worker.outbox.consequences import see_to_others, weighed
from worker.outbox.delivery import after_outcome
from worker.outbox.leases import Lease
from worker.outbox.ledger import chance, ending
from worker.store.repeatable import repeatable

Answer = tuple[Lease, Handover]


def record(engine: Engine, leased: Lease, outcome: Handover, now: datetime) -> None:
    """Write down what became of an attempt, whatever has been learnt of it meanwhile."""
    record_all(engine, [(leased, outcome)], now)


@repeatable
def record_all(engine: Engine, answers: Sequence[Answer], now: datetime) -> None:
    """Write down what became of attempts, in their order, in one transaction: all of them or, if this raises, none."""
    with committing(engine, "outcome.commit") as connection:
        books = Books(connection, now, sorted({leased.key[0] for leased, _ in answers}))
        books.open()
        for leased, outcome in answers:
            _record(books, leased, outcome)
        books.close()


def _record(books: Books, leased: Lease, outcome: Handover) -> None:
    reply_id, number = leased.key
    if books.history(reply_id) is None:
        return
    outcome = weighed(books, reply_id, outcome)
    history = books.history(reply_id)
    if isinstance(outcome, Stopped | SenderStopped):
        # Our own misconfiguration: nobody was asked anything, and the attempt was none.
        books.strike(leased.key)
    else:
        books.note(leased.key, ending(outcome, books.now))
    if history is not None and history.attempt == number:
        books.change(reply_id, after_outcome(history, outcome, books.now, chance()))
    see_to_others(books, reply_id, outcome, leased.gateway)
