"""What an outcome means beyond its own reply: a stopped gateway or number, a person who opted out or is back."""

from contextlib import suppress
from typing import TypeVar

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from worker.gateways.base import Handover, Refused, SenderStopped, Sent, Stopped
from worker.outbox.books import Books
from worker.outbox.stops import WHOLE_GATEWAY, is_believed, revive, stop
from worker.store.schema import opt_outs, sites

Outcome = TypeVar("Outcome", bound=Handover | None)


def weighed(books: Books, reply_id: int, outcome: Outcome) -> Outcome | Refused:
    """Take a stopped number for its recipient's fault until enough recipients say the same."""
    if not isinstance(outcome, SenderStopped):
        return outcome
    row = books.reply(reply_id)
    with books.aside() as connection:
        believed = is_believed(connection, row["site_id"], row["recipient"], outcome, books.now)
    return outcome if believed else Refused(outcome.code, outcome.words, "pair")


def see_to_others(books: Books, reply_id: int, outcome: Handover | None, gateway: str) -> None:
    """Do what an outcome at a gateway means beyond its own reply: stop it or its number, mark who opted out."""
    row, now = books.reply(reply_id), books.now
    match outcome:
        case Stopped() | SenderStopped():
            with books.aside() as connection:
                site = connection.execute(select(sites).where(sites.c.id == row["site_id"])).one()
                number = site.number if isinstance(outcome, SenderStopped) else WHOLE_GATEWAY
                stop(connection, gateway, number, outcome, now)
                if isinstance(outcome, SenderStopped):
                    revive(connection, site.id, outcome.code, now)
        case Refused(opted_out=True):
            out = {"site_id": row["site_id"], "phone": row["recipient"], "since": now, "code": outcome.code}
            # Known already, he stays so since then.
            with books.aside() as connection, suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(opt_outs).values(out))
        case Sent():
            books.reached(reply_id)
