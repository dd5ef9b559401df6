"""撤: the holder, or the manager with his code, gives a client up (R7; decisions.md B6, B41, B47)."""

from dataclasses import replace

from parsers.message import Parsed
from worker.rules.model import Claim, Decision
from worker.rules.references import Missing, claims_meant
from worker.rules.refusals import refuse
from worker.rules.turn import Turn


def decide_withdraw(turn: Turn, parsed: Parsed) -> Decision:
    """Withdraw the claims that are named; what was protected by them is free for the next report."""
    if turn.role in ("consultant", "service"):
        return refused(turn, "withdraw", "refused_role")
    meant = claims_meant(turn, parsed)
    outcomes = [_withdraw(turn, claim) for claim in meant]
    code, params, ref = outcomes[0]
    if len(outcomes) > 1:
        code = next((c for c, _, _ in outcomes if c == "withdrawn"), code)
        params = {"parts": [params | {"code": its_code} for its_code, params, _ in outcomes]}
    if code.startswith("refused_"):
        return refused(turn, "withdraw", code, params)
    turn.answer(code, params, ref)
    return turn.decision("withdraw", code, ("R7",))


def refused(turn: Turn, kind: str, code: str, params: dict[str, object] | None = None) -> Decision:
    """Close a command with a refusal."""
    refuse(turn, code, params)
    return turn.decision(kind, code)


def _withdraw(turn: Turn, claim: Claim | Missing) -> tuple[str, dict[str, object], str]:
    if isinstance(claim, Missing):
        return claim.code, {"fitting": list(claim.fitting)}, ""
    params: dict[str, object] = {"client": claim.client, "mask": claim.mask, "ref": claim.ref}
    if turn.role is None and turn.phone not in (claim.sender, claim.agent_phone):
        return "refused_role", params, ""
    if claim.state == "withdrawn":
        return "refused_not_found", params, ""
    if not claim.live(turn.now):
        return "expired", params | {"ending": "report", "days": turn.policy.report_days}, claim.ref
    turn.state.put(replace(claim, state="withdrawn", ended_at=turn.now))
    if turn.role == "manager":
        turn.notify([claim.agent_phone or claim.sender], "withdrawn", params | {"by": "manager"}, claim.ref)
    return "withdrawn", params, claim.ref
