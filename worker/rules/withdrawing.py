"""撤: the holder, or the manager with his code, gives a client up (R7; decisions.md B6, B41, B47)."""

from dataclasses import replace

from parsers.message import Parsed
from worker.rules.answering import Outcome, answered, refused
from worker.rules.cancelling import cancel_dispute
from worker.rules.model import Claim, Decision
from worker.rules.params import expired_params, named_params
from worker.rules.references import Missing, claims_meant
from worker.rules.turn import Turn


def decide_withdraw(turn: Turn, parsed: Parsed) -> Decision:
    """Withdraw the claims that are named; what was protected by them is free for the next report."""
    if turn.role in ("consultant", "service"):
        return refused(turn, "withdraw", "refused_role")
    disputes = [ref for ref in parsed.refs if ref.startswith("D")]
    if disputes:
        return answered(turn, "withdraw", [cancel_dispute(turn, ref) for ref in disputes], "withdrawn")
    return answered(turn, "withdraw", [_withdraw(turn, claim) for claim in claims_meant(turn, parsed)], "withdrawn")


def _withdraw(turn: Turn, claim: Claim | Missing) -> Outcome:
    if isinstance(claim, Missing):
        return Outcome(claim.code, {"fitting": list(claim.fitting)})
    params = named_params(claim)
    if turn.role is None and turn.phone not in (claim.sender, claim.agent_phone):
        return Outcome("refused_role", params)
    if claim.state == "withdrawn":
        return Outcome("refused_not_found", params)
    if claim.deal_at is not None:
        return Outcome("refused_late", params)
    if not claim.live(turn.now):
        return Outcome("expired", expired_params(claim), claim.ref)
    turn.state.put(replace(claim, state="withdrawn", ended_at=turn.now))
    if turn.role == "manager":
        turn.notify([claim.to_tell], "withdrawn", params | {"by": "manager"}, claim.ref)
    return Outcome("withdrawn", params, claim.ref, ("R7",))
