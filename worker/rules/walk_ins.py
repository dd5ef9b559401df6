"""Walk-ins (现场客): who comes without a live report is the site's for thirty days, by R14's contact rule (R6; B2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from parsers.message import Report
from worker.rules.answers import Outcome
from worker.rules.codes import Code
from worker.rules.forms import form_params, signed_by, signer_of
from worker.rules.guests import Standing
from worker.rules.identity import name_key
from worker.rules.model import WALK_IN, Claim, Visit
from worker.rules.numbers import Rule
from worker.rules.protection import visited
from worker.rules.states import ClaimState, Flag, FormKind, FormState
from worker.rules.turn import Turn

WHY_UNDER_NONE: Final[Mapping[str, tuple[Flag, ...]]] = {"early": (Flag.EARLY,), "over": (Flag.LAPSED,)}
"""How a client stood at his arrival (`guests.Standing`) → why no report of him counts."""


def enter_walk_in(turn: Turn, guest: Report, standing: Standing, arrived_at: datetime) -> Outcome:
    """Write the form of a client who comes under no report that counts, and take him in; nobody has to sign it (R6).

    Another visit of a walk-in is a contact (R14).
    """
    form = _form(turn, guest, arrived_at)
    if standing.case == "walkin" and standing.claim is not None:
        form = replace(form, claim=standing.claim.number)
        turn.state.put(form)
        turn.state.put(visited(standing.claim, form, turn.ahead))
        return Outcome(Code.WALKIN, form_params(form), form.ref, (Rule.R6, Rule.R14))
    turn.state.put(form)
    take_in(turn, form, WHY_UNDER_NONE.get(standing.case, ()))
    if standing.case == "early":
        return Outcome(Code.WALKIN, form_params(form) | {"state": "early"}, form.ref, (Rule.R6, Rule.R1))
    return Outcome(Code.WALKIN, form_params(form), form.ref, (Rule.R6,))


def take_in(turn: Turn, form: Visit, flags: tuple[Flag, ...]) -> Claim:
    """Make the client of a form the site's own, from his arrival on."""
    claim = Claim(
        number=-form.number,
        seq=turn.message.seq,
        part=0,
        client=form.client,
        name_key=name_key(form.client),
        first3=form.first3,
        last4=form.last4,
        unit=WALK_IN,
        agent="",
        agent_phone="",
        sender="",
        reported_at=form.arrived_at,
        ends_at=form.arrived_at,
        state=ClaimState.WALK_IN,
        flags=flags,
        policy_seq=turn.state.site.policy_seq,
        terms=turn.policy.terms,
    )
    taken = visited(claim, form, turn.ahead)
    turn.state.put(taken)
    return taken


def _form(turn: Turn, guest: Report, arrived_at: datetime) -> Visit:
    number = turn.next_visit()
    form = Visit(
        number=number,
        seq=turn.message.seq,
        opened_at=turn.now,
        arrived_at=arrived_at,
        day=turn.state.day(turn.now),
        kind=FormKind.WALK_IN,
        state=FormState.CONFIRMED,
        client=guest.client or "",
        first3=guest.first3 or "",
        last4=guest.last4 or "",
        claim=-number,
        unit=WALK_IN,
        agent="",
        agent_phone="",
        opener=turn.phone,
        closed_at=turn.now,
    )
    signer = signer_of(turn) if turn.role else None
    return signed_by(turn, form, signer) if signer else form
