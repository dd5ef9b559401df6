"""The periods of deals and disputes, all of them civil: objection, papers, opinion (R18, R19, R21; J3–J6).

Each window is open while now < its end; it ends at 24:00 of its last day.
"""

from datetime import date, datetime

from worker.rules.deadlines import end_of_day
from worker.rules.model import Deal, Dispute
from worker.rules.state import State


def paid_on(deal: Deal) -> tuple[date, datetime]:
    """Return when the deposit was paid and when we heard of it; without a deposit the downpayment stands for it."""
    day, recorded_at = deal.deposit_on or deal.down_on, deal.deposit_recorded_at or deal.down_recorded_at
    assert day is not None and recorded_at is not None  # noqa: S101, PT018  (a deal is made by one of the two)
    return day, recorded_at


def objection_until(state: State, deal: Deal) -> datetime:
    """R18: the day of the deposit + 5; never before the end of the day after it was recorded (J3)."""
    day, recorded_at = paid_on(deal)
    return max(end_of_day(state, day, deal.terms["objection_days"]), _heard_until(state, recorded_at))


def entered_late(state: State, deal: Deal) -> bool:
    """Tell whether a payment was recorded on a later day than it was made on (J3: flag `late_entry`)."""
    paid = ((deal.deposit_on, deal.deposit_recorded_at), (deal.down_on, deal.down_recorded_at))
    return any(day is not None and at is not None and day < state.day(at) for day, at in paid)


def evidence_until(state: State, deal: Deal | None, days: int, objected_on: date | None = None) -> datetime | None:
    """R19: the day of the downpayment + 3, or of the objection if that is later (policy `evidence_from`).

    None before the downpayment. Recorded late, it leaves the day after it was recorded, as J3 does for the deposit.
    """
    if deal is None or deal.down_on is None or deal.down_recorded_at is None:
        return None
    begin = deal.down_on
    if objected_on is not None and state.policy.evidence_from == "later":
        begin = max(begin, objected_on)
    return max(end_of_day(state, begin, days), _heard_until(state, deal.down_recorded_at))


def opinion_until(state: State, dispute: Dispute, papers_in: datetime) -> datetime:
    """R21: the day on which both sides' papers were in + 3 (D8)."""
    return end_of_day(state, state.day(papers_in), dispute.terms["opinion_days"])


def _heard_until(state: State, recorded_at: datetime) -> datetime:
    return end_of_day(state, state.day(recorded_at), 1)
