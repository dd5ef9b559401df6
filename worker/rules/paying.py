"""定金 and 首付: what was paid for a client, and who closed it. It makes final whose he is (R18, R19; D9, J8)."""

from dataclasses import dataclass, replace
from datetime import date

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.attribution import attribute_at_deal
from worker.rules.codes import Code
from worker.rules.dates import typed_day
from worker.rules.deadlines import end_of_day
from worker.rules.displacement import displace
from worker.rules.dispute_dates import set_dates
from worker.rules.disputes import standing_deal
from worker.rules.families import claims_of_family
from worker.rules.model import WALK_IN, Claim, Deal, Decision
from worker.rules.numbers import Rule
from worker.rules.params import named_params
from worker.rules.references import Missing
from worker.rules.sides import side_written
from worker.rules.states import ClaimState, Flag
from worker.rules.subject import claim_named
from worker.rules.turn import Turn
from worker.rules.windows import entered_late, evidence_until, objection_until, paid_on

RULES = {"deposit": Rule.R18, "downpayment": Rule.R19}


@dataclass(frozen=True, slots=True)
class Payment:
    """What the manager typed: deposit or downpayment, the day, and the closing unit ("" where he named none)."""

    kind: str
    day: date
    unit: str


def decide_payment(turn: Turn, parsed: Command) -> Decision:
    """Record a deposit or downpayment; a repeat replaces what was recorded (D9)."""
    if turn.role != "manager":
        return refused(turn, parsed.kind, Code.REFUSED_ROLE)
    day = typed_day(turn.state, parsed.date, turn.now)
    written = parsed.unit or parsed.words
    unit = side_written(turn.state, written) if written else ""
    if day is None or unit is None:
        return refused(turn, parsed.kind, Code.REFUSED_INVALID, {"reason": "date" if day is None else "unit"})
    claim = claim_named(turn, parsed)
    if isinstance(claim, Missing):
        return answered(turn, parsed.kind, [claim.outcome])
    if day > turn.state.day(turn.now):
        return refused(turn, parsed.kind, Code.REFUSED_INVALID, {"reason": "future"})
    return answered(turn, parsed.kind, [_record(turn, claim, Payment(parsed.kind, day, unit))])


def _record(turn: Turn, claim: Claim, payment: Payment) -> Outcome:
    family = claims_of_family(turn.state, claim.who, turn.now)
    known = standing_deal(turn.state, family, turn.now)
    deal = _deal(turn, claim, payment, known)
    late = (Flag.LATE_ENTRY,) if entered_late(turn.state, deal) else ()
    deal = replace(deal, flags=tuple(dict.fromkeys((*deal.flags, *late))))
    turn.state.put(deal)
    sold = replace(turn.state.claims[deal.number], deal_at=deal.at)
    turn.state.put(sold)
    for other in family:
        # B21: a late report that nobody has decided falls with the deal, as if it had come behind (E14).
        if other.state == ClaimState.CONTESTED and other.live(turn.now):
            displace(turn, other)
    set_dates(turn, family)
    params = named_params(sold) | {"unit": deal.unit, "agent": deal.agent, "state": payment.kind}
    params |= {"day": f"{payment.day.month}-{payment.day.day}"}
    # Until when objections or papers count, as the payment sets it.
    if payment.kind == "deposit":
        ends, until = "objection_until", deal.objection_until
    else:
        ends, until = "evidence_until", evidence_until(turn.state, deal, deal.terms["evidence_days"])
    params |= {ends: until.isoformat()} if until is not None else {}
    turn.notify(turn.state.staff("manager"), Code.DEAL_RECORDED, params, sold.ref)
    return Outcome(Code.DEAL_RECORDED, params, sold.ref, (RULES[payment.kind], *deal.owner_rules))


def _deal(turn: Turn, claim: Claim, payment: Payment, known: Deal | None) -> Deal:
    """Return the deal with this payment; the deposit, or a downpayment without one, says when it became final."""
    terms = turn.policy.terms
    deal = known or Deal(claim.number, turn.message.seq, turn.now, "", "", "", "", (), (), terms=terms)
    # The same day told again was known since it was first told.
    if payment.kind == "deposit":
        since = deal.deposit_recorded_at if deal.deposit_on == payment.day else turn.now
        deal = replace(deal, deposit_on=payment.day, deposit_recorded_at=since)
    else:
        since = deal.down_recorded_at if deal.down_on == payment.day else turn.now
        deal = replace(deal, down_on=payment.day, down_recorded_at=since)
    if payment.kind == "deposit" or deal.deposit_on is None:
        deal = _made_final(turn, claim, replace(deal, unit=""), first=known is None)
    unit = payment.unit or deal.unit or deal.owner_unit or WALK_IN
    if unit == deal.owner_unit:
        return replace(deal, unit=unit, agent=deal.owner_agent)
    # J2: the closing unit's agent is the one of its last claim on the client.
    family = claims_of_family(turn.state, claim.who, turn.now)
    return replace(deal, unit=unit, agent=next((c.agent for c in reversed(family) if c.unit == unit), ""))


def _made_final(turn: Turn, claim: Claim, deal: Deal, first: bool) -> Deal:
    """J8: whose the client was when we heard of it, or at 24:00 of the typed day where that is earlier, stands."""
    if not first:
        # The answer of the moment is asked as if nothing had been sold yet.
        turn.state.put(replace(turn.state.claims[deal.number], deal_at=None))
    day, recorded_at = paid_on(deal)
    moment = min(recorded_at, end_of_day(turn.state, day))
    owner = attribute_at_deal(turn.state, claim, moment)
    number = owner.claim or deal.number if first else deal.number
    deal = replace(deal, number=number, seq=turn.message.seq, at=moment, owner_unit=owner.unit, owner_agent=owner.agent)
    flags = tuple(flag for flag in owner.flags if flag != Flag.CONTESTED)
    deal = replace(deal, owner_rules=owner.rules, owner_facts=owner.facts, flags=flags)
    return replace(deal, objection_until=objection_until(turn.state, deal))
