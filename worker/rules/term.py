"""R7: after 撤 a new report of the unit runs only to the withdrawn claim's end (decisions.md B47)."""

from worker.rules.client import Phone7
from worker.rules.identity import names_agree
from worker.rules.model import Claim
from worker.rules.states import ClaimState, Flag
from worker.rules.turn import Turn


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
