"""Whether a text that comes now could be put down: tried as far as the lock and the constraints, and taken back."""

import secrets

from sqlalchemy import Engine, insert
from sqlalchemy.exc import SQLAlchemyError

from worker.clock import utc_now
from worker.store.schema import unrouted


def could_take(engine: Engine) -> bool:
    """Take the way that a text takes, to the lock and through the constraints, and go back before the commit."""
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(insert(unrouted).values(**_nobody()))
            transaction.rollback()
    except SQLAlchemyError:
        return False
    return True


def _nobody() -> dict[str, object]:
    texts = dict.fromkeys(("gateway", "sender", "recipient", "text"), "")
    return texts | {"received_at": utc_now(), "provider_id": secrets.token_hex(8), "body": b""}
