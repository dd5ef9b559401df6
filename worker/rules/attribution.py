"""判客: whose client is it, at any moment, by which rules and facts, and until when (rules.md, “Whose client is it?”).

    1   a decided dispute, by ruling or by silence              R21, R20
    2   a confirmed, matching visit under live protection       R13, R14
    3   an own arrival under a live report                      R15
    3a  a walk-in under live protection                         R6 (B2)
    4   a live report; of a family the earliest                 R7, R23
    5   nobody: never reported, or public                       R6, R8

A deal makes the answer of its moment final, until a dispute is decided otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from worker.rules.client import Client
from worker.rules.disputes import last_decision, open_at, standing_deal
from worker.rules.families import claims_of_family, family_of, is_himself
from worker.rules.identity import names_agree, same_name
from worker.rules.model import WALK_IN, Claim
from worker.rules.numbers import Rule
from worker.rules.state import State
from worker.rules.states import PENDING, ClaimState, Flag

SHOWN_FLAGS = (
    *(Flag.SUSPECTED, Flag.CONTESTED, Flag.UNLISTED, Flag.UNSURE, Flag.SHORT_LEAD, Flag.DISPUTED, Flag.CLAIMED),
    *(Flag.LATE_ENTRY, Flag.PROJECT, Flag.CLOCK, Flag.EXTENDED),
)
WHY_WALKED_IN = {Flag.EARLY: Rule.R1, Flag.LAPSED: Rule.R8, Flag.DENIED: Rule.R15}
"""Why no report counts for a walk-in: he came before it, it had run out, service found no contact."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whose a client is: unit ("walkin": the site's own, "": nobody's) and agent, "" for none.

    `rules` in the order applied; `facts`: the numbers of the registrations, visits and disputes used; `until`: when it
    ends by itself, None for never; `claim`: number of the claim that decides, 0 for none.
    """

    unit: str
    agent: str
    rules: tuple[Rule, ...]
    facts: tuple[str, ...] = ()
    until: datetime | None = None
    flags: tuple[Flag, ...] = ()
    claim: int = 0


def attribute(state: State, asked: Client, at: datetime) -> Answer:
    """Return whose a client is at a moment, by the line as far as the state has it."""
    past = _past(state, asked, at)
    standing = _standing(state, past, asked, at)
    deal = standing_deal(state, past, at)
    answer = _decided(state, past, at)
    if answer is None and deal is not None:
        # A recorded deal: the answer of its moment, for good (J8).
        answer = Answer(deal.owner_unit, deal.owner_agent, deal.owner_rules, deal.owner_facts, claim=deal.number)
    answer = answer or standing or _nobody(past)
    # What stands beside the answer: disputes, claimed families (B17), late reports (B21), payments told late (J3).
    flags = list(answer.flags)
    if any(open_at(state, d, at) for claim in past for d in state.disputes_of(claim.number)):
        flags.append(Flag.DISPUTED)
    if len(family_of(state, asked, at, proved=False)) > len(family_of(state, asked, at)):
        flags.append(Flag.CLAIMED)
    if any(claim.state == ClaimState.CONTESTED and claim.live(at) for claim in past):
        flags.append(Flag.CONTESTED)
    flags += deal.flags if deal is not None else ()
    return replace(answer, flags=tuple(dict.fromkeys(flags)))


def attribute_claim(state: State, claim: Claim, at: datetime) -> Answer:
    """Return whose the client of a claim is."""
    return attribute(state, claim.who, at)


def owns(state: State, claim: Claim, at: datetime) -> bool:
    """Tell whether a claim's client is its unit's at a moment: another may hold the family, or a dispute be decided."""
    return claim.live(at) and attribute_claim(state, claim, at).unit == claim.unit


def attribute_at_deal(state: State, claim: Claim, at: datetime) -> Answer:
    """Return what a deal at this moment makes final: the answer of steps 1 to 5, whatever deal is recorded (J8)."""
    asked = claim.who
    past = _past(state, asked, at)
    return _decided(state, past, at) or _standing(state, past, asked, at) or _nobody(past)


def _past(state: State, client: Client, at: datetime) -> list[Claim]:
    """Return the claims by then that speak of a client: exactly so called before those whose names merely agree."""
    family = claims_of_family(state, client, at)
    own = [c for c in family if c.phone7 == client.phone7 or names_agree(c.client, client.name)]
    exact = [c for c in own if same_name(c.client, client.name)]
    holding = any(c.holds(at) for c in exact)
    return [c for c in family if c.reported_at <= at and not (holding and c in own and c not in exact)]


def _decided(state: State, past: list[Claim], at: datetime) -> Answer | None:
    """Step 1: the last decision of a dispute about one of these claims."""
    decision = last_decision(state, past, at)
    if decision is None:
        return None
    dispute, decided = decision
    facts = (next(claim.ref for claim in past if claim.number == dispute.claim), dispute.ref)
    return Answer(decided.unit, decided.agent, decided.rules, facts, claim=dispute.claim)


def _standing(state: State, past: list[Claim], asked: Client, at: datetime) -> Answer | None:
    """Steps 2 to 4 among the claims that hold the client or his family at the moment."""
    holding = [claim for claim in past if claim.holds(at)]
    if not holding:
        return None
    earliest = holding[0]
    visited = [claim for claim in holding if claim.unit != WALK_IN and _protects(state, claim, at)]
    arrived = [claim for claim in holding if claim.came_at is not None and claim.came_at <= at]
    # A visit protects only the unit that is the group's earliest, too (B16); who walked in is the site's whatever was
    # reported of himself too late (R1), but not where a relative was reported before (R24).
    walked_in = [c for c in holding if c.unit == WALK_IN and is_himself(state, c.who, earliest)]
    first = next((c for c in (*visited, *arrived) if c.unit == earliest.unit), None)
    related = any(not is_himself(state, asked, c) for c in holding)
    differs = bool(visited or arrived) and first is None
    claim = first or next(iter(walked_in), earliest)
    form = state.visits.get(claim.visit) if _protects(state, claim, at) else None
    rules = tuple(dict.fromkeys((*_rules(state, claim, at), *((Rule.R23,) if related else ()))))
    facts = (claim.ref, *((form.ref,) if form is not None else ()))
    noted = (*claim.flags, *(Flag(state) for state in PENDING if claim.state == state))
    flags = tuple(flag for flag in noted if flag in SHOWN_FLAGS)
    dispute = (Flag.DISPUTED,) if differs else ()
    until = None if claim.sold(at) else claim.ends_at
    return Answer(claim.unit, claim.agent, rules, facts, until, (*flags, *dispute), claim.number)


def _protects(state: State, claim: Claim, at: datetime) -> bool:
    """Tell whether a confirmed visit protects a claim by then: it counts from its last signature on (B9)."""
    form = state.visits.get(claim.visit)
    return claim.visited_at is not None and (form is None or form.closed_at is None or form.closed_at <= at)


def _rules(state: State, claim: Claim, at: datetime) -> Iterator[str]:
    if claim.unit == WALK_IN:
        yield from (Rule.R6, Rule.R14, *(WHY_WALKED_IN[flag] for flag in claim.flags if flag in WHY_WALKED_IN))
        yield from (Rule.R11,) if Flag.RIVAL in claim.flags else ()
        yield from (Rule.R24,) if len(family_of(state, claim.who, at)) > 1 else ()
        return
    if _protects(state, claim, at):
        yield from (Rule.R13, Rule.R14)
    if Flag.DISPUTED in claim.flags or (claim.came_at is not None and claim.came_at <= at):
        yield Rule.R15
    if any(form.mismatch and form.opened_at <= at for form in state.visits_of(claim.number)):
        # With written proof the visit protects; without it the earliest report prevails.
        yield from (Rule.R5, Rule.R22)
    if Flag.GROUP in claim.flags:
        yield Rule.R10
    if claim.renewed_at:
        yield Rule.R9
    yield Rule.R7
    if Flag.RIVAL in claim.flags:
        yield Rule.R11


def _nobody(past: list[Claim]) -> Answer:
    """Step 5: what was reported and ran out is public; what nobody reported is a walk-in if he comes (R6, R8)."""
    if not past:
        return Answer("", "", (Rule.R6,))
    # What was displaced, or waited in vain, has held nobody for itself: the claim that it gave way to ran out after it.
    held_nobody = (ClaimState.DISPLACED, ClaimState.CONTESTED)
    last = next((claim for claim in reversed(past) if claim.state not in held_nobody), past[-1])
    facts = tuple(claim.ref for claim in past)
    if last.state == ClaimState.DENIED:
        return Answer("", "", (Rule.R15,), facts)
    if last.state == ClaimState.WITHDRAWN:
        return Answer("", "", (Rule.R7,), facts)
    return Answer("", "", (Rule.R8, *((Rule.R14,) if last.visited_at is not None else ())), facts)
