"""自访 and 核实: a reported client arrives alone (R15; decisions.md B3, B36–B39, D16)."""

from dataclasses import replace
from datetime import datetime

from parsers.message import Command, Report
from worker.rules.answers import Outcome, answered, refused
from worker.rules.arrival import arrival_of, mark_arrival
from worker.rules.codes import Code
from worker.rules.form_references import forms_meant, forms_seen
from worker.rules.forms import complete, form_params, plan_form, signed_by, signer_of, waits
from worker.rules.guests import Standing, form_of, guests_of, names_a_known, names_somebody, standing_of
from worker.rules.model import Claim, Decision, Visit
from worker.rules.numbers import Rule
from worker.rules.references import Missing
from worker.rules.signing import confirm
from worker.rules.states import ClaimState, Flag, FormKind, FormState, Signer
from worker.rules.turn import Turn
from worker.rules.walk_ins import enter_walk_in, take_in


def decide_walkin(turn: Turn, parsed: Command) -> Decision:
    """Decide the arrival of a client who comes alone, as the desk reports it; refusals in the order of E6."""
    desk = signer_of(turn) if turn.role is not None else None
    if desk is None:
        return refused(turn, "walkin", Code.REFUSED_ROLE)
    guests, arrived_at = guests_of(turn, parsed), arrival_of(turn, parsed)
    if arrived_at == Code.REFUSED_INVALID or (isinstance(guests, list) and len(guests) != 1):
        return refused(turn, "walkin", Code.REFUSED_INVALID)
    if isinstance(guests, Missing):
        return answered(turn, "walkin", [guests.outcome])
    at = turn.now if isinstance(arrived_at, Code) else arrived_at
    standing = standing_of(turn, guests[0], at)
    if standing.case == "ambiguous":
        return refused(turn, "walkin", Code.REFUSED_AMBIGUOUS, {"fitting": list(standing.fitting)})
    if isinstance(arrived_at, Code):
        return answered(turn, "walkin", [Outcome(Code.REFUSED_LATE, rules=(Rule.R16,))])
    if standing.case == "live" and standing.claim is not None:
        return answered(turn, "walkin", [_alone(turn, guests[0], standing, standing.claim, at, desk)])
    return answered(turn, "walkin", [enter_walk_in(turn, guests[0], standing, at)])


def _alone(turn: Turn, guest: Report, standing: Standing, claim: Claim, at: datetime, desk: Signer) -> Outcome:
    """R15: he names his unit or agent, nobody whom the site knows (service is asked; B37), or another."""
    unknown = not names_somebody(guest) or ("unit" in standing.mismatch and not names_a_known(turn, guest))
    mismatch = tuple(field for field in standing.mismatch if not (unknown and field == "unit"))
    claim = mark_arrival(turn, guest, claim, mismatch, at)
    state = FormState.ASKED if unknown else FormState.OPEN
    today = turn.state.day(turn.now)
    waiting = (f for f in turn.state.visits_of(claim.number) if f.kind == FormKind.OWN and waits(f, today))
    known = next((f for f in waiting if f.mismatch == mismatch), None)
    if known is not None:
        form = replace(known, state=state if known.state == FormState.ASKED else known.state)
    else:
        form = replace(form_of(turn, guest, claim, mismatch, at), kind=FormKind.OWN, state=state)
        plan_form(turn, form)
    if desk not in form.signatures:
        # Whoever enters the arrival has signed it with that (B29).
        form = signed_by(turn, form, desk)
    turn.state.put(form)
    if form.state == FormState.ASKED:
        turn.notify(turn.state.staff("service"), Code.WALKIN_ASKED, form_params(form), form.ref)
        return Outcome(Code.WALKIN_ASKED, form_params(form), form.ref, (Rule.R15,))
    if not mismatch:
        return _own(turn, form, claim)
    # The earliest live report holds meanwhile; the manager is told, a dispute opens only if somebody objects (B38).
    if "unit" in form.mismatch:
        turn.state.put(replace(claim, flags=tuple(dict.fromkeys((*claim.flags, Flag.DISPUTED)))))
    turn.notify(turn.state.staff("manager"), Code.MISMATCH, form_params(form), form.ref)
    return Outcome(Code.MISMATCH, form_params(form), form.ref, (Rule.R15, Rule.R5))


def _own(turn: Turn, form: Visit, claim: Claim) -> Outcome:
    """Put down that the client came for his reporter; with the desk's two signatures it is a confirmed visit (B39)."""
    if claim.came_at is None:
        turn.state.put(replace(claim, came_at=form.arrived_at))
        turn.notify([form.agent_phone], Code.OWN_ARRIVAL, form_params(form), form.ref)
    if complete(form):
        confirm(turn, form)
    return Outcome(Code.OWN_ARRIVAL, form_params(form), form.ref, (Rule.R15,))


def decide_verify(turn: Turn, parsed: Command) -> Decision:
    """Take service's word on a client who could not name his reporter; in the order role, form, found, time (E6)."""
    if turn.role != "service":
        return refused(turn, "verify", Code.REFUSED_ROLE)
    if parsed.answer is None:
        return refused(turn, "verify", Code.REFUSED_INVALID)
    today = turn.state.day(turn.now)
    asked = [form for form in forms_seen(turn) if form.state == FormState.ASKED and waits(form, today)]
    meant = forms_meant(turn, parsed, asked)
    return answered(turn, "verify", [_verify(turn, form, parsed.answer) for form in meant])


def _verify(turn: Turn, form: Visit | Missing, answer: str) -> Outcome:
    if isinstance(form, Missing):
        return form.outcome
    if form.state != FormState.ASKED:
        return Outcome(Code.REFUSED_NOT_FOUND, form_params(form))
    if not waits(form, turn.state.day(turn.now)):
        return Outcome(Code.EXPIRED, form_params(form) | {"ending": "form"}, form.ref, (Rule.R16,))
    claim = turn.state.claims[form.claim]
    if answer == "yes":
        verified = replace(form, state=FormState.OPEN)
        turn.state.put(verified)
        return _own(turn, verified, claim)
    # B3: the report ends for good, and the client is the site's own from his arrival on.
    turn.state.put(replace(form, state=FormState.DENIED, closed_at=turn.now))
    turn.state.put(replace(claim, state=ClaimState.DENIED, ended_at=turn.now))
    take_in(turn, form, (Flag.DENIED,))
    return Outcome(Code.WALKIN, form_params(form), form.ref, (Rule.R15, Rule.R6))
