"""The dates of a dispute, set by the payments, and what time will make us say of it (R19–R21; J3, J4, J7)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta

from worker.rules.deadlines import at_hour
from worker.rules.disputes import cancelled, claims_disputed, standing_deal
from worker.rules.model import Claim, Deadline, Dispute
from worker.rules.turn import Turn
from worker.rules.windows import evidence_until, opinion_until


def set_dates(turn: Turn, family: Iterable[Claim]) -> list[Dispute]:
    """Set anew until when papers count in the undecided disputes about these claims; return those whose date moved."""
    disputes = [d for claim in family for d in turn.state.disputes_of(claim.number)]
    return [d for d in (set_date(turn, d) for d in disputes if not d.rulings and not cancelled(d, turn.now)) if d]


def set_date(turn: Turn, dispute: Dispute) -> Dispute | None:
    """Set anew until when papers count in a dispute: the latest date of its objectors; None when it stays."""
    until = max(filter(None, (papers_until(turn, dispute, u) for u in _objectors(dispute))), default=None)
    if until == dispute.evidence_until:
        return None
    moved = replace(dispute, evidence_until=until)
    turn.state.put(moved)
    if until is not None:
        turn.state.put(Deadline("default_judgement", dispute.ref, until))
    return moved


def papers_until(turn: Turn, dispute: Dispute, unit: str) -> datetime | None:
    """Return until when a party's papers count: an objector's by his own objection (J4), the holder's by the last."""
    objected = [party for party in dispute.parties if party["side"] == "objector" and party["unit"] == unit]
    if not objected:
        return dispute.evidence_until
    deal = standing_deal(turn.state, claims_disputed(turn.state, dispute, turn.now), turn.now)
    objected_on = turn.state.day(datetime.fromisoformat(objected[0]["at"]))
    return evidence_until(turn.state, deal, dispute.terms["evidence_days"], objected_on)


def set_opinion_date(turn: Turn, dispute: Dispute) -> Dispute:
    """R21, D8: both sides' first papers are in, so service has three days; it is reminded on the last of them (J6)."""
    until = opinion_until(turn.state, dispute, turn.now)
    last_day = turn.state.day(until - timedelta(seconds=1))
    turn.state.put(Deadline("opinion_reminder", dispute.ref, at_hour(turn.state, last_day, time())))
    return replace(dispute, opinion_until=until)


def _objectors(dispute: Dispute) -> list[str]:
    return [party["unit"] for party in dispute.parties if party["side"] == "objector"]
