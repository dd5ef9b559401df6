"""跟进: a contact with a client, by an agent of the unit that holds him or by a consultant (R9, R14; B6, B33–B35)."""

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.attribution import attribute_claim, owns
from worker.rules.codes import Code
from worker.rules.deadlines import plan_protection
from worker.rules.model import Claim, Decision, FollowUp
from worker.rules.numbers import Rule
from worker.rules.params import expired_params, named_params
from worker.rules.protection import contacted, lapsed
from worker.rules.references import Missing, claims_meant
from worker.rules.turn import Turn


def decide_follow_up(turn: Turn, parsed: Command) -> Decision:
    """Record a contact with each client that is named, one line of the reply each."""
    if turn.role in ("manager", "service"):
        return refused(turn, "follow_up", Code.REFUSED_ROLE)
    meant = claims_meant(turn, parsed)
    outcomes = [_follow_up(turn, claim, part, parsed.words) for part, claim in enumerate(meant)]
    return answered(turn, "follow_up", outcomes, Code.FOLLOWED_UP)


def _follow_up(turn: Turn, claim: Claim | Missing, part: int, words: str) -> Outcome:
    if isinstance(claim, Missing):
        return claim.outcome
    if claim.ended_at is not None:
        return Outcome(Code.REFUSED_NOT_FOUND, named_params(claim))
    # B8: a contact at the very instant at which the gap closes counts if nobody has reported the client before it.
    closing = turn.now == claim.ends_at and lapsed(claim)
    revived = closing and not attribute_claim(turn.state, claim, turn.now).unit
    if not claim.live(turn.now) and not revived:
        return Outcome(Code.EXPIRED, expired_params(claim), claim.ref)
    if claim.live(turn.now) and not owns(turn.state, claim, turn.now):
        return Outcome(Code.REFUSED_NOT_FOUND, named_params(claim))
    by = "consultant" if turn.role else "agent"
    turn.state.put(FollowUp(turn.message.seq, part, claim.number, turn.now, turn.phone, by, words))
    after = contacted(claim, turn.now, turn.ahead)
    turn.state.put(after)
    if after.ends_at != claim.ends_at:
        plan_protection(turn, after)
    visited = claim.visited_at is not None
    params = named_params(after) | {"until": after.ends_at.isoformat()} | ({"ending": "visit"} if visited else {})
    return Outcome(Code.FOLLOWED_UP, params, after.ref, (Rule.R14,) if visited else (Rule.R9,))
