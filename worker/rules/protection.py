"""Protection: how long a claim holds its client, and which contacts keep it up (R9, R14; decisions.md B4, B8, B34).

Before a visit a claim lasts its report's days, whatever is done; contacts only decide whether it may be renewed. After
one it lasts 30 days from the first visit, and only while no gap between contacts is longer than 168 hours.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from worker.rules.model import Claim, Visit
from worker.rules.states import Flag


def protected_until(claim: Claim) -> datetime:
    """Return the end of the 30 days from the first visit (R14), whatever the contacts."""
    assert claim.visited_at is not None  # noqa: S101  (only a visited claim has such an end)
    return claim.visited_at + timedelta(days=claim.terms["visit_days"])


def lapsed(claim: Claim) -> bool:
    """Tell whether a visited claim's end is that of a contact gap and not of its 30 days (R14)."""
    return claim.visited_at is not None and claim.ends_at < protected_until(claim)


def visited(claim: Claim, form: Visit, ahead: int) -> Claim:
    """Return a claim after a confirmed visit: the first begins its protection (B9), a later one is a contact.

    `ahead` as `contacted` has it.
    """
    if claim.visited_at is None:
        claim = replace(claim, visited_at=form.arrived_at, visit=form.number, ahead=ahead)
    return contacted(claim, form.arrived_at, ahead)


def contacted(claim: Claim, at: datetime, ahead: int) -> Claim:
    """Return the claim after a contact: its gaps counted anew from there; `Claim.live` at `at` is the caller's to see.

    `ahead`: by how many seconds the line is ahead of a second clock (`Turn.ahead`).
    Before a visit the report's end stays where it is (R9); after one it moves, at most to the 30 days (R14).
    """
    if claim.visited_at is None:
        since = claim.followed_at or claim.renewed_at or claim.reported_at
        broken = (Flag.GAP_BROKEN,) if at - since > _renewal_gap(claim) else ()
        return replace(claim, followed_at=at, flags=tuple(dict.fromkeys((*claim.flags, *broken))))
    last = max(claim.contact_at or at, at)
    whole = protected_until(claim)
    ends_at = min(whole, last + timedelta(hours=claim.terms["contact_gap_hours"]))
    if Flag.CLOCK in claim.flags or Flag.EXTENDED in claim.flags:
        # What was given back after a clock's jump, or by the manager, no contact takes away.
        ends_at = max(ends_at, claim.ends_at)
    # Only an end that counts from this contact is told by its clock.
    ahead = claim.ahead if ends_at in (whole, claim.ends_at) else ahead
    return replace(claim, contact_at=last, ends_at=ends_at, ahead=ahead)


def followed_without_gap(claim: Claim, now: datetime) -> bool:
    """Tell whether a claim was followed up at least once (B4), every gap from the report to now within 72 h (R9)."""
    return (
        claim.followed_at is not None
        and Flag.GAP_BROKEN not in claim.flags
        and now - claim.followed_at <= _renewal_gap(claim)
    )


def _renewal_gap(claim: Claim) -> timedelta:
    return timedelta(hours=claim.terms["renewal_gap_hours"])
