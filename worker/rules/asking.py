"""查 and 帮助: what a phone may be told (texts.md, section 2; decisions.md D15)."""

from typing import Any

from parsers.message import Parsed, Report
from worker.rules.model import Claim, Decision
from worker.rules.references import Missing, claims_meant
from worker.rules.refusals import answer_stranger
from worker.rules.turn import Turn
from worker.rules.withdrawing import refused


def decide_help(turn: Turn) -> Decision:
    """Answer with the format and a filled-in example; a stranger within the caps for strangers."""
    if turn.role or turn.listed or turn.own_live_claims():
        turn.answer("help")
    else:
        answer_stranger(turn, "help")
    return turn.decision("help", "help")


def decide_query(turn: Turn, parsed: Parsed) -> Decision:
    """Tell the state of a claim: an agent sees his unit's, or that another has reported, never who (R11)."""
    outcomes = _by_clients(turn, parsed) if parsed.reports and not parsed.refs else _by_numbers(turn, parsed)
    code, params, ref = outcomes[0]
    if len(outcomes) > 1:
        code = next((c for c, _, _ in outcomes if c == "status"), code)
        params = {"parts": [params | {"code": its_code} for its_code, params, _ in outcomes]}
    if code.startswith("refused_"):
        return refused(turn, "query", code, params)
    turn.answer(code, params, ref)
    return turn.decision("query", code)


def _by_numbers(turn: Turn, parsed: Parsed) -> list[tuple[str, dict[str, Any], str]]:
    meant = claims_meant(turn, parsed)
    return [
        (c.code, {"fitting": list(c.fitting)}, "") if isinstance(c, Missing) else ("status", _seen(turn, c), c.ref)
        for c in meant
    ]


def _by_clients(turn: Turn, parsed: Parsed) -> list[tuple[str, dict[str, Any], str]]:
    return [_by_client(turn, report) for report in parsed.reports]


def _by_client(turn: Turn, report: Report) -> tuple[str, dict[str, Any], str]:
    claim = claims_meant(turn, Parsed("query", reports=(report,)))[0]
    client = {"client": report.client or "", "mask": f"{report.first3}****{report.last4}"}
    if not isinstance(claim, Missing) and claim.live(turn.now):
        return "status", _seen(turn, claim), claim.ref
    held = any(c.holds(turn.now) for c in turn.state.claims_at(report.first3 or "", report.last4 or ""))
    if held:
        return "status", client | {"state": "other"}, ""
    if isinstance(claim, Missing):
        return "status", client | {"state": "nobody"}, ""
    return "status", _seen(turn, claim), claim.ref


def _seen(turn: Turn, claim: Claim) -> dict[str, Any]:
    state = claim.state if claim.live(turn.now) or claim.ended_at else "expired"
    seen = {"client": claim.client, "mask": claim.mask, "ref": claim.ref, "until": claim.ends_at.isoformat()}
    return seen | {"state": state, "agent": claim.agent, "unit": claim.unit}
