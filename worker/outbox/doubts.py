"""Settles replies that may or may not have been sent: a callback does it, else the gateway's own list is asked twice,
else there is one re-send, which is counted, and after that a person looks at it.

It is looked for where it went, whichever gateway the site has by now. Where that cannot be done a person looks at it:
sent again by another gateway it would arrive twice.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Row, and_, bindparam, exists, func, or_, select

from worker.clock import Clock
from worker.crash_points import around, committing
from worker.gateways.base import Doubt, Gateway, GatewayAwayError, Sent, Unknown
from worker.gateways.phone_server import handed_to
from worker.log import complain, say
from worker.outbox.delivery import LOOKUPS_AT, after_lookups
from worker.outbox.leases import Lease
from worker.outbox.ledger import PRESENT, change_reply, note_lookup, outgoing_of, tally_of, with_site
from worker.outbox.outcomes import record
from worker.store.database import reading
from worker.store.repeatable import repeatable
from worker.store.schema import UNSENT, attempts, replies, sites
from worker.store.states import IN_DOUBT, ReplyState
from worker.store.types import UtcTime
from worker.trail import trail

log = logging.getLogger(__name__)

AT_ONCE = 10
AWAY_FOR = timedelta(seconds=30)
LIST_REACHES_BACK = timedelta(days=1)

_WENT_TO: Final = func.coalesce(attempts.c.gateway, sites.c.gateway)
_DUE: Final = or_(
    *(
        (attempts.c.lookups == n) & (attempts.c.started_at <= bindparam(f"until_{n}", type_=UtcTime()))
        for n, _ in enumerate(LOOKUPS_AT)
    )
)
_DOUBTFUL: Final = (
    with_site()
    .add_columns(attempts.c.started_at, attempts.c.ended_at, attempts.c.lookups, _WENT_TO.label("went_to"))
    .join(attempts, PRESENT)
    .where(UNSENT, replies.c.state == ReplyState.UNKNOWN, _WENT_TO.not_in(bindparam("away", expanding=True)), _DUE)
    .order_by(replies.c.id)
    .limit(AT_ONCE)
)


@dataclass(slots=True)
class Settler:
    """Looks up what is in doubt, a few replies at a time; leaves a gateway alone for a while that does not answer."""

    engine: Engine
    gateways: Mapping[str, Gateway]
    clock: Clock
    away_until: dict[str, datetime] = field(default_factory=dict)

    def settle(self) -> int:
        """Do the look-ups that are due now and return how many those were."""
        now = self.clock()
        away = [name for name, until in self.away_until.items() if until > now]
        until = {f"until_{n}": now - wait for n, wait in enumerate(LOOKUPS_AT)}
        with reading(self.engine).connect() as connection:
            rows = connection.execute(_DOUBTFUL, {"away": away} | until).all()
        return sum(self._settle(row, now) for row in rows)

    def _settle(self, row: Row[Any], now: datetime) -> bool:
        if self.away_until.get(row.went_to, now) > now:
            return False
        gateway = handed_to(self.gateways).get(row.went_to)
        if gateway is None:
            # It is set up no more, or has no list.
            self._not_there(row, doubtful=True)
            return True
        outgoing = outgoing_of(row)
        try:
            doubt = Doubt(outgoing, row.started_at, row.ended_at, *self._beside(row))
            with around("lookup"):
                found = gateway.lookup(doubt)
        except GatewayAwayError as error:
            complain(log, "look-up failed", error, reply=row.id, attempt=row.attempt, gateway=row.went_to)
            self.away_until[row.went_to] = now + AWAY_FOR
            if row.went_to != row.gateway:
                # Nobody may mend any more what no site needs.
                self._not_there(row, doubtful=True)
            return False
        if isinstance(found, Sent) and self._may_be_anothers(row, found.sid):
            return False
        if found is None or isinstance(found, Unknown):
            self._not_there(row, doubtful=found is not None)
        else:
            leased = Lease(outgoing, row.went_to, row.site_id, row.cause, row.started_at)
            record(self.engine, leased, found, self.clock())
            ids = trail(row.site_id, row.cause)
            say(log, "settled", **ids, reply=row.id, attempt=row.attempt, outcome=type(found).__name__)
        return True

    def _beside(self, row: Row[Any]) -> tuple[set[str], Sequence[str]]:
        """Return what was lately sent to this phone besides: the sids of other attempts, whose texts were not this, and
        the words of other replies of which it is open, too, what became of them."""
        to_phone = replies.c.recipient == row.recipient
        recent = replies.c.updated_at > row.started_at - LIST_REACHES_BACK
        taken = select(attempts.c.sid).join(replies, replies.c.id == attempts.c.reply_id)
        open_yet = replies.c.state.in_((ReplyState.SENDING, *IN_DOUBT))
        others = select(replies.c.words).where(to_phone, recent, open_yet, replies.c.words != row.words)
        with reading(self.engine).connect() as connection:
            sids = connection.execute(taken.where(to_phone, recent, attempts.c.sid.is_not(None))).scalars()
            return set(sids), connection.execute(others).scalars().all()

    def _may_be_anothers(self, row: Row[Any], sid: str) -> bool:
        """Tell whether what was found is another reply of equal words, which is being sent while we look."""
        equal = and_(replies.c.recipient == row.recipient, replies.c.words == row.words, replies.c.id != row.id)
        its_own = exists().where(attempts.c.reply_id == replies.c.id, attempts.c.sid == sid)
        query = select(replies.c.id).where(equal, or_(replies.c.state == ReplyState.SENDING, its_own)).limit(1)
        with reading(self.engine).connect() as connection:
            return connection.execute(query).first() is not None

    @repeatable
    def _not_there(self, row: Row[Any], doubtful: bool) -> None:
        now = self.clock()
        with committing(self.engine, "lookup.commit") as connection:
            tally = tally_of(connection, row.id)
            if tally is None or (tally.state, tally.attempt) != (ReplyState.UNKNOWN, row.attempt):
                # A callback was faster.
                return
            if not note_lookup(connection, row.id, row.attempt, row.lookups):
                # Another sweeper looked at the same time; that counts as one look-up.
                return
            change = after_lookups(tally, now, doubtful) if row.lookups + 1 >= len(LOOKUPS_AT) else {}
            change_reply(connection, row.id, change, now)
        say(
            log,
            "looked up in vain",
            logging.WARNING,
            **trail(row.site_id, row.cause),
            reply=row.id,
            attempt=row.attempt,
            lookups=row.lookups + 1,
            next=change.get("state"),
        )
