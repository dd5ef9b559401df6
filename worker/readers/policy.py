"""A site's policy as pages show it: who changed what when, and how many claims keep what they were made under."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, or_, select

from worker.rules.codes import Code
from worker.rules.policy import KEYS, policy_of, written
from worker.store.database import reading
from worker.store.schema import acts, claims, decisions, inbox, users


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
    query = (
        select(inbox.c.seq, inbox.c.kind, inbox.c.received_at, inbox.c.payload)
        .join(decisions, taken)
        .where(inbox.c.site_id == site_id, inbox.c.kind.in_(("site", "policy")))
        .where(decisions.c.code.in_((Code.SITE_OPENED, Code.POLICY_SET)))
        .order_by(inbox.c.seq)
    )
    by = select(acts.c.about, users.c.name).join(users, users.c.id == acts.c.user_id)
    ours = by.where(acts.c.about.like(f"site {site_id} text %"), acts.c.what.in_(("policy_set", "site_changed")))
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
        names = dict(map(tuple, connection.execute(ours)))
    policy: dict[str, str] = {}
    changes = []
    for row in rows:
        given = row.payload.get("policy", {}) if row.kind == "site" else row.payload
        if row.kind == "policy" and (values := tuple(_differences(policy, given))):
            changes.append(Changed(row.received_at, names.get(f"site {site_id} text {row.seq}"), values))
        policy |= given
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
