"""异议: an agent of another unit says that a client is his (R18, R28; D3, E1, E6, J3, J4, J13)."""

from dataclasses import dataclass, replace
from typing import Any

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.attribution import attribute_claim
from worker.rules.codes import Code
from worker.rules.dispute_dates import enter_party, papers_until
from worker.rules.disputes import open_at, side_of, standing_deal, told_of
from worker.rules.families import claims_of_family
from worker.rules.identity import same_name
from worker.rules.model import WALK_IN, Claim, Deal, Decision, Dispute, Listed
from worker.rules.numbers import Rule
from worker.rules.references import Missing, in_his_view
from worker.rules.states import Side
from worker.rules.subject import claim_named, written_as
from worker.rules.turn import Turn
from worker.rules.values import Party

MOST_OBJECTIONS = 30
"""So often a phone objects in a day to claims on clients that it may not ask about; whoever means it needs a few."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the client that an objection is about, and the claim that gives him to them."""

    claim: Claim
    unit: str
    agent: str
    phone: str


def decide_object(turn: Turn, parsed: Command) -> Decision:
    """Open a dispute, or join the one that is open about the client."""
    if turn.role is not None or turn.listed is None:
        return refused(turn, "object", Code.REFUSED_ROLE)
    claim = claim_named(turn, parsed)
    if isinstance(claim, Missing):
        return answered(turn, "object", [claim.outcome])
    family = claims_of_family(turn.state, claim.who, turn.now)
    deal = standing_deal(turn.state, family, turn.now)
    holder = _holder(turn, claim, deal)
    if holder.unit == turn.listed.unit:
        return refused(turn, "object", Code.REFUSED_ROLE)
    if deal is not None and deal.objection_until is not None and turn.now >= deal.objection_until:
        late = Outcome(Code.REFUSED_LATE, {"reason": "objection"}, rules=(Rule.R18,))
        return answered(turn, "object", [late])
    disputes = [dispute for of_family in family for dispute in turn.state.disputes_of(of_family.number)]
    at, unit = turn.state.claims_at(claim.phone7), turn.listed.unit
    reported = any(own.unit == unit and same_name(own.client, claim.client) for own in at)
    named = "" if reported else written_as(parsed, claim)
    joined = any(side_of(d, unit) is not None and open_at(turn.state, d, turn.now) for d in disputes)
    if not joined and not in_his_view(turn, claim):
        # That there is such a claim is told by the answer, and its holder and the site by a notice each (L1).
        sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
        objected = sender.objected if sender.objected_on == today else 0
        if objected >= MOST_OBJECTIONS:
            return refused(turn, "object", Code.REFUSED_INVALID, {"reason": "many_objections"})
        turn.state.put(replace(sender, objected_on=today, objected=objected + 1))
    return answered(turn, "object", [_object(turn, turn.listed, holder, disputes, parsed.words, named)])


def _holder(turn: Turn, claim: Claim, deal: Deal | None) -> Holder:
    """Return whose the client is by now; where he is nobody's, who closed the deal, or who had him by the claim."""
    answer = attribute_claim(turn.state, claim, turn.now)
    deciding = turn.state.claims.get(answer.claim or (deal.number if deal is not None else 0), claim)
    unit, agent = deciding.unit, deciding.agent
    if answer.unit:
        unit, agent = answer.unit, answer.agent
    elif deal is not None:
        unit, agent = deal.unit, deal.agent
    same = deciding.unit == unit != WALK_IN
    return Holder(deciding, unit, agent, (deciding.agent_phone or deciding.sender) if same else "")


def _object(turn: Turn, objector: Listed, holder: Holder, disputes: list[Dispute], words: str, named: str) -> Outcome:
    waiting = next((d for d in disputes if open_at(turn.state, d, turn.now)), None)
    if waiting is not None:
        # J4: a further unit becomes a party; who has objected already hears its number again.
        if side_of(waiting, objector.unit) is not None:
            return _opened(waiting, objector.unit)
        return _enter(turn, objector, waiting, words, named)
    if any(side_of(d, objector.unit) and d.cancelled_at is None for d in disputes):
        return Outcome(Code.REFUSED_INVALID, {"reason": "decided"})
    claim = holder.claim
    held = Party(Side.HOLDER, holder.unit, holder.agent, holder.phone, turn.now, turn.message.seq, "")
    dispute = Dispute(
        number=turn.next_dispute(),
        seq=turn.message.seq,
        opened_at=turn.now,
        claim=claim.number,
        client=claim.client,
        first3=claim.first3,
        last4=claim.last4,
        parties=(held,),
        terms=turn.policy.terms,
    )
    return _enter(turn, objector, dispute, words, named)


def _enter(turn: Turn, objector: Listed, dispute: Dispute, words: str, named: str) -> Outcome:
    seq = turn.message.seq
    objects = Party(Side.OBJECTOR, objector.unit, objector.name, objector.phone, turn.now, seq, words, named=named)
    dispute = enter_party(turn, dispute, objects)
    # E1: staff reads who objects to whom; the holder reads only that somebody does.
    holder = dispute.parties[0]
    told = _params(dispute, holder.unit)
    who = {"state": "staff", "holder": holder.unit, "unit": objector.unit, "agent": objector.name}
    staff = [*turn.state.staff("manager"), *turn.state.staff("service")]
    turn.notify(staff, Code.DISPUTE_OPENED, told | who, dispute.ref)
    agents = turn.state.agents_told(holder.unit, holder.phone, turn.state.day(turn.now))
    turn.notify(agents, Code.DISPUTE_OPENED, told, dispute.ref)
    return _opened(dispute, objector.unit)


def _opened(dispute: Dispute, unit: str) -> Outcome:
    rules = (Rule.R18, *((Rule.R28,) if side_of(dispute, WALK_IN) else ()))
    return Outcome(Code.DISPUTE_OPENED, _params(dispute, unit), dispute.ref, rules)


def _params(dispute: Dispute, unit: str) -> dict[str, Any]:
    """Return what a side reads of a dispute: until when its papers count, or how long after the downpayment."""
    side, until = side_of(dispute, unit), papers_until(dispute, unit)
    params = told_of(dispute, unit)
    if until is None:
        return params | {"days": dispute.terms["evidence_days"], "state": side}
    return params | {"evidence_until": until.isoformat(), "state": f"{side}_dated"}
