"""How deals and disputes stand at a moment: sold, open, decided by ruling or by silence (R20, R21; J1, J7, J11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.rules.client import Client
from worker.rules.families import claims_of_family
from worker.rules.model import Claim, Deal, Dispute
from worker.rules.numbers import Rule
from worker.rules.state import State
from worker.rules.states import Side


@dataclass(frozen=True, slots=True)
class Decided:
    """Whose the client is by a dispute: since when, and by which rules."""

    at: datetime
    unit: str
    agent: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Final:
    """Who has a client for good ("" nobody), by which rules; `sold`: a deal is recorded."""

    unit: str
    rules: tuple[Rule, ...]
    sold: bool


def claims_disputed(state: State, dispute: Dispute, at: datetime) -> list[Claim]:
    """Return the claims on the client of a dispute and on his family."""
    claim = state.claims.get(dispute.claim)
    return claims_of_family(state, claim.who, at) if claim is not None else []


def standing_deal(state: State, claims: Iterable[Claim], at: datetime) -> Deal | None:
    """Return the deal about one of these claims that stands at a moment, the earliest if there are several (J8, J9)."""
    deals = [state.deals[claim.number] for claim in claims if claim.number in state.deals]
    standing = [deal for deal in deals if deal.at <= at and (deal.cancelled_at is None or at < deal.cancelled_at)]
    return min(standing, key=lambda deal: deal.at, default=None)


def last_decision(state: State, claims: Iterable[Claim], at: datetime) -> tuple[Dispute, Decided] | None:
    """Return the last decision of a dispute about one of these claims, with its dispute."""
    disputes = [dispute for claim in claims for dispute in state.disputes_of(claim.number)]
    found = [(d, decided) for d in disputes if (decided := decided_at(state, d, at)) is not None]
    return max(found, key=lambda pair: pair[1].at, default=None)


def final_for(state: State, client: Client, at: datetime) -> Final | None:
    """Return who has a client for good, by a recorded deal or a decided dispute; None while neither is there."""
    claims = [claim for claim in claims_of_family(state, client, at) if claim.reported_at <= at]
    decision, deal = last_decision(state, claims, at), standing_deal(state, claims, at)
    if decision is not None:
        return Final(decision[1].unit, decision[1].rules, sold=deal is not None)
    return Final(deal.owner_unit, deal.owner_rules, sold=True) if deal is not None else None


def cancelled(dispute: Dispute, at: datetime) -> bool:
    """Tell whether the manager has withdrawn a dispute by then (J9)."""
    return dispute.cancelled_at is not None and dispute.cancelled_at <= at


def decided_at(state: State, dispute: Dispute, at: datetime) -> Decided | None:
    """Return the decision that holds at a moment: the last ruling, else that of the silence after the deadline."""
    if cancelled(dispute, at):
        return None
    ruled = [ruling for ruling in dispute.rulings if ruling.at <= at]
    if ruled:
        return Decided(ruled[-1].at, ruled[-1].unit, ruled[-1].agent, (Rule.R21,))
    return by_silence(state, dispute, at)


def by_silence(state: State, dispute: Dispute, at: datetime) -> Decided | None:
    """R20: without the objector's papers in time, client and commission go to the unit that closed the deal (J1)."""
    until = dispute.evidence_until
    if (
        until is None
        or at < until
        or any(paper.accepted for paper in dispute.papers if side_of(dispute, paper.unit) == Side.OBJECTOR)
    ):
        return None
    deal = standing_deal(state, claims_disputed(state, dispute, at), at)
    if deal is None:
        return None
    # J2: the agent of the closing unit in the dispute, else on the claim.
    agent = next((party.agent for party in dispute.parties if party.unit == deal.unit), deal.agent)
    return Decided(max(until, dispute.opened_at), deal.unit, agent, (Rule.R20,))


def told_of(dispute: Dispute, unit: str = "") -> dict[str, Any]:
    """Return how a dispute is told: whom it is about, or, to a side that need not know (L1), what that side wrote."""
    named = next((party.named for party in dispute.parties if party.unit == unit), "")
    client = {"client": named, "mask": ""} if named else {"client": dispute.client, "mask": dispute.mask}
    return {**client, "ref": dispute.ref}


def side_of(dispute: Dispute, unit: str) -> str | None:
    """Return on which side of a dispute a unit stands: holder or objector; None: it is no party."""
    return next((party.side for party in dispute.parties if party.unit == unit), None)


def open_at(state: State, dispute: Dispute, at: datetime) -> bool:
    """Tell whether a dispute waits for its decision at a moment."""
    return not cancelled(dispute, at) and dispute.opened_at <= at and decided_at(state, dispute, at) is None
