"""What an outcome means beyond its own reply: a stopped gateway or number, a person who opted out or is back."""

from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, and_, delete, insert
from sqlalchemy.exc import IntegrityError

from worker.gateways.base import Handover, Refused, SenderStopped, Sent, Stopped
from worker.outbox.ledger import with_site
from worker.outbox.stops import WHOLE_GATEWAY, is_believed, revive, stop
from worker.store.schema import opt_outs, replies

Outcome = TypeVar("Outcome", bound=Handover | None)


def weighed(connection: Connection, site_id: int, recipient: str, outcome: Outcome, now: datetime) -> Outcome | Refused:
    """Take a stopped number for its recipient's fault until enough recipients say the same."""
    if isinstance(outcome, SenderStopped) and not is_believed(connection, site_id, recipient, outcome, now):
        return Refused(outcome.code, outcome.words, "pair")
    return outcome


def see_to_others(connection: Connection, reply_id: int, outcome: Handover | None, now: datetime) -> None:
    """Do what an outcome means beyond its own reply: stop the gateway or number, mark a person who opted out."""
    row = connection.execute(with_site().where(replies.c.id == reply_id)).one()
    match outcome:
        case Stopped():
            stop(connection, row.gateway, WHOLE_GATEWAY, outcome, now)
        case SenderStopped():
            stop(connection, row.gateway, row.sending_number, outcome, now)
            revive(connection, row.site_id, outcome.code, now)
        case Refused(opted_out=True):
            out = {"site_id": row.site_id, "phone": row.recipient, "since": now, "code": outcome.code}
            # Known already, he stays so since then.
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(opt_outs).values(out))
        case Sent():
            mine = and_(opt_outs.c.site_id == row.site_id, opt_outs.c.phone == row.recipient)
            connection.execute(delete(opt_outs).where(mine))
