"""查 and 帮助: what a phone may be told (texts.md, section 2; decisions.md D15, L2)."""

from typing import Any

from parsers.message import Command, Report
from worker.rules.answers import Outcome, answered
from worker.rules.attribution import attribute, owns
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.disputes import open_at
from worker.rules.foreign import count_foreign, foreign_left
from worker.rules.model import Claim, Decision
from worker.rules.params import client_params, named_params
from worker.rules.references import Missing, claim_numbered, claims_meant, in_his_view, last_reported
from worker.rules.refusals import answer_stranger
from worker.rules.states import PENDING
from worker.rules.turn import Turn

NOT_ONES_OWN = ("hidden", "other", "nobody")
"""How a client stands who is no claim in the asker's view: every such answer tells something of others (L2)."""


def decide_help(turn: Turn) -> Decision:
    """Answer with what this person can write; a stranger with the format, within the caps for strangers (L16)."""
    if turn.role or turn.listed:
        turn.answer(Code.HELP, {"state": turn.role or "agent"})
    elif turn.own_live_claims():
        turn.answer(Code.HELP, {"state": "left"} if turn.has_left else {})
    else:
        answer_stranger(turn, Code.HELP)
    return turn.decision("help", Code.HELP)


def decide_query(turn: Turn, parsed: Command) -> Decision:
    """Tell the state of a claim: an agent sees his unit's, or that another has reported, never who (R11).

    A question that names nobody is about the sender's last report (L22).
    """
    if not parsed.reports and not parsed.refs:
        last = [Outcome(Code.STATUS, _seen(turn, claim), claim.ref) for claim in last_reported(turn)]
        return answered(turn, "query", last or [Outcome(Code.REFUSED_INVALID)], Code.STATUS)
    if parsed.refs:
        outcomes = [_by_number(turn, ref) for ref in parsed.refs]
    else:
        outcomes = [_by_client(turn, report) for report in parsed.reports]
    if outcomes[0].code == Code.REFUSED_NOT_FOUND and turn.message.text.strip() in parsed.refs:
        # Four digits alone that are no client's of his may be anything (L5).
        return turn.decision("query", Code.NOT_A_REPORT)
    # Named twice, by R1 and 1, it is told once (L12).
    once = {outcome.ref or str(i): outcome for i, outcome in enumerate(outcomes)}
    return answered(turn, "query", _within_limits(turn, list(once.values())), Code.STATUS)


def _within_limits(turn: Turn, outcomes: list[Outcome]) -> list[Outcome]:
    """L2: of clients that are not one's own an agent asks for few in a text and in a day of the site, then by phone."""
    if turn.role is not None:
        return outcomes
    left = foreign_left(turn)
    told: list[Outcome] = []
    foreign = 0
    for outcome in outcomes:
        if outcome.code == Code.REFUSED_NOT_FOUND or outcome.params.get("state") in NOT_ONES_OWN:
            foreign += 1
            if foreign > left:
                who = {key: outcome.params[key] for key in ("client", "mask") if key in outcome.params}
                told.append(Outcome(Code.REFUSED_INVALID, who | {"reason": "ask_site"}))
                continue
        told.append(outcome)
    if foreign:
        count_foreign(turn, min(foreign, left))
    return told


def _by_number(turn: Turn, ref: str) -> Outcome:
    claim = claims_meant(turn, Command("query", refs=(ref,)))[0]
    if not isinstance(claim, Missing):
        return Outcome(Code.STATUS, _seen(turn, claim), claim.ref)
    others = claim_numbered(turn, ref)
    if claim.code == Code.REFUSED_NOT_FOUND and others is not None and others.live(turn.now):
        # Another unit's: that it is taken, and neither his number nor his name (D15).
        return Outcome(Code.STATUS, {"state": "hidden"})
    return claim.outcome


def _by_client(turn: Turn, report: Report) -> Outcome:
    asked = Client.of(report)
    if report.client is None:
        # A number without a name tells only of the asker's own: four digits are hidden, so it may be anybody's.
        at = turn.state.claims_at(asked.phone7)
        seen = [claim for claim in at if claim.live(turn.now) and in_his_view(turn, claim)]
        if len(seen) > 1:
            return Outcome(Code.REFUSED_AMBIGUOUS, {"fitting": [claim.ref for claim in seen]})
        if not seen:
            return Outcome(Code.REFUSED_INVALID, {"reason": "whom"})
        return Outcome(Code.STATUS, _seen(turn, seen[0]), seen[0].ref)
    claim = claims_meant(turn, Command("query", reports=(report,)))[0]
    client = client_params(report)
    if not isinstance(claim, Missing) and claim.live(turn.now):
        return Outcome(Code.STATUS, _seen(turn, claim), claim.ref)
    if attribute(turn.state, asked, turn.now).unit:
        return Outcome(Code.STATUS, client | {"state": "other"})
    if isinstance(claim, Missing):
        return Outcome(Code.STATUS, client | {"state": "nobody"})
    return Outcome(Code.STATUS, _seen(turn, claim), claim.ref)


def _seen(turn: Turn, claim: Claim) -> dict[str, Any]:
    seen = named_params(claim) | {"until": claim.ends_at.isoformat()}
    return seen | {"state": _state_of(turn, claim), "agent": claim.agent, "unit": claim.unit}


def _state_of(turn: Turn, claim: Claim) -> str:
    """Return the case of the words for how a claim stands; that another's is meanwhile first is all an agent learns."""
    if claim.ended_at is not None:
        return claim.state
    if not claim.live(turn.now):
        return "expired" if claim.visited_at is None else "lapsed"
    if claim.state in PENDING:
        return claim.state
    if any(open_at(turn.state, dispute, turn.now) for dispute in turn.state.disputes_of(claim.number)):
        return "disputed"
    if turn.role is None and not owns(turn.state, claim, turn.now):
        return "other"
    if claim.sold(turn.now):
        return "sold"
    return "live" if claim.visited_at is None else "visited"
