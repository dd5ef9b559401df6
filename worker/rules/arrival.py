"""When a client arrived, and what that tells of his report (R4, R16; decisions.md B12, B46, B49, D1, E5)."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from parsers.message import Arrival, Command, Planned, Report
from worker.rules.codes import Code
from worker.rules.deadlines import at_hour
from worker.rules.identity import name_form, name_key
from worker.rules.model import Claim
from worker.rules.plans import plan_of
from worker.rules.states import Flag
from worker.rules.turn import Turn

REST_OF_MINUTE = timedelta(seconds=59)
AHEAD = timedelta(minutes=10)
"""A watch may be so much fast; a time further ahead was yesterday's."""
YEARLESS = len("MM-DD")
_A_TIME = re.compile(r"\d[:：点]\d")


def arrival_of(turn: Turn, parsed: Command) -> datetime | Code:
    """Return the instant of an arrival, or the refusal's code: a time that no clock has, another day than today.

    A typed HH:MM means the end of that minute, at most the receipt.
    """
    today = turn.state.day(turn.now)
    day = _day(parsed.date, today)
    if day is None or (parsed.time is None and _A_TIME.search(parsed.words)):
        return Code.REFUSED_INVALID
    if day != today:
        return Code.REFUSED_LATE
    return turn.now if parsed.time is None else _at(turn, today, parsed.time)


def is_to_come(turn: Turn, arrival: Arrival, planned: Planned | None) -> bool:
    """Tell whether what a text says of an arrival is still to come, or no day or time that there is (L15)."""
    today = turn.state.day(turn.now)
    day = _day(arrival.date, today)
    plan = plan_of(planned, turn.now, turn.state.zone) if planned else None
    if day is None or day > today or (plan is not None and plan.day > today):
        return True
    return day == today and arrival.time is not None and _at(turn, today, arrival.time) == Code.REFUSED_LATE


def _at(turn: Turn, today: date, written: str) -> datetime | Code:
    typed = at_hour(turn.state, today, time.fromisoformat(written))
    return Code.REFUSED_LATE if typed - turn.now > AHEAD else min(typed + REST_OF_MINUTE, turn.now)


def _day(written: str | None, today: date) -> date | None:
    if written is None:
        return today
    try:
        return date.fromisoformat(f"{today.year}-{written}" if len(written) == YEARLESS else written)
    except ValueError:
        return None


def mark_arrival(turn: Turn, guest: Report, claim: Claim, mismatch: tuple[str, ...], at: datetime) -> Claim:
    """Put down what an arrival tells of a claim: a lead that smells of poaching (R4), a fuller name (B49)."""
    lead = timedelta(minutes=turn.policy.short_lead_minutes)
    short = at - claim.reported_at < lead and Flag.GROUP not in claim.flags
    flags = tuple(dict.fromkeys((*claim.flags, *((Flag.SHORT_LEAD,) if short else ()))))
    arrived = replace(claim, flags=flags)
    name, same_number = guest.client or "", (guest.first3, guest.last4) == claim.phone7
    if not mismatch and same_number and name_form(claim.client).bare and not name_form(name).bare:
        arrived = replace(arrived, client=name, name_key=name_key(name))
    if arrived != claim:
        turn.state.put(arrived)
    return arrived
