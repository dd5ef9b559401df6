"""Visit protection: thirty days from the first confirmed visit, while no contact gap is too long (R14; B9)."""

from dataclasses import replace
from datetime import datetime, timedelta

from worker.rules.attribution import protected_until
from worker.rules.model import Claim, Visit


def visited(claim: Claim, form: Visit) -> Claim:
    """Return a claim after a confirmed visit: the first begins its protection, a later one is a contact."""
    if claim.visited_at is None:
        claim = replace(claim, visited_at=form.arrived_at, visit=form.number)
    return contacted(claim, form.arrived_at)


def contacted(claim: Claim, at: datetime) -> Claim:
    """Return a visited claim after a contact: the gap begins anew, and the thirty days stay its end."""
    last = at if claim.contact_at is None else max(claim.contact_at, at)
    gap = timedelta(hours=claim.terms["contact_gap_hours"])
    return replace(claim, contact_at=last, ends_at=min(protected_until(claim), last + gap))
