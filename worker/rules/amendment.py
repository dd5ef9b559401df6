"""R2b, L23: who reports the same seven digits again within the window puts his own report right.

One report of a sender on these digits, not older than `amend_minutes`, not amended three times
    the same name and agent     → no amending: a repeat (R7), which confirms a reading that was not sure
    a name that was misread     → judged at the claim's own place (`first_text.py: may_be_misread`)
    its first name again        → it was there before others; ten minutes from the last change, however often it was
    any other name              → judged at the amending text's place; with another's claim between them: contested
    an agent of the first text  → put right; any other agent is 转, and refused here
Its number, its unit and its end stay. What cannot be amended is a report like any other, at its own place.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from parsers.message import Report
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.deadlines import plan_protection
from worker.rules.disputes import final_for
from worker.rules.families import family_of
from worker.rules.first_text import is_labelled_agent, may_be_misread, stands_in
from worker.rules.identity import fold, name_form, name_key, names_agree, same_name
from worker.rules.model import NO_AGENT, Claim
from worker.rules.numbers import Rule
from worker.rules.params import claim_params, named_params, rival_params
from worker.rules.part import Part
from worker.rules.rank import MOST_RIVALS, has_tried_many, outranking
from worker.rules.readings import AFFIRMED, AMENDED, became, first_reading, is_agreed, reading_of, times_amended
from worker.rules.reporter import Reporter
from worker.rules.states import PENDING, ClaimState, Flag
from worker.rules.term import withdrawn_before
from worker.rules.turn import Turn

MOST_TIMES = 3
LASTING_FLAGS = (Flag.CONTESTED, Flag.IMPORTED, Flag.DISPUTED)
"""Flags of claims about which a person decides, or has agreed: nobody amends them."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a name stands at its place: the state that the claim has there, and the claims that stand against it."""

    state: ClaimState
    rivals: tuple[int, ...] = ()


def in_window(turn: Turn, claim: Claim) -> bool:
    """Tell whether a claim may still be put right: so many minutes from its first receipt, that instant included."""
    return turn.now - claim.reported_at <= _window(turn)


def _window(turn: Turn) -> timedelta:
    return timedelta(minutes=turn.policy.amend_minutes)


def _is_first_name(claim: Claim, name: str) -> bool:
    """Tell whether an amended claim gets its first name again: whose number was forged puts right what he hears of."""
    return bool(times_amended(claim)) and same_name(first_reading(claim).client, name)


def amend(turn: Turn, report: Report, reporter: Reporter) -> Part | None:
    """Amend the sender's own report of these digits; None when the text amends none and is a report by itself."""
    claim = _meant_by(turn, report, reporter)
    at = turn.state.claims_at(Client.of(report).phone7)
    name = report.client or ""
    if claim is None or turn.has_left or has_tried_many(turn, reporter.unit, at, name):
        return None
    # The surname alone takes nothing from the name that is known: 张先生 from 张三.
    renamed = not (same_name(claim.client, name) or (names_agree(claim.client, name) and name_form(name).bare))
    if reporter.agent_phone and claim.agent_phone:
        same_agent = reporter.agent_phone == claim.agent_phone
    else:
        same_agent = fold(reporter.agent) == fold(claim.agent)
    replaced = not same_agent and (reporter.named or _was_the_client(claim, name))
    agent, place = (claim.agent, claim.agent_phone), Place(claim.state, claim.rivals)
    if not renamed and not replaced:
        # His own words again are what was meant, where they were read surely this time; else it is a repeat (E19).
        confirms = Flag.UNSURE in claim.flags and report.sure
        return _amended(turn, report, claim, claim.client, agent, place, AFFIRMED) if confirms else None
    if replaced:
        refusal = _agent_stays(turn, claim, report, reporter, renamed=renamed)
        if refusal is not None:
            return refusal
        agent = (reporter.agent, reporter.agent_phone)
    judged = _place_of(turn, claim, name) if renamed else place
    if judged is None:
        return None
    return _amended(turn, report, claim, name if renamed else claim.client, agent, judged)


def _meant_by(turn: Turn, report: Report, reporter: Reporter) -> Claim | None:
    """Return which of his claims a sender puts right: the one so called, now or at first, else the last one.

    None if it has to stay.
    """
    state, name = turn.state, report.client or ""
    at = state.claims_at(Client.of(report).phone7)
    mine = [c for c in at if c.unit == reporter.unit and c.live(turn.now)]
    so_called = [c for c in mine if same_name(c.client, name)] or [c for c in mine if names_agree(c.client, name)]
    so_called = so_called or [c for c in mine if _is_first_name(c, name)]
    own = [c for c in so_called or mine if c.sender == turn.phone]
    if not own:
        return None
    claim = own[-1]
    fresh = in_window(turn, claim) and claim.seq != turn.message.seq and times_amended(claim) < MOST_TIMES
    fresh = fresh or (_is_first_name(claim, name) and turn.now - claim.readings[-1].at <= _window(turn))
    waits = claim.state in (ClaimState.LIVE, ClaimState.SUSPECTED) and not set(claim.flags) & set(LASTING_FLAGS)
    moved = claim.visited_at or claim.came_at or claim.deal_at or claim.renewed_at or state.visits_of(claim.number)
    linked = state.aliases_of(claim.number) or state.kin_at(claim.phone7)
    joined = state.disputes_of(claim.number) or linked or is_agreed(claim)
    same_digits = claim.phone7 == (report.first3, report.last4)
    return claim if fresh and waits and not moved and not joined and same_digits else None


def _was_the_client(claim: Claim, name: str) -> bool:
    """Tell whether the word that was taken for the agent is now the client: then nobody was named as agent."""
    return not claim.agent_phone and claim.agent != NO_AGENT and fold(claim.agent) == fold(name)


def _agent_stays(turn: Turn, claim: Claim, report: Report, reporter: Reporter, *, renamed: bool) -> Part | None:
    """Refuse an agent of whom the first text said nothing, None for one of whom it did.

    A name that nobody knows may be the client's, and its sender is asked.
    """
    written = {reporter.agent, *((report.agent,) if report.agent else ())}
    himself = reporter.agent_phone == turn.phone and turn.listed is not None
    if any(stands_in(word, claim.said) for word in written):
        return None
    if himself and _was_the_client(claim, report.client or ""):
        return None
    params = named_params(claim)
    if renamed or reporter.agent_phone or is_labelled_agent(reporter.agent, turn.message.text):
        return Part(Code.REFUSED_INVALID, (Rule.R2b,), params | {"agent": claim.agent, "reason": "agent"})
    return Part(Code.REFUSED_INVALID, (Rule.R2b,), params | {"meant": reporter.agent, "reason": "renames"})


def _place_of(turn: Turn, claim: Claim, name: str) -> Place | None:
    """Judge a claim anew under another name; None when that is taken, or the unit's already: then it is a report."""
    state, client = turn.state, claim.who._replace(name=name)
    if final_for(state, client, turn.now) is not None or len(family_of(state, client, turn.now)) > 1:
        return None
    live = [c for c in state.claims_at(claim.phone7) if c.number != claim.number and c.live(turn.now)]
    if any(c.unit == claim.unit and names_agree(c.client, name) for c in live):
        return None
    others = [c for c in live if c.unit != claim.unit and c.state != ClaimState.CONTESTED]
    earlier, between = ([c for c in others if (c.place < claim.place) is before] for before in (True, False))
    agreeing = [c for c in earlier if names_agree(c.client, name)]
    exact = [c for c in agreeing if same_name(c.client, name)]
    if len({name_key(c.client) for c in outranking(name, exact or agreeing, live)}) == 1:
        return None
    # A name passes nobody who is meant by it, a new one nobody who came before it. What was misread was there before
    # them, but what a person has settled, or the desk has seen, stays so.
    passed = [c for c in between if names_agree(c.client, name)]
    if may_be_misread(turn, claim, name) or _is_first_name(claim, name):
        passed = [c for c in passed if c.state != ClaimState.SUSPECTED]
    elif not all(names_agree(known, name) for known in claim.names):
        passed += [c for c in between if c not in passed]
    if passed:
        return Place(ClaimState.CONTESTED, tuple(c.number for c in passed))
    strangers = tuple(c.number for c in agreeing or earlier)[:MOST_RIVALS]
    return Place(ClaimState.SUSPECTED, strangers) if strangers else Place(ClaimState.LIVE)


def _amended(
    turn: Turn, report: Report, claim: Claim, name: str, agent: tuple[str, str], place: Place, how: str = AMENDED
) -> Part:
    """Put the claim down as it is now; it keeps number and end, but for the end of a withdrawn one so called (R7)."""
    before = withdrawn_before(turn, name, claim.phone7, claim.unit, besides=claim.number)
    # The earlier end of the two, and the clock that it is told by.
    ends = [(each.ends_at, each.ahead) for each in (claim, before) if each is not None]
    ends_at, ahead = min(ends)
    changed = replace(
        claim,
        client=name,
        name_key=name_key(name),
        agent=agent[0],
        agent_phone=agent[1],
        state=place.state,
        rivals=place.rivals,
        ends_at=ends_at,
        ahead=ahead,
        flags=_flags(turn, claim, agent, sure=report.sure, shortened=before is not None),
        readings=(*claim.readings, reading_of(turn, claim, how, ends_at)),
    )
    if place.state == ClaimState.CONTESTED:
        # It waits behind the one that its new name may not pass, and lasts as long as that one (B21).
        holder = turn.state.claims[place.rivals[0]]
        turn.state.put(replace(holder, flags=tuple(dict.fromkeys((*holder.flags, Flag.CONTESTED, Flag.RIVAL)))))
        changed = replace(changed, ends_at=holder.ends_at, ahead=holder.ahead)
    turn.state.put(changed)
    if changed.ends_at != claim.ends_at:
        plan_protection(turn, changed)
    return _told(turn, claim, changed)


def _flags(turn: Turn, claim: Claim, agent: tuple[str, str], *, sure: bool, shortened: bool) -> tuple[Flag, ...]:
    flags: list[Flag] = [flag for flag in claim.flags if flag not in (Flag.UNSURE, Flag.UNLISTED, Flag.ASKED)]
    listed = turn.listed is not None or turn.role is not None
    if (Flag.UNLISTED in claim.flags and agent == (claim.agent, claim.agent_phone)) or (listed and not agent[1]):
        flags.append(Flag.UNLISTED)
    flags += [] if sure else [Flag.UNSURE]
    return tuple(dict.fromkeys([*flags, *([Flag.SHORTENED] if shortened else [])]))


def _told(turn: Turn, before: Claim, claim: Claim) -> Part:
    """Answer with how the claim stands now, and tell the managers what needs them, or what they were told otherwise."""
    params = claim_params(claim) | {"was": list(became(claim))[-1].was} | rival_params(claim)
    if Flag.UNSURE in claim.flags:
        params |= {"unsure": True, "minutes": turn.policy.amend_minutes}
    managers = turn.state.staff("manager")
    at = [c for c in turn.state.claims_at(claim.phone7) if c.live(turn.now) and c.unit != claim.unit]
    # Of another's claim that speaks of the same client now, the managers were told.
    passes = any(c.state == ClaimState.SUSPECTED and names_agree(c.client, claim.client) for c in at)
    if claim.state == ClaimState.CONTESTED:
        turn.notify(managers, Code.CONTESTED, params | {"state": "told"}, claim.ref)
    elif claim.state == ClaimState.SUSPECTED and (before.state, before.rivals) != (claim.state, claim.rivals):
        turn.notify(managers, Code.SUSPECTED, params, claim.ref)
    elif Flag.TOLD in before.flags or passes:
        turn.notify(managers, Code.AMENDED, params, claim.ref)
    rules = (Rule.R2b, Rule.R3, Rule.R7, *((Rule.R11,) if claim.rivals else ()))
    code = Code(claim.state) if claim.state in PENDING else Code.AMENDED
    said = params | {"state": "amended"} if claim.state == ClaimState.CONTESTED else params
    return Part(code, rules, said, claim, recorded=Code.AMENDED)
