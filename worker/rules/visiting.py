"""到访: a client arrives, and his visit form is opened or he is a walk-in (R1, R4–R6, R12; B9–B15, B25–B29, C6)."""

from dataclasses import replace
from datetime import datetime

from parsers.message import Arrival, Command, Report, ReportText
from worker.rules.answers import Outcome, answered, refused
from worker.rules.arrival import arrival_of, is_to_come, mark_arrival
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.forms import form_params, listed_by, plan_form, signed_by, signer_of, waits
from worker.rules.guests import Standing, form_of, guests_of, one_group, standing_of
from worker.rules.identity import fold, names_agree
from worker.rules.model import NO_AGENT, WALK_IN, Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import expired_params
from worker.rules.references import Missing, in_his_view
from worker.rules.signing import take_signature
from worker.rules.states import FormKind, Signer
from worker.rules.turn import Turn
from worker.rules.values import Member
from worker.rules.walk_ins import enter_walk_in


def decide_visit(turn: Turn, parsed: Command) -> Decision:
    """Open the form of an arrival: refused by role, form, what is found, and time, in this order (E6)."""
    signer, arrived_at = signer_of(turn), arrival_of(turn, parsed)
    if signer is None or not listed_by(turn, turn.now if isinstance(arrived_at, Code) else arrived_at):
        return refused(turn, "visit", Code.REFUSED_ROLE)
    guests = guests_of(turn, parsed)
    if arrived_at == Code.REFUSED_INVALID or not guests:
        return refused(turn, "visit", Code.REFUSED_INVALID)
    if isinstance(guests, Missing):
        return answered(turn, "visit", [guests.outcome])
    at = turn.now if isinstance(arrived_at, Code) else arrived_at
    standings = [standing_of(turn, guest, at) for guest in guests]
    if not one_group(turn, guests, standings):
        return refused(turn, "visit", Code.REFUSED_INVALID, {"reason": "strangers"})
    # What is not the sender's is refused, then a time that is not today's; staff may bring whom nobody knows (B28).
    cases = {standing.case for standing in standings}
    if "ambiguous" in cases:
        fitting = [ref for standing in standings for ref in standing.fitting]
        return refused(turn, "visit", Code.REFUSED_AMBIGUOUS, {"fitting": fitting})
    if "taken" in cases or (turn.role is None and cases == {"nobody"}):
        return refused(turn, "visit", Code.REFUSED_NOT_FOUND)
    if isinstance(arrived_at, Code):
        return answered(turn, "visit", [Outcome(Code.REFUSED_LATE, rules=(Rule.R16,))])
    return answered(turn, "visit", [_arrive(turn, guests, standings, at, signer)])


def as_it_stands(turn: Turn, parsed: ReportText, arrival: Arrival) -> Command | ReportText:
    """Return what says that a client is there (带看, 到访 behind him) as the visit or the report that it is (L15)."""
    there = not is_to_come(turn, arrival, parsed.planned)
    for report in parsed.reports:
        # The sender's unit has to hold him live; where staff sends, any unit.
        at = turn.state.claims_at(Client.of(report).phone7)
        seen = (c for c in at if c.holds(turn.now) and in_his_view(turn, c) and c.unit != WALK_IN)
        there = there and any(names_agree(c.client, report.client or "") for c in seen)
    if there:
        return Command("visit", reports=parsed.reports, date=arrival.date, time=arrival.time)
    # Who says that his client is there need not say who he is.
    return replace(parsed, error=None if parsed.error == "missing_agent" else parsed.error, arrival=None)


def _arrive(turn: Turn, guests: list[Report], standings: list[Standing], at: datetime, signer: Signer) -> Outcome:
    first = next((i for i, standing in enumerate(standings) if standing.case == "live"), 0)
    guest, standing = guests[first], standings[first]
    if standing.case != "live" or standing.claim is None:
        outcome = enter_walk_in(turn, guest, standing, at)
        if standing.case != "over" or standing.claim is None:
            return outcome
        # That the report ran out is told to the sender, the walk-in to the manager (B11).
        turn.notify(turn.state.staff("manager"), Code.WALKIN, outcome.params, outcome.ref)
        return Outcome(Code.EXPIRED, expired_params(standing.claim), standing.claim.ref, (Rule.R8, Rule.R6))
    others = [(g, s) for i, (g, s) in enumerate(zip(guests, standings, strict=True)) if i != first]
    members = []
    for other, his in others:
        claim = his.claim if his.case == "live" and his.claim else standing.claim
        if claim != standing.claim:
            mark_arrival(turn, other, claim, his.mismatch, at)
        members.append(Member(*Client.of(other), claim.number))
    return _enter(turn, guest, standing, standing.claim, tuple(members), at, signer)


def _enter(
    turn: Turn,
    guest: Report,
    standing: Standing,
    claim: Claim,
    members: tuple[Member, ...],
    at: datetime,
    signer: Signer,
) -> Outcome:
    """R12: one form per client and entry; a second text while it is open means the same one (B29)."""
    today, mismatch = turn.state.day(turn.now), standing.mismatch
    led = (f for f in turn.state.visits_of(claim.number) if f.kind == FormKind.LED and waits(f, today))
    open_form = next((form for form in led if form.mismatch == mismatch), None)
    if open_form is not None:
        taken = take_signature(turn, open_form, signer)
        code = Code.MISMATCH if open_form.mismatch else Code.VISIT_OPENED
        return replace(taken, code=code) if taken.code == Code.SIGNED else taken
    claim = mark_arrival(turn, guest, claim, mismatch, at)
    form = replace(form_of(turn, guest, claim, mismatch, at), members=members, agent=claim.agent or NO_AGENT)
    # The colleague who is named, else the claim's agent; R4 wants his name and telephone.
    colleagues = turn.state.people(today, claim.unit)
    colleague = next((p for p in colleagues if guest.agent and fold(p.name) == fold(guest.agent)), None)
    if colleague is not None:
        form = replace(form, agent=colleague.name, agent_phone=colleague.phone)
    turn.state.put(signed_by(turn, form, signer))
    plan_form(turn, form)
    if form.mismatch:
        turn.notify(turn.state.staff("manager"), Code.MISMATCH, form_params(form), form.ref)
        return Outcome(Code.MISMATCH, form_params(form), form.ref, (Rule.R4, Rule.R5, Rule.R12))
    turn.notify([form.agent_phone], Code.VISIT_OPENED, form_params(form), form.ref)
    return Outcome(Code.VISIT_OPENED, form_params(form), form.ref, (Rule.R4, Rule.R5, Rule.R12))
