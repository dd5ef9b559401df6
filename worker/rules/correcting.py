"""更正: the true number of a client who was reported under another, shown by written proof (R22, R25; D2)."""

from dataclasses import replace

from parsers.message import Command, Report
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.displacement import displace
from worker.rules.identity import names_agree
from worker.rules.model import Alias, Claim, Decision
from worker.rules.numbers import Rule
from worker.rules.params import expired_params, named_params
from worker.rules.references import Missing, claims_meant
from worker.rules.turn import Turn


def decide_correct(turn: Turn, parsed: Command) -> Decision:
    """Give a claim the number that stands last in the text; the old one goes on finding it."""
    if turn.role != "manager":
        return refused(turn, "correct", Code.REFUSED_ROLE)
    claims, true = parsed, None
    if parsed.reports and len(parsed.refs) + len(parsed.reports) > 1:
        # What stands before it names the claim.
        claims, true = replace(parsed, reports=parsed.reports[:-1]), parsed.reports[-1]
    if true is None or not parsed.words:
        return refused(turn, "correct", Code.REFUSED_INVALID, {"reason": "number" if true is None else "proof"})
    meant = claims_meant(turn, claims)
    if len(meant) > 1:
        return refused(turn, "correct", Code.REFUSED_INVALID, {"reason": "one"})
    return answered(turn, "correct", [_correct(turn, meant[0], true, parsed.words)])


def _correct(turn: Turn, claim: Claim | Missing, true: Report, proof: str) -> Outcome:
    if isinstance(claim, Missing):
        return claim.outcome
    if claim.ended_at is not None:
        return Outcome(Code.REFUSED_NOT_FOUND, named_params(claim))
    if not claim.live(turn.now):
        return Outcome(Code.EXPIRED, expired_params(claim), claim.ref)
    if claim.phone7 == (true.first3, true.last4):
        return Outcome(Code.REFUSED_INVALID, {"reason": "number"})
    before = claim.phone7
    turn.state.put(Alias(*before, claim.number, turn.message.seq, turn.now, proof))
    corrected = replace(claim, first3=true.first3 or "", last4=true.last4 or "")
    turn.state.put(corrected)
    # R22: of claims that turn out to be one client's the earliest stands; one with a visit is for a dispute (B16).
    at = turn.state.claims_at(corrected.phone7)
    same = [c for c in at if c.holds(turn.now) and names_agree(c.client, corrected.client)]
    first, *later = sorted(same, key=lambda c: (c.reported_at, c.seq, c.part)) or [corrected]
    for other in later:
        if other.unit != first.unit and other.visited_at is None and not other.sold(turn.now):
            displace(turn, other)
    return Outcome(Code.CORRECTED, named_params(corrected) | {"old": claim.mask}, claim.ref, (Rule.R22, Rule.R25))
