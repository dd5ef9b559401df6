"""R7: after 撤 a new report of the unit runs only to the withdrawn claim's end, with what it was given (B47, L16)."""

from worker.rules.client import Phone7
from worker.rules.identity import names_agree
from worker.rules.model import Claim
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn


def was_given_days(turn: Turn, claim: Claim) -> bool:
    """Tell whether a claim was given days by 延, or a withdrawn one whose end it has, however often withdrawn (L16)."""
    if claim.days_given or Flag.SHORTENED not in claim.flags:
        return claim.days_given > 0
    earlier = (c for c in turn.state.claims_at(claim.phone7) if c.place < claim.place and c.unit == claim.unit)
    ended = (c for c in earlier if c.state == ClaimState.WITHDRAWN and c.ends_at >= claim.reported_at)
    return any(c.days_given and names_agree(c.client, claim.client) for c in ended)


def withdrawn_before(turn: Turn, name: str, phone7: Phone7, unit: str, besides: int = 0) -> Claim | None:
    """Return the unit's withdrawn claim whose end still counts, unless another unit has held the client since.

    What a phone off the roster reported for another unit and gave up again was no holding: anybody has such a phone.
    `besides` is the number of a claim that is not looked at: the one that gets this name.
    """
    past = [c for c in turn.state.claims_at(phone7) if c.number != besides]
    held = [c for c in past if c.unit == unit or c.state != ClaimState.WITHDRAWN or Flag.UNLISTED not in c.flags]
    same = [claim for claim in held if names_agree(claim.client, name)]
    last = same[-1] if same else None
    if last is None or last.unit != unit or last.state != ClaimState.WITHDRAWN or turn.now >= last.ends_at:
        return None
    return last
