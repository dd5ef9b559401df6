"""What words are made of: the values that a reply carries beside its code (worker.words renders them)."""

from typing import Any, Final

from parsers.message import Report
from worker.rules.client import Client
from worker.rules.model import Claim


def client_params(report: Report) -> dict[str, Any]:
    """Return the client of a text as it was written."""
    client = Client.of(report)
    return {"client": client.name, "mask": client.mask}


def named_params(claim: Claim) -> dict[str, Any]:
    """Return a claim's client and number, and nothing of whose it is."""
    return {"client": claim.client, "mask": claim.mask, "ref": claim.ref}


RIVALS_NAMED: Final = 2
"""A notice is one segment: it names so many of the claims with the same digits."""


def rival_params(claim: Claim) -> dict[str, str]:
    """Return the numbers of the first claims that one stands against, for whoever has to judge."""
    named = ",".join(f"R{number}" if number > 0 else f"V{-number}" for number in claim.rivals[:RIVALS_NAMED])
    return {"other": named + ("…" if len(claim.rivals) > RIVALS_NAMED else "")} if claim.rivals else {}


def expired_params(claim: Claim) -> dict[str, Any]:
    """Return what `expired` says of a claim: whether its report's days are over or its visit's protection (C4)."""
    ending = "report" if claim.visited_at is None else "visit"
    return named_params(claim) | {"ending": ending, "days": claim.terms["report_days"] + claim.days_given}


def claim_params(claim: Claim) -> dict[str, Any]:
    """Return all that its own unit and staff may read of a claim."""
    return named_params(claim) | {
        "agent": claim.agent,
        "unit": claim.unit,
        "at": claim.reported_at.isoformat(),
        "until": claim.ends_at.isoformat(),
    }
