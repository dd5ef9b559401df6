"""意见 and 裁定: service advises, the manager decides (R21; D3, J6, J11, J12)."""

from dataclasses import replace

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.disputes import Decided, side_of, told_of
from worker.rules.model import WALK_IN, Decision
from worker.rules.numbers import Rule
from worker.rules.proving import dispute_named
from worker.rules.sides import side_written
from worker.rules.states import DisputeState
from worker.rules.turn import Turn
from worker.rules.values import Opinion, Ruling
from worker.rules.verdicts import for_party, for_staff


def decide_opinion(turn: Turn, parsed: Command) -> Decision:
    """Record what service thinks of a dispute; after its date it is recorded as late (J6)."""
    if turn.role != "service":
        return refused(turn, "opinion", Code.REFUSED_ROLE)
    if not parsed.words:
        return refused(turn, "opinion", Code.REFUSED_INVALID, {"reason": "opinion"})
    dispute = dispute_named(turn, parsed)
    if dispute is None:
        return refused(turn, "opinion", Code.REFUSED_NOT_FOUND)
    late = dispute.opinion_until is not None and turn.now >= dispute.opinion_until
    opinion = Opinion(parsed.words, turn.phone, turn.now, turn.message.seq, late)
    turn.state.put(replace(dispute, opinions=(*dispute.opinions, opinion)))
    params = told_of(dispute) | {"text": parsed.words}
    params |= {"state": "late"} if late else {}
    staff = [*turn.state.staff("service"), *turn.state.staff("manager")]
    turn.notify(staff, Code.OPINION_RECORDED, params, dispute.ref)
    return answered(turn, "opinion", [Outcome(Code.OPINION_RECORDED, params, dispute.ref, (Rule.R21,))])


def decide_ruling(turn: Turn, parsed: Command) -> Decision:
    """Decide a dispute for one of its parties or for the site; a second ruling replaces the first (J11)."""
    if turn.role != "manager":
        return refused(turn, "rule", Code.REFUSED_ROLE)
    unit = side_written(turn.state, parsed.unit or parsed.words)
    if unit is None:
        return refused(turn, "rule", Code.REFUSED_INVALID, {"reason": "unit"})
    dispute = dispute_named(turn, parsed)
    if dispute is None:
        return refused(turn, "rule", Code.REFUSED_NOT_FOUND)
    if unit != WALK_IN and side_of(dispute, unit) is None:
        return refused(turn, "rule", Code.REFUSED_INVALID, {"reason": "party"})
    agent = next((party.agent for party in dispute.parties if party.unit == unit), "")
    ruling = Ruling(unit, agent, turn.phone, turn.now, turn.message.seq, parsed.words)
    dispute = replace(dispute, rulings=(*dispute.rulings, ruling), state=DisputeState.DECIDED)
    turn.state.put(dispute)
    decided = Decided(turn.now, unit, agent, (Rule.R21,))
    params = for_staff(dispute, decided)
    turn.notify(turn.state.staff("manager"), Code.DISPUTE_DECIDED, params, dispute.ref)
    for party in dispute.parties:
        told = turn.state.agents_told(party.unit, party.phone, turn.state.day(turn.now))
        turn.notify(told, Code.DISPUTE_DECIDED, for_party(dispute, decided, party), dispute.ref)
    return answered(turn, "rule", [Outcome(Code.DISPUTE_DECIDED, params, dispute.ref, decided.rules)])
