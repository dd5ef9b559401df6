"""R2b, L23: who reports the same seven digits again within the window puts his own report right.

One report of a sender on these digits, not older than `amend_minutes`, not amended three times
    the same name and agent     → no amending: a repeat (R7), which confirms a reading that was not sure
    a name that was misread     → judged at the claim's own place (`first_text.py: may_be_misread`)
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
from worker.rules.manager_notices import TOLD
from worker.rules.model import NO_AGENT, UNSURE, Claim
from worker.rules.numbers import Rule
from worker.rules.params import claim_params, named_params
from worker.rules.part import Part
from worker.rules.rank import outranking
from worker.rules.readings import AFFIRMED, AMENDED, became, reading_of, times_amended
from worker.rules.reporter import Reporter
from worker.rules.states import PENDING, ClaimState
from worker.rules.term import withdrawn_before
from worker.rules.turn import Turn

MOST_TIMES = 3
LASTING_FLAGS = ("contested", "imported", "disputed")
"""Flags of claims about which a person decides, or has agreed: nobody amends them."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a name stands at its place: the state that the claim has there, and the claims that stand against it."""

    state: ClaimState
    rivals: tuple[int, ...] = ()


def in_window(turn: Turn, claim: Claim) -> bool:
    """Tell whether a claim may still be put right: so many minutes from its first receipt, that instant included."""
    return turn.now - claim.reported_at <= timedelta(minutes=turn.policy.amend_minutes)


def amend(turn: Turn, report: Report, reporter: Reporter) -> Part | None:
    """Amend the sender's own report of these digits; None when the text amends none and is a report by itself."""
    claim = _meant_by(turn, report, reporter)
    if claim is None:
        return None
    name = report.client or ""
    renamed = not _says_no_more(claim.client, name)
    replaced = _names_another_agent(claim, reporter, name)
    if not renamed and not replaced:
        return _confirmed(turn, report, claim)
    if replaced and not _may_be_agent(turn, claim, report, reporter, name):
        return _agent_stays(turn, claim, reporter, renamed=renamed)
    place = _place_of(turn, claim, name) if renamed else Place(claim.state, claim.rivals)
    if place is None:
        return None
    agent = (reporter.agent, reporter.agent_phone) if replaced else (claim.agent, claim.agent_phone)
    return _amended(turn, report, claim, name if renamed else claim.client, agent, place)


def _meant_by(turn: Turn, report: Report, reporter: Reporter) -> Claim | None:
    """Return which of his claims a sender speaks of: the one so called, else the last one."""
    at = turn.state.claims_at(Client.of(report).phone7)
    mine = [c for c in at if c.unit == reporter.unit and c.live(turn.now)]
    name = report.client or ""
    so_called = [c for c in mine if same_name(c.client, name)] or [c for c in mine if names_agree(c.client, name)]
    own = [c for c in so_called or mine if c.sender == turn.phone]
    claim = own[-1] if own else None
    return claim if claim is not None and _may_be_amended(turn, claim, report) else None


def _may_be_amended(turn: Turn, claim: Claim, report: Report) -> bool:
    state = turn.state
    fresh = in_window(turn, claim) and claim.seq != turn.message.seq and times_amended(claim) < MOST_TIMES
    waits = claim.state in (ClaimState.LIVE, ClaimState.SUSPECTED) and not set(claim.flags) & set(LASTING_FLAGS)
    moved = claim.visited_at or claim.came_at or claim.deal_at or claim.renewed_at or state.visits_of(claim.number)
    linked = state.aliases_of(claim.number) or state.kin_at(claim.phone7)
    joined = state.disputes_of(claim.number) or linked
    same_digits = claim.phone7 == (report.first3, report.last4)
    return fresh and waits and not moved and not joined and same_digits


def _says_no_more(known: str, name: str) -> bool:
    """Tell whether a name is the known one again, or only its surname: 张先生 takes nothing from 张三."""
    return same_name(known, name) or (names_agree(known, name) and name_form(name).bare)


def _names_another_agent(claim: Claim, reporter: Reporter, name: str) -> bool:
    if reporter.agent_phone and claim.agent_phone:
        same = reporter.agent_phone == claim.agent_phone
    else:
        same = fold(reporter.agent) == fold(claim.agent)
    return not same and (reporter.named or _was_the_client(claim, name))


def _was_the_client(claim: Claim, name: str) -> bool:
    """Tell whether the word that was taken for the agent is now the client: then nobody was named as agent."""
    return not claim.agent_phone and claim.agent != NO_AGENT and fold(claim.agent) == fold(name)


def _may_be_agent(turn: Turn, claim: Claim, report: Report, reporter: Reporter, name: str) -> bool:
    written = {reporter.agent, *((report.agent,) if report.agent else ())}
    himself = reporter.agent_phone == turn.phone and turn.listed is not None
    return any(stands_in(word, claim.said) for word in written) or (himself and _was_the_client(claim, name))


def _agent_stays(turn: Turn, claim: Claim, reporter: Reporter, *, renamed: bool) -> Part:
    """Refuse another agent; a name that nobody knows may be the client's, and its sender is asked."""
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
    holders = _passed(turn, claim, name, between)
    if holders:
        return Place(ClaimState.CONTESTED, tuple(c.number for c in holders))
    strangers = tuple(c.number for c in agreeing or earlier)
    return Place(ClaimState.SUSPECTED, strangers) if strangers else Place(ClaimState.LIVE)


def _passed(turn: Turn, claim: Claim, name: str, between: list[Claim]) -> list[Claim]:
    """Return others' claims that a name may not pass: who is meant by it first, then all that came before the name.

    A name that was misread was there before them, but what a person has settled, or the desk has seen, stays so.
    """
    meant = [c for c in between if names_agree(c.client, name)]
    if may_be_misread(turn, claim, name):
        return [c for c in meant if c.state != ClaimState.SUSPECTED]
    if all(names_agree(known, name) for known in claim.names):
        return meant
    return [*meant, *(c for c in between if c not in meant)]


def _confirmed(turn: Turn, report: Report, claim: Claim) -> Part | None:
    """Take his own words again as what was meant, where they were read surely this time; else it is a repeat (E19)."""
    if UNSURE not in claim.flags or not report.sure:
        return None
    agent, place = (claim.agent, claim.agent_phone), Place(claim.state, claim.rivals)
    return _amended(turn, report, claim, claim.client, agent, place, AFFIRMED)


def _amended(
    turn: Turn, report: Report, claim: Claim, name: str, agent: tuple[str, str], place: Place, how: str = AMENDED
) -> Part:
    """Put the claim down as it is now; it keeps number and end, but for the end of a withdrawn one so called (R7)."""
    phone7 = claim.phone7
    before = withdrawn_before(turn, name, phone7, claim.unit, besides=claim.number)
    ends_at = min(claim.ends_at, before.ends_at) if before is not None else claim.ends_at
    sure = report.sure
    changed = replace(
        claim,
        client=name,
        name_key=name_key(name),
        agent=agent[0],
        agent_phone=agent[1],
        state=place.state,
        rivals=place.rivals,
        ends_at=ends_at,
        flags=_flags(turn, claim, agent, sure=sure, shortened=before is not None),
        readings=(*claim.readings, reading_of(turn, claim, how, ends_at)),
    )
    if place.state == ClaimState.CONTESTED:
        changed = _behind(turn, changed)
    turn.state.put(changed)
    if changed.ends_at != claim.ends_at:
        plan_protection(turn, changed)
    return _told(turn, claim, changed)


def _flags(turn: Turn, claim: Claim, agent: tuple[str, str], *, sure: bool, shortened: bool) -> tuple[str, ...]:
    flags = [flag for flag in claim.flags if flag not in (UNSURE, "unlisted", "asked")]
    listed = turn.listed is not None or turn.role is not None
    if ("unlisted" in claim.flags and agent == (claim.agent, claim.agent_phone)) or (listed and not agent[1]):
        flags.append("unlisted")
    flags += [] if sure else [UNSURE]
    return tuple(dict.fromkeys([*flags, *(["shortened"] if shortened else [])]))


def _behind(turn: Turn, claim: Claim) -> Claim:
    """Let a claim wait behind the one that its new name may not pass; it lasts as long as that one (B21)."""
    holder = turn.state.claims[claim.rivals[0]]
    flags = tuple(dict.fromkeys((*holder.flags, "contested", "rival")))
    turn.state.put(replace(holder, flags=flags))
    return replace(claim, ends_at=holder.ends_at)


def _told(turn: Turn, before: Claim, claim: Claim) -> Part:
    """Answer with how the claim stands now, and tell the managers what needs them, or what they were told otherwise."""
    params = claim_params(claim) | {"was": list(became(claim))[-1].was}
    if claim.rivals:
        params["other"] = ",".join(turn.state.claims[number].ref for number in claim.rivals)
    if UNSURE in claim.flags:
        params |= {"unsure": True, "minutes": turn.policy.amend_minutes}
    managers = turn.state.staff("manager")
    if claim.state == ClaimState.CONTESTED:
        turn.notify(managers, Code.CONTESTED, params | {"state": "told"}, claim.ref)
    elif claim.state == ClaimState.SUSPECTED and (before.state, before.rivals) != (claim.state, claim.rivals):
        turn.notify(managers, Code.SUSPECTED, params, claim.ref)
    elif TOLD in before.flags or _passes_another(turn, claim):
        turn.notify(managers, Code.AMENDED, params, claim.ref)
    rules = (Rule.R2b, Rule.R3, Rule.R7, *((Rule.R11,) if claim.rivals else ()))
    code = Code(claim.state) if claim.state in PENDING else Code.AMENDED
    said = params | {"state": "amended"} if claim.state == ClaimState.CONTESTED else params
    return Part(code, rules, said, claim, recorded=Code.AMENDED)


def _passes_another(turn: Turn, claim: Claim) -> bool:
    """Tell whether another's claim, about which the managers were told, speaks of the same client now."""
    at = (c for c in turn.state.claims_at(claim.phone7) if c.live(turn.now) and c.unit != claim.unit)
    return any(c.state == ClaimState.SUSPECTED and names_agree(c.client, claim.client) for c in at)
