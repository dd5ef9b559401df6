"""查 and 帮助: what a phone may be told (texts.md, section 2; decisions.md D15)."""

from typing import Any

from parsers.message import Parsed, Report
from worker.rules.answering import Outcome, answered
from worker.rules.model import Claim, Decision
from worker.rules.params import client_params, named_params
from worker.rules.references import Missing, claims_meant
from worker.rules.refusals import answer_stranger
from worker.rules.turn import Turn


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
    return answered(turn, "query", outcomes, "status")


def _by_numbers(turn: Turn, parsed: Parsed) -> list[Outcome]:
    return [
        Outcome(c.code, {"fitting": list(c.fitting)})
        if isinstance(c, Missing)
        else Outcome("status", _seen(turn, c), c.ref)
        for c in claims_meant(turn, parsed)
    ]


def _by_clients(turn: Turn, parsed: Parsed) -> list[Outcome]:
    return [_by_client(turn, report) for report in parsed.reports]


def _by_client(turn: Turn, report: Report) -> Outcome:
    claim = claims_meant(turn, Parsed("query", reports=(report,)))[0]
    client = client_params(report)
    if not isinstance(claim, Missing) and claim.live(turn.now):
        return Outcome("status", _seen(turn, claim), claim.ref)
    held = any(c.holds(turn.now) for c in turn.state.claims_at(report.first3 or "", report.last4 or ""))
    if held:
        return Outcome("status", client | {"state": "other"})
    if isinstance(claim, Missing):
        return Outcome("status", client | {"state": "nobody"})
    return Outcome("status", _seen(turn, claim), claim.ref)


def _seen(turn: Turn, claim: Claim) -> dict[str, Any]:
    state = claim.state if claim.live(turn.now) or claim.ended_at else "expired"
    seen = named_params(claim) | {"until": claim.ends_at.isoformat()}
    return seen | {"state": state, "agent": claim.agent, "unit": claim.unit}
