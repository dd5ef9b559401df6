"""Visit forms (《来访客户确认单》): whose signatures one needs, who may give them, which wait (R13, R16; B30)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from worker.rules.deadlines import at_hour, end_of_day
from worker.rules.model import NO_AGENT, Claim, Deadline, Visit
from worker.rules.state import State
from worker.rules.states import WAITING, DeadlineKind, FormKind, FormState, Signer
from worker.rules.turn import Turn
from worker.rules.values import Signature

AT_THE_DESK = (Signer.CONSULTANT, Signer.MANAGER)
SIGNERS = {FormKind.LED: (Signer.AGENT, *AT_THE_DESK), FormKind.OWN: AT_THE_DESK}
"""Kind of form → who has to sign; of an own arrival no agent (R15), of a walk-in nobody: he is one as he comes (R6)."""


def signer_of(turn: Turn) -> Signer | None:
    """Return as whom the sender signs: staff of the desk, an agent of the roster; None for anybody else (B1)."""
    if turn.role is not None:
        return Signer(turn.role) if turn.role in AT_THE_DESK else None
    return Signer.AGENT if turn.listed is not None else None


def listed_by(turn: Turn, arrived_at: datetime) -> bool:
    """Tell whether the sender, if he is an agent, was on the roster when the client arrived (R26, B48)."""
    if turn.listed is None or turn.role is not None:
        return True
    return turn.listed.listed_at is None or turn.listed.listed_at <= arrived_at


def missing(form: Visit) -> tuple[Signer, ...]:
    """Return those whose signatures a form still lacks."""
    return tuple(signer for signer in SIGNERS.get(form.kind, ()) if signer not in form.signatures)


def complete(form: Visit) -> bool:
    """Tell whether nothing keeps a form from being confirmed: all have signed, and what differed is proved (B26)."""
    return form.state == FormState.OPEN and not missing(form) and (not form.mismatch or form.cured)


def waits(form: Visit, day: date) -> bool:
    """Tell whether a form may still be signed: until 24:00 of its day (R16)."""
    return form.state in WAITING and form.day == day


def moot(state: State, form: Visit) -> bool:
    """Tell whether a form's claim was withdrawn, or ended otherwise than by its time: there is nothing to sign for."""
    claim = state.claims.get(form.claim)
    return claim is not None and claim.ended_at is not None


def in_view(turn: Turn, form: Visit) -> bool:
    """Tell whether a form is the sender's to speak of: staff sees all, an agent his unit's."""
    return turn.role is not None or (turn.listed is not None and turn.listed.unit == form.unit)


def signed_by(turn: Turn, form: Visit, signer: Signer) -> Visit:
    """Return the form with the sender's signature; an agent who was not known is the form's from then on (C11)."""
    name = turn.listed.name if turn.listed else ""
    if signer != Signer.AGENT:
        name = turn.state.site.names.get(turn.phone, "")
    signature = Signature(turn.phone, turn.now, turn.message.seq, name)
    signed = replace(form, signatures={**form.signatures, signer: signature})
    unknown = signer == Signer.AGENT and (not form.agent_phone or form.agent == NO_AGENT)
    return replace(signed, agent=name, agent_phone=turn.phone) if unknown else signed


def claims_named(form: Visit) -> list[int]:
    """Return the numbers of the claims that a form is a visit under, of its first client and of the others."""
    return list(dict.fromkeys((form.claim, *(member.claim for member in form.members))))


def claims_on(state: State, form: Visit) -> list[Claim]:
    """Return the claims that a form is a visit under."""
    return [state.claims[number] for number in claims_named(form) if number in state.claims]


def form_params(form: Visit) -> dict[str, Any]:
    """Return what may be read of a form by who signs it."""
    return {
        "client": form.client,
        "mask": form.mask,
        "ref": form.ref,
        "at": form.arrived_at.isoformat(),
        "agent": form.agent,
        "unit": form.unit,
        "fields": list(form.mismatch),
    } | ({"persons": len(form.members) + 1} if form.members else {})


def plan_form(turn: Turn, form: Visit) -> None:
    """Put down what time tells of a form: who has not signed by the evening, and its end at 24:00 (R13, R16)."""
    turn.state.put(Deadline(DeadlineKind.VISIT_VOID, form.ref, end_of_day(turn.state, form.day)))
    hour = turn.policy.sign_reminder
    reminded_at = at_hour(turn.state, form.day, hour) if hour is not None else turn.now
    if reminded_at > turn.now:
        turn.state.put(Deadline(DeadlineKind.SIGN_REMINDER, form.ref, reminded_at))


def phones_of(state: State, form: Visit, signer: Signer) -> Iterator[str]:
    """Yield the phones of a signer of a form: its agent's, or every consultant's or manager's."""
    yield from [form.agent_phone] if signer == Signer.AGENT else state.staff(signer)
