"""撤 V…: a signer takes his own signature back until 24:00 of the form's day, and what hung on it is judged anew (L7).

A forged text may have signed; he whose number was forged sees his signature in his confirmation and on the desk.
"""

from dataclasses import replace
from datetime import datetime

from worker.rules.answers import Outcome
from worker.rules.codes import Code
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.families import claims_of_family
from worker.rules.forms import claims_on, form_params, in_view
from worker.rules.model import Claim, Visit
from worker.rules.numbers import Rule
from worker.rules.params import named_params
from worker.rules.protection import contacted, visited
from worker.rules.states import ClaimState, Flag, FormKind, FormState
from worker.rules.turn import Turn
from worker.rules.values import Before


def form_to_unsign(turn: Turn, ref: str) -> Visit | None:
    """Return the form that a reference names, if signatures are given on it: a walk-in is a claim by himself."""
    form = turn.state.visits.get(int(ref[1:])) if ref[:1] == "V" and ref[1:].isdecimal() else None
    return form if form is not None and form.kind != FormKind.WALK_IN else None


def take_back_signature(turn: Turn, form: Visit) -> Outcome:
    """Take the sender's signature off a form; a confirmed one stands open again, and is no visit any more."""
    if not in_view(turn, form):
        return Outcome(Code.REFUSED_NOT_FOUND)
    params = form_params(form)
    own = [party for party, signature in form.signatures.items() if signature.phone == turn.phone]
    claims = claims_on(turn.state, form)
    if turn.role == "service" or form.state == FormState.DENIED:
        return Outcome(Code.REFUSED_ROLE, params)
    if not own:
        # A claim is not given up by its form.
        said = {"reason": "form", "form": form.ref} | ({"ref": claims[0].ref} if claims else {})
        return Outcome(Code.REFUSED_INVALID, params | said)
    if form.day != turn.state.day(turn.now) or any(claim.deal_at is not None for claim in claims):
        return Outcome(Code.REFUSED_LATE, params, rules=(Rule.R16,))
    kept = {party: signature for party, signature in form.signatures.items() if party not in own}
    unsigned = replace(form, signatures=kept)
    if form.state == FormState.CONFIRMED:
        unsigned = replace(unsigned, state=FormState.OPEN, closed_at=None, before=())
        for claim in claims:
            _unconfirm(turn, form, claim)
        _let_stand_again(turn, form, claims)
    turn.state.put(unsigned)
    others = [signature.phone for signature in form.signatures.values()]
    told = params | {"state": "signature"}
    turn.notify([form.agent_phone, form.opener, *others], Code.WITHDRAWN, told, form.ref)
    return Outcome(Code.WITHDRAWN, told, form.ref, (Rule.R13, Rule.R16))


def as_before(claim: Claim) -> Before:
    """Return how a claim stands before a confirmation moves it."""
    return Before(
        claim.number,
        claim.state,
        claim.ends_at,
        claim.visited_at,
        claim.visit,
        claim.contact_at,
        claim.ahead,
        claim.days_given,
    )


def _unconfirm(turn: Turn, form: Visit, claim: Claim) -> None:
    """Judge a claim's protection anew: as it was before the form, with the visits and the contact that came since."""
    before = next((kept for kept in form.before if kept.claim == claim.number), None)
    if before is None or form.closed_at is None:
        return
    counted = replace(
        _ending(claim, before.ends_at, before.days),
        visited_at=before.visited_at,
        visit=before.visit,
        contact_at=before.contact_at,
        ahead=before.ahead,
    )
    # What the manager has given since stays given (延): once, at its place among the forms.
    days = before.days
    for later in sorted(turn.state.visits_of(claim.number), key=_closing):
        if later.state != FormState.CONFIRMED or not later.closed_at or _closing(later) <= _closing(form):
            continue
        own = next((kept for kept in later.before if kept.claim == claim.number), None)
        if own is not None:
            counted, days = _ending(counted, counted.ends_at + (own.days - days) * DAY, own.days), own.days
            kept = [replace(as_before(counted), days=days) if each is own else each for each in later.before]
            turn.state.put(replace(later, before=tuple(kept)))
        counted = visited(counted, later, claim.ahead)
    counted = _ending(counted, counted.ends_at + (claim.days_given - days) * DAY, claim.days_given)
    by_the_form = max(form.arrived_at, before.contact_at or form.arrived_at, counted.contact_at or form.arrived_at)
    if claim.contact_at is not None and claim.contact_at > by_the_form:
        counted = contacted(counted, claim.contact_at, claim.ahead)
    turn.state.put(counted)
    if claim.days_given > before.days:
        plan_protection(turn, counted)


def _ending(claim: Claim, ends_at: datetime, days: int) -> Claim:
    """Return a claim with this end, of which so many days were given: contacts keep such an end alone."""
    others = tuple(flag for flag in claim.flags if flag != Flag.EXTENDED)
    flags = claim.flags if days and Flag.EXTENDED in claim.flags else others + ((Flag.EXTENDED,) if days else ())
    return replace(claim, ends_at=ends_at, flags=flags)


def _closing(form: Visit) -> tuple[datetime, int, int]:
    """Return by what forms stand in the order in which they were closed; of one text by number."""
    last = max((signature.seq for signature in form.signatures.values()), default=0)
    return form.closed_at or form.opened_at, last, form.number


def _let_stand_again(turn: Turn, form: Visit, claims: list[Claim]) -> None:
    """Let stand again what gave way to the confirmation alone, unless somebody holds the client by now (B43)."""
    own = {claim.number for claim in claims}
    for kept in form.before:
        other = turn.state.claims.get(kept.claim)
        if kept.claim in own or other is None:
            continue
        if other.state != ClaimState.DISPLACED or other.ended_at != form.closed_at:
            continue
        if any(held.holds(turn.now) for held in claims_of_family(turn.state, other.who, turn.now)):
            continue
        turn.state.put(replace(other, state=kept.state, ended_at=None))
        turn.notify([other.to_tell], Code.WITHDRAWN, named_params(other) | {"state": "stands_again"}, other.ref)
