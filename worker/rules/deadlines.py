"""What passing time makes us say: expiry, reminders, digests (R8; decisions.md C7, E9–E11, E18, E25, F26).

A deadline is kept by the instant that it is about. When it is told follows from the policy of the moment and from the
quiet hours; telling it late changes nothing but the hour of the notice, and no answer ever depends on it.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from worker.rules.model import Claim, Deadline, Reply
from worker.rules.policy import Policy
from worker.rules.state import State
from worker.rules.turn import Turn

DAY = timedelta(days=1)
KINDS = ("expired", "reminder", "digest", "daily")


def plan_protection(turn: Turn, claim: Claim) -> None:
    """Put down the end of a claim and the reminder before it; none when it begins with less than that left (E10)."""
    turn.state.put(Deadline("expired", claim.ref, claim.ends_at))
    if claim.ends_at - turn.now >= timedelta(hours=turn.policy.reminder_hours):
        turn.state.put(Deadline("reminder", claim.ref, claim.ends_at))


def plan_daily(turn: Turn, accepted: int) -> None:
    """Put down the day's digest, counting texts and accepted reports since the last one (F32)."""
    hour = turn.policy.daily_digest
    if hour is None:
        return
    at = _next(turn.now, hour, turn.state)
    subject = f"{at.astimezone(turn.state.zone):%Y-%m-%d}"
    before: Mapping[str, Any] = {"texts": 0, "accepted": 0}
    if (known := turn.state.deadlines.get(("daily", subject, at))) is not None:
        before = known.detail
    counted = {"texts": before["texts"] + 1, "accepted": before["accepted"] + accepted}
    turn.state.put(Deadline("daily", subject, at, detail=counted))


def _next(now: datetime, hour: time, state: State) -> datetime:
    local = now.astimezone(state.zone)
    day = local.date() if local.time() < hour else local.date() + DAY
    return datetime.combine(day, hour, state.zone).astimezone(now.tzinfo)


def lead(kind: str, policy: Policy) -> timedelta:
    """Return how long before its instant a deadline of this kind is told."""
    return timedelta(hours=policy.reminder_hours) if kind == "reminder" else timedelta()


def tell_at(deadline: Deadline, state: State) -> datetime:
    """Return when a deadline is told: its lead before the instant, then past the quiet hours (E18)."""
    return after_quiet(deadline.at - lead(deadline.kind, state.policy), state)


def after_quiet(moment: datetime, state: State) -> datetime:
    """Return the moment, or the end of the quiet hours that it falls into; their first and last seconds do not."""
    quiet = state.policy.quiet_hours
    if quiet is None:
        return moment
    begin, end = quiet
    local = moment.astimezone(state.zone)
    evening, morning = (datetime.combine(local.date(), t, state.zone) for t in (begin, end))
    if begin > end:
        if local > evening:
            return (morning + DAY).astimezone(moment.tzinfo)
        return morning.astimezone(moment.tzinfo) if local < morning else moment
    return morning.astimezone(moment.tzinfo) if evening < local < morning else moment


def tell(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """Return what a deadline that is due makes us say at `now`; nothing when its subject has moved or ended.

    `head` is the chain's (64 hex digits); a digest publishes its first eight.
    """
    match deadline.kind:
        case "expired":
            return _expired(state, deadline)
        case "reminder":
            return _reminder(state, deadline, now)
        case "digest":
            return _to_managers(state, dict(deadline.detail) | {"head": head[:8], "span": "hour"})
        case "daily":
            return _to_managers(state, dict(deadline.detail) | {"head": head[:8], "span": "day"})
    return []


def _expired(state: State, deadline: Deadline) -> list[Reply]:
    """R8: the old holder is told once; a contested claim that nobody decided falls with its holder (B21)."""
    claim = _subject(state, deadline)
    if claim is None:
        return []
    if claim.state == "contested":
        return _to_agent(state, claim, "duplicate_other", {"client": claim.client, "mask": claim.mask}, "")
    params = _params(claim) | {"ending": "report", "days": state.policy.report_days}
    return _to_agent(state, claim, "expired", params, claim.ref)


def _reminder(state: State, deadline: Deadline, now: datetime) -> list[Reply]:
    claim = _subject(state, deadline)
    if claim is None or not claim.holds(now) or not state.policy.reminder_hours:
        return []
    return _to_agent(state, claim, "reminder", _params(claim), claim.ref)


def _subject(state: State, deadline: Deadline) -> Claim | None:
    claim = state.claims[int(deadline.subject.removeprefix("R"))]
    return claim if claim.ended_at is None and claim.ends_at == deadline.at else None


def _params(claim: Claim) -> dict[str, Any]:
    return {"client": claim.client, "mask": claim.mask, "ref": claim.ref, "until": claim.ends_at.isoformat()}


def _to_agent(state: State, claim: Claim, code: str, params: dict[str, Any], ref: str) -> list[Reply]:
    phone = claim.agent_phone or claim.sender
    return [] if not phone or state.sender(phone).silent else [Reply(phone, code, "notice", params, ref)]


def _to_managers(state: State, params: dict[str, Any]) -> list[Reply]:
    return [Reply(phone, "digest", "notice", params) for phone in state.staff("manager")]
