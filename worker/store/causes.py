"""What made us say something: the message that a reply answers, or passing time."""

from typing import Any, Final

from sqlalchemy import BigInteger, ScalarSelect, case, cast, func, select

from worker.store.schema import inbox, replies

BY_MESSAGE: Final = case((replies.c.cause.like("m:%"), cast(func.substr(replies.c.cause, 3), BigInteger)), else_=0)
"""The place of the message that a reply answers; 0 for what passing time caused."""


def salt_of_cause() -> ScalarSelect[Any]:
    """Return the salt of the message that a reply answers, beside it in a query: what an act's code is made of (L6)."""
    answered = (inbox.c.site_id == replies.c.site_id) & (inbox.c.seq == BY_MESSAGE)
    return select(inbox.c.salt).where(answered).correlate(replies).scalar_subquery()
