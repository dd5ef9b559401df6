"""判: the manager settles suspected and contested claims (R11; B18, B21–B23, D16)."""

from dataclasses import replace
from datetime import datetime

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.cure import decide_cure
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.displacement import displace, waiting_beside
from worker.rules.model import Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import expired_params, named_params
from worker.rules.readings import CHECKED, reading_of, times_amended
from worker.rules.references import Missing, claims_meant
from worker.rules.states import PENDING, ClaimState, Flag
from worker.rules.turn import Turn


def decide_settle(turn: Turn, parsed: Command) -> Decision:
    """Settle the claims that are named: 有效 lets each stand, 重复 ends it in favour of who was first; V… are forms."""
    if any(ref.startswith("V") for ref in parsed.refs):
        return decide_cure(turn, parsed)
    if turn.role != "manager":
        return refused(turn, "settle", Code.REFUSED_ROLE)
    if parsed.answer is None:
        return refused(turn, "settle", Code.REFUSED_INVALID, {"reason": "answer"})
    valid = parsed.answer == "valid"
    meant = claims_meant(turn, parsed, first=lambda claim: claim.state in PENDING)
    settled = [_settle(turn, claim, valid, parsed.words) for claim in meant]
    return answered(turn, "settle", settled, Code.SETTLED)


def _settle(turn: Turn, claim: Claim | Missing, valid: bool, why: str) -> Outcome:
    if isinstance(claim, Missing):
        return claim.outcome
    if claim.state == ClaimState.LIVE and Flag.UNSURE in claim.flags and valid and claim.live(turn.now):
        # A person has looked at the reading, and takes it for right (L24).
        turn.state.put(checked(turn, claim))
        return Outcome(Code.SETTLED, named_params(claim) | {"state": "checked"}, claim.ref, (Rule.R2b,))
    if claim.state not in PENDING or claim.ended_at is not None:
        return Outcome(Code.REFUSED_NOT_FOUND, named_params(claim))
    ends_at, ahead = _end_if_valid(turn, claim)
    if not claim.live(turn.now):
        return Outcome(Code.EXPIRED, expired_params(claim), claim.ref)
    if valid and turn.now >= ends_at:
        # Its own days are over, by a holder's visit it has waited longer: its client is the holder's, and not public.
        return Outcome(Code.EXPIRED, expired_params(claim) | {"ending": "waiting"}, claim.ref)
    params = named_params(claim) | {"state": "valid" if valid else "duplicate"}
    turn.notify([claim.to_tell], Code.SETTLED, params, claim.ref)
    _uphold(turn, claim, ends_at, ahead) if valid else _reject(turn, replace(claim, ended_for=why))
    return Outcome(Code.SETTLED, params, claim.ref, (Rule.R11,))


def checked(turn: Turn, claim: Claim) -> Claim:
    """Return a claim whose reading a person has looked at."""
    if Flag.UNSURE not in claim.flags:
        return claim
    flags = tuple(flag for flag in claim.flags if flag != Flag.UNSURE)
    return replace(claim, flags=flags, readings=(*claim.readings, reading_of(turn, claim, CHECKED)))


def _end_if_valid(turn: Turn, claim: Claim) -> tuple[datetime, int]:
    """Return the end that a claim has if it is valid; a contested one's days count from its sending (B23).

    With it comes by how many seconds the clock that it is told by was ahead; a sending time is no line's.
    """
    if claim.state != ClaimState.CONTESTED:
        return claim.ends_at, claim.ahead
    if times_amended(claim):
        # It waits because of its new name, and has the end that it had before (L23).
        return next(r.until for r in reversed(claim.readings) if r.until is not None), claim.ahead
    sent = claim.sent_at if turn.policy.contested_counts_from == "sent" else None
    return (sent or claim.reported_at) + claim.terms["report_days"] * DAY, 0 if sent else claim.ahead


def _uphold(turn: Turn, claim: Claim, ends_at: datetime, ahead: int) -> None:
    """Let a claim stand: a suspected one as its own client's, a contested one in the place before its holder (B23)."""
    claim = checked(turn, claim)
    if claim.state == ClaimState.SUSPECTED:
        turn.state.put(replace(claim, state=ClaimState.LIVE))
        return
    flags = tuple(dict.fromkeys((*claim.flags, Flag.RIVAL)))
    since = claim.reported_at if times_amended(claim) else claim.sent_at or claim.reported_at
    upheld = replace(claim, state=ClaimState.LIVE, reported_at=since, ends_at=ends_at, ahead=ahead, flags=flags)
    turn.state.put(upheld)
    plan_protection(turn, upheld)
    displace(turn, turn.state.claims[claim.rivals[0]])


def _reject(turn: Turn, claim: Claim) -> None:
    for waiting in waiting_beside(turn, claim.number):
        if waiting.number in claim.rivals:
            # Who is found to be the first of the two waits for the other no longer (L23).
            _uphold(turn, waiting, *_end_if_valid(turn, waiting))
    if turn.state.claims[claim.number].ended_at is None:
        displace(turn, claim)
    if claim.state == ClaimState.CONTESTED:
        holder = turn.state.claims[claim.rivals[0]]
        if not waiting_beside(turn, holder.number):
            settled = (Flag.CONTESTED, Flag.CLOCK)
            turn.state.put(replace(holder, flags=tuple(flag for flag in holder.flags if flag not in settled)))
