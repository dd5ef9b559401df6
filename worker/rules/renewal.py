"""R9: a claim that was followed up all the time may be renewed by reporting again (B4–B6, B18, B47)."""

from dataclasses import replace

from worker.rules.deadlines import DAY, plan_protection
from worker.rules.model import Claim
from worker.rules.protection import followed_without_gap
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn


def renewable(turn: Turn, claim: Claim) -> bool:
    """Tell whether its holder's repeat renews a claim: by policy always, never, or only without a follow-up gap.

    Not once visited, nor when a withdrawal shortened it (B47); a provisional claim is as live as any (B18).
    """
    if turn.policy.renewal == "off" or claim.visited_at is not None or Flag.SHORTENED in claim.flags:
        return False
    if claim.state not in (ClaimState.LIVE, ClaimState.SUSPECTED):
        return False
    return turn.policy.renewal == "free" or followed_without_gap(claim, turn.now)


def renew(turn: Turn, claim: Claim) -> Claim:
    """Give a claim new days from the repeat's receipt (B5), its place kept; its gaps are counted from there.

    One that the manager has given more days than that (延) keeps its end.
    """
    flags = tuple(flag for flag in claim.flags if flag != Flag.GAP_BROKEN)
    ends_at, ahead = turn.now + claim.terms["report_days"] * DAY, turn.ahead
    if Flag.EXTENDED in flags and ends_at < claim.ends_at:
        ends_at, ahead = claim.ends_at, claim.ahead
    renewed = replace(claim, ends_at=ends_at, ahead=ahead, renewed_at=turn.now, followed_at=None, flags=flags)
    turn.state.put(renewed)
    plan_protection(turn, renewed)
    return renewed
