"""Planned arrivals: when a client is expected, and who was and has not come (reading.md, “Planned arrival”).

A plan is kept with the claim as the site's civil day, with a clock time or a part of the day. It tells the front desk
and the manager whom to look out for, and nothing else: no protection, order or lead (R1) ever looks at it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from parsers.message import Planned
from worker.rules.deadlines import DAY, at_hour
from worker.rules.model import WEEKEND, Claim, Visit
from worker.rules.state import State
from worker.rules.turn import Turn

FARTHEST: Final = timedelta(days=365)
SPANS: Final = {
    "morning": ("06:00", "12:00"),
    "noon": ("11:00", "14:00"),
    "afternoon": ("12:00", "18:00"),
    "evening": ("18:00", "24:00"),
}
"""From when to when each part of a day lasts: over, it is past, and who was expected in it has not come."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEXT_WEEK: Final = "+7"
MONTHS: Final = 12
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Plan:
    """A planned arrival: a civil day of the site's; a time (HH:MM), or a part of the day, or neither.

    `part` WEEKEND: on this Saturday or the Sunday after it.
    """

    day: date
    time: str | None = None
    part: str | None = None

    @property
    def last_day(self) -> date:
        """Return the day on which he is expected at the latest."""
        return self.day + DAY if self.part == WEEKEND else self.day

    @property
    def order(self) -> tuple[date, str]:
        """Return what sorts plans: by time, a part of the day at its beginning, a whole day behind all of it."""
        return self.day, self.time or SPANS.get(self.part or "", ("24:00",))[0]

    def over(self, local: datetime) -> bool:
        """Tell whether it is past at a moment, given as the site's clocks show it; its own minute is not."""
        if self.last_day != local.date():
            return self.last_day < local.date()
        clock = f"{local:%H:%M}"
        return clock > self.time if self.time else clock >= SPANS.get(self.part or "", ("", "24:00"))[1]


def plan_of(planned: Planned, said_at: datetime, zone: ZoneInfo) -> Plan | None:
    """Return what was meant by `planned` when it was said: nothing that no calendar has, is past or over a year off."""
    local = said_at.astimezone(zone)
    if planned.time and not _CLOCK.fullmatch(planned.time):
        return None
    for day in _days(planned, local.date()):
        weekend = planned.day.startswith(WEEKEND) and day.weekday() == WEEKDAYS.index("sat")
        part = WEEKEND if weekend else None if planned.time else planned.part or None
        plan = Plan(day, planned.time or None, part)
        if day - local.date() <= FARTHEST and not plan.over(local):
            return plan
    return None


def _days(planned: Planned, today: date) -> Iterator[date]:
    """Yield the days that may be meant, the nearest first: of those that are not past, the first one is."""
    written = planned.day
    name = written.removesuffix(NEXT_WEEK)
    next_week = name != written
    if not written:
        yield from (today,) if planned.time or planned.part else ()
    elif name == WEEKEND and today.weekday() == WEEKDAYS.index("sun") and not next_week:
        yield today
    elif name in (*WEEKDAYS, WEEKEND):
        day = today + (WEEKDAYS.index("sat" if name == WEEKEND else name) - today.weekday()) * DAY
        yield from (day + 7 * DAY,) if next_week else (day, day + 7 * DAY)
    elif written.startswith("+"):
        yield from (today + int(written) * DAY,) if written[1:].isdecimal() and len(written) <= len("+365") else ()
    else:
        yield from _of_calendar(written, today)


def _of_calendar(written: str, today: date) -> Iterator[date]:
    """Yield the days that YYYY-MM-DD, MM-DD or DD can be."""
    months = (divmod(today.month - 1 + n, MONTHS) for n in range(MONTHS + 1))
    begins = {
        len("YYYY-MM-DD"): ("",),
        len("MM-DD"): tuple(f"{today.year + n}-" for n in range(2)),
        len("DD"): tuple(f"{today.year + years}-{month + 1:02}-" for years, month in months),
    }
    for begin in begins.get(len(written), ()):
        try:
            yield date.fromisoformat(begin + written)
        except ValueError:
            continue


def keep_plan(turn: Turn, planned: Planned | None, numbers: Iterable[int]) -> None:
    """Keep with these claims when their clients are expected: the newest word counts, and moves nothing else.

    What is meant by 明天 follows from when the text was sent; what is past when it comes in is not kept.
    """
    if planned is None:
        return
    plan = plan_of(planned, turn.message.sent_at or turn.now, turn.state.zone)
    if plan is None or plan.over(turn.now.astimezone(turn.state.zone)):
        return
    for claim in (turn.state.claims[number] for number in sorted(set(numbers))):
        # For a claim speak its agent, who sent it, a listed colleague, the manager.
        colleague = turn.listed is not None and turn.listed.unit == claim.unit
        speaks = colleague or turn.role == "manager" or turn.phone in claim.own_phones
        if speaks and plan_with(claim) != plan:
            of_plan = replace(claim, planned_day=plan.day, planned_time=plan.time, planned_part=plan.part)
            turn.state.put(replace(of_plan, planned_seq=turn.message.seq))


def plan_with(claim: Claim) -> Plan | None:
    """Return when a claim's client is expected, None where nobody said so."""
    return Plan(claim.planned_day, claim.planned_time, claim.planned_part) if claim.planned_day is not None else None


def coming_of(state: State, claim: Claim) -> Visit | None:
    """Return the form by which a claim's client has come since his plan was told; early counts, what was before not."""
    return next((form for form in state.visits_of(claim.number) if form.seq > (claim.planned_seq or 0)), None)


def expected_on(state: State, day: date) -> list[Claim]:
    """Return the claims whose clients are expected on a day, in the order of their times."""
    found = [(plan, claim) for claim, plan in _planned(state) if plan.day <= day <= plan.last_day]
    return [claim for _, claim in sorted(found, key=lambda pair: (*pair[0].order, pair[1].number))]


def days_of_digest(state: State, at: datetime) -> list[date]:
    """Return the days whose plans a daily digest may speak of: its own, the one before, and a weekend's Saturday."""
    return [state.day(at) - days * DAY for days in range(3)]


def missed(state: State, at: datetime) -> list[Claim]:
    """Return the claims whose clients were expected in the day up to a daily digest and have not come, in order.

    Whose time is still to come by then is for the next one; who was expected some time that day is missed by then.
    """
    since = (at.astimezone(state.zone) - DAY).astimezone(at.tzinfo)
    late = [(plan, claim) for claim, plan in _planned(state) if since < _late_at(state, plan, at) <= at]
    absent = [(plan, claim) for plan, claim in late if coming_of(state, claim) is None]
    return [claim for _, claim in sorted(absent, key=lambda pair: (*pair[0].order, pair[1].number))]


def _late_at(state: State, plan: Plan, at: datetime) -> datetime:
    """Return the instant from which who has not come is missed, for a digest at this hour."""
    if plan.time and plan.part != WEEKEND:
        return at_hour(state, plan.day, time.fromisoformat(plan.time))
    if plan.part in SPANS:
        end = SPANS[plan.part][1]
        if end == "24:00":
            return at_hour(state, plan.day + DAY, time())
        return at_hour(state, plan.day, time.fromisoformat(end))
    return at_hour(state, plan.last_day, at.astimezone(state.zone).time())


def _planned(state: State) -> Iterator[tuple[Claim, Plan]]:
    """Yield the claims with a plan that are not given up and stand when it comes."""
    for claim in state.claims.values():
        plan = plan_with(claim)
        if plan is None or claim.ended_at is not None:
            continue
        clock = plan.time or SPANS.get(plan.part or "", ("00:00",))[0]
        if claim.live(at_hour(state, plan.day, time.fromisoformat(clock))):
            yield claim, plan
