"""A site's policy as pages show it: who changed what when, and how many claims keep what they were made under."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, literal_column, or_, select

from worker.rules.codes import Code
from worker.rules.policy import KEYS, policy_of, written
from worker.store.database import reading
from worker.store.schema import acts, claims, decisions, inbox, users

_POLICY: Final = inbox.c.kind == literal_column("'policy'")
"""In the very words of the index, which is of these alone."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that changed keys of a policy; `who`: the user's name, None for somebody at the command line."""

    at: datetime
    who: str | None
    values: tuple[tuple[str, str, str], ...]
    """each with its key, before and after"""


def policy_history(engine: Engine, site_id: int) -> list[Changed]:
    """Return what was changed of a site's policy, the newest first."""
    taken = (decisions.c.site_id == inbox.c.site_id) & (decisions.c.seq == inbox.c.seq)
    columns = select(inbox.c.seq, inbox.c.received_at, inbox.c.payload).where(inbox.c.site_id == site_id)
    founding = columns.where(inbox.c.seq == 1)
    set_anew = columns.join(decisions, taken).where(_POLICY, decisions.c.code == Code.POLICY_SET)
    by = select(acts.c.about, users.c.name).join(users, users.c.id == acts.c.user_id)
    ours = by.where(acts.c.site_id == site_id, acts.c.what.in_(("policy_set", "site_changed")))
    with reading(engine).connect() as connection:
        first = connection.execute(founding).first()
        rows = connection.execute(set_anew.order_by(inbox.c.seq)).all()
        names = dict(map(tuple, connection.execute(ours)))
    policy = dict((first.payload or {}).get("policy", {})) if first is not None else {}
    changes = []
    for row in rows:
        if values := tuple(_differences(policy, row.payload)):
            changes.append(Changed(row.received_at, names.get(f"site {site_id} text {row.seq}"), values))
        policy |= row.payload
    return changes[::-1]


def live_claims(engine: Engine, site_id: int, now: datetime) -> int:
    """Return how many claims of a site stand at a moment."""
    stands = or_(claims.c.ended_at.is_(None), claims.c.ended_at > now) & (claims.c.ends_at > now)
    query = select(func.count()).where(claims.c.site_id == site_id, or_(stands, claims.c.deal_at <= now))
    with reading(engine).connect() as connection:
        return int(connection.execute(query).scalar_one())


def _differences(before: Mapping[str, str], given: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    was, now = policy_of(before), policy_of({**before, **given})
    for key in KEYS:
        if (old := written(getattr(was, key))) != (new := written(getattr(now, key))):
            yield key, old, new
