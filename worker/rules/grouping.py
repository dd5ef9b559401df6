"""团报: the manager's entry of a group that an agent of our own department brings is its report (R10; D10)."""

from dataclasses import replace

from parsers.message import Command, Report
from worker.rules.answers import Outcome, answered, refused
from worker.rules.client import Client
from worker.rules.codes import Code, refusal_of
from worker.rules.identity import fold, names_agree
from worker.rules.model import NO_AGENT, WALK_IN, Decision
from worker.rules.numbers import Rule
from worker.rules.part import REGISTERED, Beside
from worker.rules.reporter import Refusal, Reporter, sorted_words, units_named
from worker.rules.reporting import decide_for
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn

OWN = "own"


def decide_group(turn: Turn, parsed: Command) -> Decision:
    """Report each client of a group for its agent; one reply for all, and a notice to the agent."""
    if turn.role != "manager":
        return refused(turn, "group", Code.REFUSED_ROLE)
    # Each client is of the group once (D10).
    unique: dict[tuple[str, str | None, str | None], Report] = {}
    for report in parsed.reports:
        unique.setdefault((fold(report.client or ""), report.first3, report.last4), report)
    guests = list(unique.values())
    if not guests or (turn.policy.full_number == "refuse" and any(guest.was_full for guest in guests)):
        return refused(turn, "group", refusal_of(parsed.error) if parsed.error else Code.REFUSED_INVALID)
    if len(guests) < turn.policy.group_min:
        return refused(turn, "group", Code.REFUSED_INVALID, {"reason": "group", "least": turn.policy.group_min})
    reporters = [_reporter(turn, guest) for guest in guests]
    refusal = next((reporter for reporter in reporters if isinstance(reporter, Refusal)), None)
    if refusal is not None:
        return refused(turn, "group", refusal.code, {"reason": "own_unit"})
    named = [reporter for reporter in reporters if isinstance(reporter, Reporter)]
    outcomes = [_enter(turn, guest, reporter, i) for i, (guest, reporter) in enumerate(zip(guests, named, strict=True))]
    for reporter, outcome in zip(named, outcomes, strict=True):
        if outcome.code == Code.GROUP_REPORTED:
            turn.notify([reporter.agent_phone], Code.GROUP_REPORTED, outcome.params, outcome.ref)
    faults = [Outcome(refusal_of(fault.error), {"text": fault.text}) for fault in parsed.faults]
    return answered(turn, "group", [*outcomes, *faults], Code.GROUP_REPORTED)


def _reporter(turn: Turn, guest: Report) -> Reporter | Refusal:
    """Return the agent of our own department for whom a client is entered: by name, or the department alone."""
    today = turn.state.day(turn.now)
    guest = sorted_words(turn.state, guest, today, None)
    if guest.agent is None:
        units = units_named(turn.state, guest, turn.message.text)
        if not units:
            return Refusal(Code.REFUSED_MISSING_AGENT)
        name = units[0].name
        return Reporter(name, NO_AGENT, "") if _is_own(turn, name) else Refusal(Code.REFUSED_INVALID)
    found = [person for person in turn.state.people(today) if fold(person.name) == fold(guest.agent)]
    own = next((person for person in found if _is_own(turn, person.unit)), None)
    if own is not None:
        return Reporter(own.unit, own.name, own.phone)
    return Refusal(Code.REFUSED_INVALID if found else Code.REFUSED_NOT_FOUND)


def _is_own(turn: Turn, name: str) -> bool:
    unit = turn.state.unit_named(name)
    return unit is not None and unit.kind == OWN


def _enter(turn: Turn, guest: Report, reporter: Reporter, index: int) -> Outcome:
    """Register one client as of this entry; what the desk wrote as a walk-in of the same day gives way (R6, B15)."""
    for claim in turn.state.claims_at(Client.of(guest).phone7):
        same_day = turn.state.day(claim.reported_at) == turn.state.day(turn.now)
        if (
            claim.unit == WALK_IN
            and claim.holds(turn.now)
            and same_day
            and names_agree(claim.client, guest.client or "")
        ):
            turn.state.put(replace(claim, state=ClaimState.DISPLACED, ended_at=turn.now))
    part = decide_for(turn, guest, reporter, index, Beside(another=True))
    if part.claim is not None and part.code in (*REGISTERED, Code.SUSPECTED):
        entered = turn.state.claims[part.claim.number]
        turn.state.put(replace(entered, flags=(*entered.flags, Flag.GROUP)))
    code = Code.GROUP_REPORTED if part.code in REGISTERED else part.code
    return Outcome(code, part.params, part.ref, (Rule.R10, *part.rules))
