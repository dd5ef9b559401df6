"""撤: the holder, or the manager with his code, gives a client up (R7; decisions.md B6, B41, B47)."""

from dataclasses import replace

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.cancelling import cancel_dispute
from worker.rules.codes import Code
from worker.rules.model import Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import expired_params, named_params
from worker.rules.references import Missing, claims_meant, last_reported
from worker.rules.revocation import form_to_unsign, take_back_signature
from worker.rules.states import ClaimState
from worker.rules.turn import Turn


def decide_withdraw(turn: Turn, parsed: Command) -> Decision:
    """Withdraw the claims that are named; what was protected by them is free for the next report."""
    signed = [form for ref in parsed.refs if (form := form_to_unsign(turn, ref)) is not None]
    if signed:
        # What else is named beside signatures is another act, with a code of its own (L5).
        if len(signed) != len(parsed.refs) or parsed.reports:
            return refused(turn, "withdraw", Code.REFUSED_INVALID, {"reason": "signatures_alone"})
        return answered(turn, "withdraw", [take_back_signature(turn, form) for form in signed], Code.WITHDRAWN)
    if turn.role in ("consultant", "service"):
        return refused(turn, "withdraw", Code.REFUSED_ROLE)
    disputes = [ref for ref in parsed.refs if ref.startswith("D")]
    if disputes:
        return answered(turn, "withdraw", [cancel_dispute(turn, ref) for ref in disputes], Code.WITHDRAWN)
    outcomes = []
    for named in claims_meant(turn, parsed):
        claim = _withdrawable(turn, named)
        if isinstance(claim, Outcome):
            outcomes.append(claim)
            continue
        params = named_params(claim)
        turn.state.put(replace(claim, state=ClaimState.WITHDRAWN, ended_at=turn.now, ended_for=parsed.words))
        if turn.role == "manager":
            turn.notify([claim.to_tell], Code.WITHDRAWN, params | {"by": "manager"}, claim.ref)
        outcomes.append(Outcome(Code.WITHDRAWN, params, claim.ref, (Rule.R7,)))
    return answered(turn, "withdraw", outcomes, Code.WITHDRAWN)


def meant_by_give_up(turn: Turn, parsed: Command) -> Command | Decision:
    """Return the 撤 that is meant by free words (取消, 不报了, 作废), or why there is none (L22)."""
    if turn.role in ("consultant", "service"):
        return refused(turn, "give_up", Code.REFUSED_ROLE)
    named = parsed.refs or parsed.reports
    meant: list[Claim | Missing] = claims_meant(turn, parsed) if named else [*last_reported(turn)]
    if not meant:
        return refused(turn, "give_up", Code.REFUSED_INVALID, {"reason": "give_up_which"})
    refusals = [found for claim in meant if isinstance(found := _withdrawable(turn, claim), Outcome)]
    if refusals:
        return answered(turn, "give_up", refusals)
    return Command("withdraw", refs=tuple(claim.ref for claim in meant if not isinstance(claim, Missing)))


def _withdrawable(turn: Turn, claim: Claim | Missing) -> Claim | Outcome:
    """Return the claim, or why it is not the sender's to withdraw, or not to withdraw at all."""
    if isinstance(claim, Missing):
        return claim.outcome
    params = named_params(claim)
    if turn.role is None and turn.phone not in claim.own_phones:
        return Outcome(Code.REFUSED_ROLE, params)
    if claim.state == ClaimState.WITHDRAWN:
        return Outcome(Code.REFUSED_NOT_FOUND, params)
    if claim.deal_at is not None:
        return Outcome(Code.REFUSED_LATE, params)
    return claim if claim.live(turn.now) else Outcome(Code.EXPIRED, expired_params(claim), claim.ref)
