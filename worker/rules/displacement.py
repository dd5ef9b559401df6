"""How a claim ends otherwise than by its time: its client turns out to be another's (R11; B21, B23, E14)."""

from collections.abc import Iterable
from dataclasses import replace

from worker.rules.codes import Code
from worker.rules.deadlines import plan_protection
from worker.rules.model import Claim, Fact
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn


def displace(turn: Turn, claim: Claim) -> None:
    """End a claim now; its agent is told once that another was first, never who."""
    turn.state.put(replace(claim, state=ClaimState.DISPLACED, ended_at=turn.now))
    tell_loser(turn, claim)


def tell_loser(turn: Turn, claim: Claim) -> None:
    """Tell the agent who lost a client, once (E14)."""
    turn.notify([claim.to_tell], Code.DUPLICATE_OTHER, {"client": claim.client, "mask": claim.mask})


def stand_by_holders(turn: Turn, facts: Iterable[Fact]) -> None:
    """B21: a contested claim lasts as long as its holder: its end moves along, and with holder's end or deal it falls.

    `facts` are what the turn has changed so far.
    """
    holders = {f.number for f in facts if isinstance(f, Claim) and Flag.CONTESTED in f.flags}
    for number in sorted(holders):
        for waiting in waiting_beside(turn, number):
            holder = turn.state.claims[number]
            if not holder.live(turn.now) or holder.sold(turn.now):
                displace(turn, waiting)
            elif waiting.ends_at != holder.ends_at:
                moved = replace(waiting, ends_at=holder.ends_at, ahead=holder.ahead)
                turn.state.put(moved)
                plan_protection(turn, moved)


def waiting_beside(turn: Turn, number: int) -> list[Claim]:
    """Return the contested claims that wait for a decision against a holder."""
    contested = (c for c in turn.state.claims.values() if c.state == ClaimState.CONTESTED)
    return [c for c in contested if number in c.rivals and c.live(turn.now)]
