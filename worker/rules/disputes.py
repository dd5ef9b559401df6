"""How a dispute stands at a moment: open, decided by the manager, or by silence (R20, R21; J1, J7, J11)."""

from dataclasses import dataclass
from datetime import datetime

from worker.rules.model import Dispute
from worker.rules.state import State


@dataclass(frozen=True, slots=True)
class Decided:
    """Whose the client is by a dispute: since when, and by which rules."""

    at: datetime
    unit: str
    agent: str
    rules: tuple[str, ...]


def decided_at(state: State, dispute: Dispute, at: datetime) -> Decided | None:
    """Return the decision that holds at a moment: the last ruling, else that of the silence after the deadline."""
    if dispute.state == "cancelled":
        return None
    rulings = [(datetime.fromisoformat(r["at"]), r) for r in dispute.rulings]
    ruled = [found for found in rulings if found[0] <= at]
    if ruled:
        when, ruling = ruled[-1]
        return Decided(when, ruling["unit"], ruling["agent"], ("R21",))
    return by_silence(state, dispute, at)


def by_silence(state: State, dispute: Dispute, at: datetime) -> Decided | None:
    """R20: without the objector's papers in time, client and commission go to the unit that closed the deal (J1)."""
    until, deal = dispute.evidence_until, state.deals.get(dispute.claim)
    if until is None or at < until or deal is None or deal.cancelled_at is not None:
        return None
    objectors = {party["unit"] for party in dispute.parties if party["side"] == "objector"}
    if any(paper["counted"] and not paper["late"] and paper["unit"] in objectors for paper in dispute.papers):
        return None
    return Decided(until, deal.unit, deal.agent, ("R20",))


def open_at(state: State, dispute: Dispute, at: datetime) -> bool:
    """Tell whether a dispute waits for its decision at a moment."""
    return dispute.state != "cancelled" and dispute.opened_at <= at and decided_at(state, dispute, at) is None
