"""Who reads what operations told a person by text (`worker.outbox.asides`): it goes by any site's number, and may be
about another one."""

from sqlalchemy import ColumnElement, or_, true

from worker.accounts.users import User
from worker.store.schema import replies

ASIDE = "o:"
"""What its cause begins with."""


def readable(reader: User | None) -> ColumnElement[bool]:
    """Return which replies of his sites somebody may read: alerts only as their recipient, or as ops of all sites.

    None: somebody at the server's own command line, who may read all.
    """
    if reader is None or (reader.everywhere and reader.may({"ops"})):
        return true()
    own = replies.c.recipient == (reader.phone or "")
    return or_(~replies.c.cause.startswith(ASIDE, autoescape=True), own)
