"""Whom a payment or an objection is about: R, V, or name and mask, whoever holds him (D3; the exception in E6)."""

from parsers.message import Command
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.identity import same_name
from worker.rules.model import Claim
from worker.rules.references import Missing, claim_numbered, claims_meant, latest_named
from worker.rules.turn import Turn


def written_as(parsed: Command, claim: Claim) -> str:
    """Return what a command calls a claim where that is less than its client: number or surname; else "" (L1)."""
    if parsed.refs:
        return claim.ref
    written = Client.of(parsed.reports[0])
    return "" if same_name(written.name, claim.client) else written.name + written.mask


def claim_named(turn: Turn, parsed: Command) -> Claim | Missing:
    """Return the claim that the first reference of a command names; last four digits only in his view (E24)."""
    if not parsed.refs:
        if not parsed.reports:
            return Missing(Code.REFUSED_INVALID)
        report = parsed.reports[0]
        at = turn.state.claims_at(Client.of(report).phone7)
        return latest_named(at, report.client or "", turn.now) or Missing(Code.REFUSED_NOT_FOUND)
    ref = parsed.refs[0]
    if ref.isdigit() and len(ref) == 4:
        found = claims_meant(turn, Command("", refs=(ref,)))[0]
        if isinstance(found, Claim) or found.code == Code.REFUSED_AMBIGUOUS:
            return found
    return claim_numbered(turn, ref) or Missing(Code.REFUSED_NOT_FOUND)
