"""签: agent, consultant and manager sign a visit form, each from his own telephone, on its day (R13, R16)."""

from dataclasses import replace
from datetime import date

from parsers.message import Command
from worker.rules.answers import Outcome, answered, refused
from worker.rules.codes import Code
from worker.rules.deadlines import DAY, plan_protection
from worker.rules.families import claims_of_family
from worker.rules.form_references import forms_meant, forms_seen
from worker.rules.forms import (
    SIGNERS,
    claims_on,
    complete,
    form_params,
    listed_by,
    missing,
    moot,
    signed_by,
    signer_of,
    waits,
)
from worker.rules.model import Decision, Visit
from worker.rules.numbers import Rule
from worker.rules.params import named_params
from worker.rules.protection import protected_until, visited
from worker.rules.references import Missing, told_of
from worker.rules.revocation import as_before
from worker.rules.states import ClaimState, FormKind, FormState, Signer
from worker.rules.turn import Turn


def decide_sign(turn: Turn, parsed: Command) -> Decision:
    """Take the sender's signature under the forms that he means, or list those that wait for it."""
    signer = signer_of(turn)
    if signer is None:
        return refused(turn, "sign", Code.REFUSED_ROLE)
    waiting, sender = waiting_for(turn, signer), turn.state.sender(turn.phone)
    everything = parsed.refs == ("all",)
    meant: list[Visit | Missing]
    if not everything and (parsed.refs or parsed.reports):
        meant = forms_meant(turn, parsed, waiting)
    elif everything and sender.sign_list:
        meant = [form for form in waiting if form.number in sender.sign_list]
    elif len(waiting) > 1:
        turn.state.put(replace(sender, sign_list=tuple(form.number for form in waiting)))
        items = [f"{form.ref} {form.client}{form.mask}" for form in waiting]
        params = {"items": items, "fitting": [form.ref for form in waiting], "count": len(waiting)}
        return answered(turn, "sign", [Outcome(Code.SIGN_LIST, params)])
    else:
        # 签 alone is the one form that waits for him; of yesterday's the last, so that he hears that it is void.
        meant = [*(waiting or _lacking(turn, signer, turn.state.day(turn.now) - DAY)[-1:])]
    outcomes = [_sign(turn, form, signer) for form in meant or [Missing(Code.REFUSED_NOT_FOUND)]]
    return answered(turn, "sign", outcomes)


def waiting_for(turn: Turn, signer: Signer) -> list[Visit]:
    """Return today's forms that lack the signature of the sender, in the order of their numbers."""
    waiting = _lacking(turn, signer, turn.state.day(turn.now))
    return [form for form in waiting if listed_by(turn, form.arrived_at)] or waiting


def _lacking(turn: Turn, signer: Signer, day: date) -> list[Visit]:
    return [f for f in forms_seen(turn) if waits(f, day) and signer in missing(f) and not moot(turn.state, f)]


def _sign(turn: Turn, form: Visit | Missing, signer: Signer) -> Outcome:
    if isinstance(form, Missing):
        return form.outcome
    params = form_params(form)
    if not listed_by(turn, form.arrived_at):
        return Outcome(Code.REFUSED_ROLE, params, rules=(Rule.R26,))
    if form.kind == FormKind.WALK_IN or form.state == FormState.DENIED or moot(turn.state, form):
        return Outcome(Code.REFUSED_NOT_FOUND, params)
    if form.state == FormState.CONFIRMED:
        return Outcome(Code.VISIT_CONFIRMED, _copy(turn, form), form.ref)
    if not waits(form, turn.state.day(turn.now)):
        return Outcome(Code.EXPIRED, params | {"ending": "form"}, form.ref, (Rule.R16,))
    if signer == Signer.AGENT and form.kind == FormKind.OWN:
        return Outcome(Code.REFUSED_INVALID, params)
    return take_signature(turn, form, signer)


def take_signature(turn: Turn, form: Visit, signer: Signer) -> Outcome:
    """Take the sender's signature; the last one confirms the visit, and its answer is the confirmation (B31)."""
    signed = form if signer in form.signatures else signed_by(turn, form, signer)
    turn.state.put(signed)
    if not complete(signed):
        state = {} if missing(signed) else {"state": "asked" if signed.state == FormState.ASKED else "unproved"}
        params = form_params(signed) | {"missing": list(missing(signed))} | state
        return Outcome(Code.SIGNED, params, form.ref, (Rule.R13, Rule.R16))
    confirm(turn, signed)
    return Outcome(Code.VISIT_CONFIRMED, _copy(turn, signed), form.ref, (Rule.R13, Rule.R14, Rule.R16))


def confirm(turn: Turn, form: Visit) -> None:
    """R13, R14: the visit counts from now on; agent and opener get the confirmation, the agent's copy (R16)."""
    before = []
    for claim in claims_on(turn.state, form):
        before.append(as_before(claim))
        protected = visited(claim, form, turn.ahead)
        turn.state.put(protected)
        plan_protection(turn, protected)
        # B43: the client had arrived before the end, so what was reported after it gives way; the agent is told (E14).
        family = [] if claim.live(turn.now) else claims_of_family(turn.state, claim.who, turn.now)
        for other in family:
            if other.holds(turn.now) and other.reported_at >= claim.ends_at:
                before.append(as_before(other))
                turn.state.put(replace(other, state=ClaimState.DISPLACED, ended_at=turn.now))
                if other.unit != claim.unit:
                    told = {key: value for key, value in named_params(other).items() if key != "ref"}
                    turn.notify([other.agent_phone or other.sender], Code.DUPLICATE_OTHER, told)
    turn.state.put(replace(form, state=FormState.CONFIRMED, closed_at=turn.now, before=tuple(before)))
    # Who was given a client since the form was opened (转) is told, too: his protection is his to keep up.
    now_his = [phone for claim in claims_on(turn.state, form) for phone in told_of(turn, claim)]
    turn.notify([form.agent_phone, form.opener, *now_his], Code.VISIT_CONFIRMED, _copy(turn, form), form.ref)


def _copy(turn: Turn, form: Visit) -> dict[str, object]:
    """Return the confirmation's parts: who has signed, until when the client is protected, and the next contact due."""
    claim = turn.state.claims[form.claim]
    assert claim.visited_at is not None  # noqa: S101  (a confirmed form's claim has been visited)
    signers = [form.signatures[signer].name or signer for signer in SIGNERS[form.kind] if signer in form.signatures]
    ends = {"until": protected_until(claim).isoformat(), "contact_until": claim.ends_at.isoformat()}
    return form_params(form) | {"signers": signers} | ends
