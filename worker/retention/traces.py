"""What messages behind the seal have looked at, so that nothing of it is erased before they are sealed as well.

An audit that begins at the seal decides those messages over what is left there: had they met a client who is erased
by now, they would come out otherwise.
"""

from typing import Final

from sqlalchemy import Connection, select, update

from worker.decide.decider import message_of, working_set
from worker.proof.seals import Seal
from worker.retention.wants import Wanted
from worker.store.schema import cursors, inbox

MOST: Final = 500


class MovedOnError(Exception):
    """The line has gone so far beyond the seal that a new one is needed."""


class Follower:
    """Follows a line behind its seal; what its messages mention is kept."""

    def __init__(self, seal: Seal, wanted: Wanted) -> None:
        """Begin at the seal."""
        self._seal, self._wanted = seal, wanted
        self._upto = seal.seq

    def hold(self, connection: Connection) -> None:
        """Hold the line still to the end of the transaction, and have whoever has read it before read it again."""
        mine = cursors.c.site_id == self._seal.site_id
        connection.execute(update(cursors).where(mine).values(erasures=cursors.c.erasures + 1))

    def catch_up(self, connection: Connection) -> None:
        """Keep what has been mentioned up to where the line is decided. Raises MovedOnError."""
        mine = cursors.c.site_id == self._seal.site_id
        cursor = connection.execute(select(cursors).where(mine)).one()
        between = inbox.c.seq.between(self._upto + 1, cursor.decided_seq)
        query = select(inbox).where(inbox.c.site_id == self._seal.site_id, between).order_by(inbox.c.seq)
        rows = connection.execute(query.limit(MOST + 1)).all()
        if len(rows) > MOST:
            raise MovedOnError
        if rows:
            state, _ = working_set(connection, cursor.site_id, cursor.state, [message_of(row) for row in rows])
            phones7 = {claim.phone7 for claim in state.claims.values()}
            phones7 |= {alias.phone7 for alias in state.aliases.values()}
            phones7 |= {form.phone7 for form in state.visits.values()}
            phones7 |= {link.phone7 for link in state.kin.values()}
            self._wanted.keep(connection, self._seal.site_id, phones7)
            self._wanted.phones |= {*state.senders, *(row.sender for row in rows)}
            self._upto = cursor.decided_seq
