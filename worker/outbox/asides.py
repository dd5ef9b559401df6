"""What operations tells a person by text, beside the line: alerts, and a test text to oneself.

No decision stands behind it, so it is no part of what the line says (L11), and audits do not look for its message: its
cause begins with `o:`. It goes out like any reply, to whoever has not opted out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, insert, select

from worker.accounts.acts import note
from worker.accounts.users import User
from worker.errors import SetUpError
from worker.outbox.stops import stopped
from worker.store.repeatable import repeatable
from worker.store.schema import acts, cursors, replies, sites, users
from worker.words.alarms import trial_said

ALERT, TEST = "alert", "test_text"
"""Their codes."""
USEFUL_FOR: Final = timedelta(hours=4)
HOUR: Final = timedelta(hours=1)
TRIALS_AN_HOUR: Final = 3
TRIALS_A_DAY: Final = 10


@dataclass(frozen=True, slots=True)
class Way:
    """A site by whose number something may be said, with its language and zone; `sends`: its gateway is not stopped."""

    site_id: int
    name: str
    gateway: str
    language: str
    zone: ZoneInfo
    sends: bool


@dataclass(frozen=True, slots=True)
class Aside:
    """Something to say; `cause` begins with `o:` and is good once for a site, code and phone."""

    site_id: int
    cause: str
    code: str
    to: str
    words: str
    at: datetime


def ways(connection: Connection) -> list[Way]:
    """Return every site as a way to say something, in the order of their founding."""
    query = select(sites.c.id, sites.c.name, sites.c.gateway, cursors.c.state, (~stopped()).label("sends"))
    rows = connection.execute(query.join(cursors, cursors.c.site_id == sites.c.id).order_by(sites.c.id)).all()
    return [
        Way(
            row.id,
            row.name,
            row.gateway,
            row.state.get("language", "zh"),
            ZoneInfo(row.state.get("timezone", "Asia/Shanghai")),
            bool(row.sends),
        )
        for row in rows
    ]


def way_for(every: Sequence[Way], troubled: Collection[int]) -> Way | None:
    """Return the way for an alert: of a site that sends, where there is one not of those that are troubled."""
    return min(every, key=lambda way: (not way.sends, way.site_id in troubled), default=None)


def say_aside(connection: Connection, aside: Aside) -> None:
    """Put something into the outbox."""
    row = {"site_id": aside.site_id, "cause": aside.cause, "code": aside.code, "recipient": aside.to, "role": "notice"}
    at = aside.at
    times = {"created_at": at, "next_at": at, "useful_until": at + USEFUL_FOR, "updated_at": at}
    connection.execute(insert(replies).values(row | times | {"words": aside.words, "params": {}}))


@repeatable
def send_trial(engine: Engine, user: User, site_id: int, now: datetime) -> bool:
    """Send a test text to a user's own phone by a site's number; False when he had as many as he may, or has no phone.

    Recorded as his act, by which they are counted; raises SetUpError when there is no such site.
    """
    with engine.begin() as connection:
        # Whoever presses twice waits for himself here, and is counted.
        connection.execute(select(users.c.id).where(users.c.id == user.id).with_for_update())
        mine = acts.c.user_id == user.id, acts.c.what == TEST
        count = select(func.count()).select_from(acts).where(*mine)
        hour, day = (
            connection.execute(count.where(acts.c.at > now - span)).scalar_one() for span in (HOUR, timedelta(days=1))
        )
        if user.phone is None or hour >= TRIALS_AN_HOUR or day >= TRIALS_A_DAY:
            return False
        way = next((each for each in ways(connection) if each.site_id == site_id), None)
        if way is None:
            raise SetUpError("There is no such site.")
        words = trial_said(way.language, way.zone, now)
        say_aside(connection, Aside(site_id, f"o:test:{user.id}:{now.isoformat()}", TEST, user.phone, words, now))
        note(connection, user.id, TEST, f"site {site_id}", now)
    return True
