"""退定 R… and 撤 D…: the sale is off, so whose the client is, is open again (J9). No period is prolonged by it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.dispute_dates import set_dates
from worker.rules.disputes import cancelled, claims_disputed, decided_at, standing_deal, told_of
from worker.rules.families import claims_of_family
from worker.rules.model import Claim, Deal, Decision, Dispute
from worker.rules.params import named_params
from worker.rules.proving import dispute_named
from worker.rules.references import Missing
from worker.rules.states import DisputeState
from worker.rules.subject import claim_named
from worker.rules.turn import Turn


def decide_cancel(turn: Turn, parsed: Command) -> Decision:
    """Take back a sale: 退定 R1. What was decided about it falls with it; what is still disputed goes on."""
    if turn.role != "manager":
        return refused(turn, "cancel_deposit", Code.REFUSED_ROLE)
    claim = claim_named(turn, parsed)
    if isinstance(claim, Missing):
        return answered(turn, "cancel_deposit", [claim.outcome])
    family = claims_of_family(turn.state, claim.who, turn.now)
    deal = standing_deal(turn.state, family, turn.now)
    if deal is None:
        return refused(turn, "cancel_deposit", Code.REFUSED_INVALID, {"reason": "unsold"})
    decided = [d for c in family for d in turn.state.disputes_of(c.number) if decided_at(turn.state, d, turn.now)]
    _cancel(turn, deal, family, decided)
    sold = turn.state.claims[deal.number]
    taken_back = Outcome(Code.WITHDRAWN, named_params(sold) | {"state": "sale"}, sold.ref)
    return answered(turn, "cancel_deposit", [taken_back])


def cancel_dispute(turn: Turn, ref: str) -> Outcome:
    """Take back a dispute and the sale that it was about: 撤 D12, for the manager alone."""
    if turn.role != "manager":
        return Outcome(Code.REFUSED_ROLE)
    dispute = dispute_named(turn, Command("withdraw", refs=(ref,)))
    if dispute is None:
        return Outcome(Code.REFUSED_NOT_FOUND)
    family = claims_disputed(turn.state, dispute, turn.now)
    _cancel(turn, standing_deal(turn.state, family, turn.now), family, [dispute])
    return Outcome(Code.WITHDRAWN, told_of(dispute) | {"state": "dispute"}, dispute.ref)


def _cancel(turn: Turn, deal: Deal | None, family: list[Claim], fallen: Iterable[Dispute]) -> None:
    """Take back a sale and what was decided about it; whoever had the client hears how his claim stands."""
    told: dict[str, dict[str, Any]] = {}
    if deal is not None:
        turn.state.put(replace(deal, cancelled_at=turn.now))
        claim = replace(turn.state.claims[deal.number], deal_at=None)
        turn.state.put(claim)
        state = "sale" if claim.live(turn.now) else "sale_over"
        told[claim.agent_phone or claim.sender] = named_params(claim) | {"state": state}
    for dispute in fallen:
        if not cancelled(dispute, turn.now):
            turn.state.put(replace(dispute, state=DisputeState.CANCELLED, cancelled_at=turn.now))
            parties = {party.phone: told_of(dispute, party.unit) | {"state": "dispute"} for party in dispute.parties}
            told = parties | told
    set_dates(turn, family)
    for phone, params in told.items():
        turn.notify([phone], Code.WITHDRAWN, params, params["ref"])
