"""判 V…: written proof cures a visit form whose data differ from the report's; or it is turned down (R22; B26)."""

from dataclasses import replace

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.disputes import open_at
from worker.rules.form_references import forms_meant, forms_seen
from worker.rules.forms import complete, form_params, missing, waits
from worker.rules.model import Decision, Visit
from worker.rules.numbers import Rule
from worker.rules.references import Missing
from worker.rules.signing import confirm
from worker.rules.states import WAITING, Flag, FormKind, FormState
from worker.rules.turn import Turn


def decide_cure(turn: Turn, parsed: Command) -> Decision:
    """Settle the visit forms that are named: 有效 with written proof, 重复 without."""
    if turn.role != "manager":
        return refused(turn, "settle", Code.REFUSED_ROLE)
    if parsed.answer is None:
        return refused(turn, "settle", Code.REFUSED_INVALID)
    meant = forms_meant(turn, parsed, [form for form in forms_seen(turn) if _pending(form)])
    return answered(turn, "settle", [_settle(turn, form, parsed.answer == "valid") for form in meant], Code.SETTLED)


def _pending(form: Visit) -> bool:
    return form.state in WAITING and bool(form.mismatch) and not form.cured


def _settle(turn: Turn, form: Visit | Missing, valid: bool) -> Outcome:
    if isinstance(form, Missing):
        return form.outcome
    if not _pending(form):
        return Outcome(Code.REFUSED_NOT_FOUND, form_params(form))
    # What all have signed on its day may still be cured, within a dispute about its claim.
    disputed = any(open_at(turn.state, dispute, turn.now) for dispute in turn.state.disputes_of(form.claim))
    if not waits(form, turn.state.day(turn.now)) and (missing(form) or not disputed):
        return Outcome(Code.EXPIRED, form_params(form) | {"ending": "form"}, form.ref, (Rule.R16,))
    params = form_params(form) | {"state": "cured" if valid else "uncured"}
    turn.notify([form.agent_phone], Code.SETTLED, params, form.ref)
    if valid:
        cure(turn, form)
    else:
        turn.state.put(replace(form, state=FormState.DENIED, closed_at=turn.now))
    return Outcome(Code.SETTLED, params, form.ref, (Rule.R5, Rule.R22))


def cure(turn: Turn, form: Visit) -> None:
    """R22: take the written proof; a form that all have signed is confirmed by it."""
    cured = replace(form, cured=True)
    turn.state.put(cured)
    if form.kind == FormKind.OWN:
        claim = turn.state.claims[form.claim]
        flags = tuple(flag for flag in claim.flags if flag != Flag.DISPUTED)
        turn.state.put(replace(claim, came_at=form.arrived_at, flags=flags))
    if complete(cured):
        confirm(turn, cured)
