"""How far a site has come: its roster, whom notices to its staff reach, and its first text that was answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, select

from worker.gateways.table import VARIABLES
from worker.readers.consent import staff_opted_out
from worker.store.causes import BY_MESSAGE
from worker.store.database import reading
from worker.store.schema import cursors, decisions, inbox, replies, roster
from worker.store.states import ReplyState

LOOKED_THROUGH = 50
"""So many texts from the first on are looked through for one that was answered."""


@dataclass(frozen=True, slots=True)
class FirstText:
    """The first text that was answered, else the newest of those that were looked through.

    `code`: what was decided, None while nothing is; `reply`: the state of the answer, None where there is none.
    """

    seq: int
    received_at: datetime
    code: str | None
    reply: ReplyState | None

    @property
    def answered(self) -> bool:
        """Whether its gateway has taken the answer."""
        return self.reply == ReplyState.SENT


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What there is of a site. `staff`: role by phone; `stopped`: those of them to whom the gateway lets nothing go."""

    listed: int
    staff: Mapping[str, str]
    stopped: frozenset[str]
    text: FirstText | None


def variables_of(gateway: str | None) -> tuple[tuple[str, str], ...]:
    """Return the variables of the server that set a gateway up, each with what it is in English; None: of any."""
    return tuple(each for name, its in VARIABLES.items() if gateway in (None, name) for each in its)


def beginnings(engine: Engine, site_id: int) -> Beginnings:
    """Return how far a site has come."""
    with reading(engine).connect() as connection:
        cursor = connection.execute(select(cursors).where(cursors.c.site_id == site_id)).one()
        people = select(func.count()).where(roster.c.site_id == site_id)
        return Beginnings(
            int(connection.execute(people).scalar_one()),
            cursor.state.get("staff", {}),
            frozenset(each.phone for each in staff_opted_out(connection, cursor)),
            _first_text(connection, site_id),
        )


def _first_text(connection: Connection, site_id: int) -> FirstText | None:
    decided = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    query = (
        select(inbox.c.seq, inbox.c.received_at, decisions.c.code)
        .outerjoin(decisions, decided)
        .where(inbox.c.site_id == site_id, inbox.c.kind == "text")
        .order_by(inbox.c.seq)
        .limit(LOOKED_THROUGH)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    causes = [f"m:{row.seq}" for row in rows]
    answers = select(BY_MESSAGE, replies.c.state).where(
        replies.c.site_id == site_id, replies.c.role == "reply", replies.c.cause.in_(causes)
    )
    states = {int(seq): ReplyState(state) for seq, state in connection.execute(answers)}
    texts = [FirstText(row.seq, row.received_at, row.code, states.get(row.seq)) for row in rows]
    return next((text for text in texts if text.answered), texts[-1])
