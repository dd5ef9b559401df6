"""What a decision says, by ruling or silence: to staff whose the client is, to a party whether he is its (E1)."""

from datetime import datetime
from typing import Any

from worker.rules.codes import Code
from worker.rules.disputes import Decided, decided_at, told_of
from worker.rules.model import Deadline, Dispute, Reply
from worker.rules.numbers import Rule
from worker.rules.state import State
from worker.rules.values import Party


def for_staff(dispute: Dispute, decided: Decided) -> dict[str, Any]:
    """Return what staff reads of a decision."""
    state = "silence" if Rule.R20 in decided.rules else "ruled"
    return told_of(dispute) | {"state": state, "unit": decided.unit, "agent": decided.agent}


def for_party(dispute: Dispute, decided: Decided, party: Party) -> dict[str, Any]:
    """Return what a party reads of a decision."""
    return told_of(dispute, party.unit) | {"state": "won" if party.unit == decided.unit else "lost"}


def tell_judgement(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """R20, J7: the default judgement holds already; manager and both agents are told of it."""
    dispute = _subject(state, deadline)
    if dispute is None or dispute.evidence_until != deadline.at:
        return []
    decided = decided_at(state, dispute, now)
    if decided is None or Rule.R20 not in decided.rules:
        return []
    told = {phone: for_staff(dispute, decided) for phone in state.staff("manager")}
    for party in dispute.parties:
        agents = state.agents_told(party.unit, party.phone, state.day(now))
        told |= {phone: for_party(dispute, decided, party) for phone in agents}
    return [Reply(phone, Code.DISPUTE_DECIDED, "notice", params, dispute.ref) for phone, params in told.items()]


def remind_of_opinion(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """J6: service is reminded on the last day, unless it has spoken or the manager has decided."""
    dispute = _subject(state, deadline)
    if dispute is None or dispute.opinions or dispute.opinion_until is None or decided_at(state, dispute, now):
        return []
    params = told_of(dispute) | {"state": "opinion", "opinion_until": dispute.opinion_until.isoformat()}
    return [Reply(phone, Code.REMINDER, "notice", params, dispute.ref) for phone in state.staff("service")]


def _subject(state: State, deadline: Deadline) -> Dispute | None:
    dispute = state.disputes.get(int(deadline.subject[1:]))
    return dispute if dispute is not None and dispute.cancelled_at is None else None
