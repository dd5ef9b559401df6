"""What passing time makes us say: expiry, reminders, digests (R8; decisions.md C7, E9–E11, E18, E25, F26).

A deadline is kept by the instant that it is about. When it is told follows from the policy of the moment and from the
quiet hours; telling it late changes nothing but the hour of the notice, and no answer ever depends on it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from worker.rules.model import WALK_IN, Claim, Deadline, Fact
from worker.rules.policy import Policy
from worker.rules.protection import lapsed
from worker.rules.state import State
from worker.rules.states import DeadlineKind, Flag
from worker.rules.turn import Turn

DAY = timedelta(days=1)
SATURDAY = 5


def plan_protection(turn: Turn, claim: Claim) -> None:
    """Put down a claim's end, and the one reminder before it: of its days, or of the contact gap that ends it (E9).

    None when it begins with less than that left (E10); of a walk-in nobody is told.
    """
    if claim.unit == WALK_IN:
        return
    turn.state.put(Deadline(DeadlineKind.EXPIRED, claim.ref, claim.ends_at))
    kind = DeadlineKind.GAP_REMINDER if lapsed(claim) else DeadlineKind.REMINDER
    if claim.ends_at - turn.now >= lead(kind, turn.policy):
        turn.state.put(Deadline(kind, claim.ref, claim.ends_at))


def plan_daily(turn: Turn, accepted: int, changed: Iterable[Fact]) -> None:
    """Put down the day's digest: texts and accepted reports since the last one (F32), readings left to check (L24)."""
    hour = turn.policy.daily_digest
    if hour is None:
        return
    # By instants: a day may have no such clock time, or have it twice.
    today = turn.state.day(turn.now)
    at = at_hour(turn.state, today, hour)
    at = at if turn.now < at else at_hour(turn.state, today + DAY, hour)
    subject = f"{at.astimezone(turn.state.zone):%Y-%m-%d}"
    before: Mapping[str, Any] = {"texts": 0, "accepted": 0}
    if (known := turn.state.deadlines.get((DeadlineKind.DAILY, subject, at))) is not None:
        before = known.detail
    counted = {"texts": before["texts"] + 1, "accepted": before["accepted"] + accepted}
    # Of the day's registrations those whose reading nobody has confirmed.
    claims = {fact.number: fact for fact in changed if isinstance(fact, Claim)}
    new = (number for number, claim in claims.items() if claim.seq == turn.message.seq)
    asked = dict.fromkeys((*before.get("unsure", ()), *new))
    unsure = [n for n in asked if n not in claims or (Flag.UNSURE in claims[n].flags and claims[n].ended_at is None)]
    counted |= {"unsure": unsure} if unsure else {}
    turn.state.put(Deadline(DeadlineKind.DAILY, subject, at, detail=counted))


def at_hour(state: State, day: date, hour: time) -> datetime:
    """Return the instant of a clock time on a day of the site's: the first of two, or by the hour that was left out."""
    return datetime.combine(day, hour, state.zone).astimezone(UTC)


def end_of_day(state: State, day: date, days_after: int = 0) -> datetime:
    """Return 24:00 of the day that is so many after this one: a civil period, the day of the event not counted.

    A period that ends on a rest day runs on to the next working day where the policy says so (`rest_days = roll`).
    """
    last = day + days_after * DAY
    while days_after and state.policy.rest_days == "roll" and last.weekday() >= SATURDAY:
        last += DAY
    return at_hour(state, last + DAY, time())


def lead(kind: DeadlineKind, policy: Policy) -> timedelta:
    """Return how long before its instant a deadline of this kind is told."""
    if kind == DeadlineKind.REMINDER:
        return timedelta(hours=policy.reminder_hours)
    return policy.gap_reminder or timedelta() if kind == DeadlineKind.GAP_REMINDER else timedelta()


def told_before(deadline: Deadline) -> tuple[datetime, str, int, str]:
    """Return by what those that are told at one time stand in order: R2 comes before R10."""
    return deadline.at, deadline.kind, len(deadline.subject), deadline.subject


def tell_at(deadline: Deadline, state: State) -> datetime:
    """Return when a deadline is told: its lead before the instant, then past the quiet hours (E18)."""
    return after_quiet(deadline.at - lead(deadline.kind, state.policy), state)


def after_quiet(moment: datetime, state: State) -> datetime:
    """Return the moment, or the end of the quiet hours that it falls into; their first and last seconds do not."""
    quiet = state.policy.quiet_hours
    if quiet is None:
        return moment
    # By instants, not clock times: an hour may come twice, and nothing is told before it is so.
    day, (begin, end) = state.day(moment), quiet
    evening, morning = at_hour(state, day, begin), at_hour(state, day, end)
    if begin > end:
        return at_hour(state, day + DAY, end) if moment > evening else max(morning, moment)
    return morning if evening < moment < morning else moment
