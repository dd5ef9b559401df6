"""What the day's end tells of a visit form: who has not signed by evening, and that it is void (R13, R16; B36)."""

from collections.abc import Iterable
from datetime import datetime

from worker.rules.codes import Code
from worker.rules.forms import form_params, missing, moot, phones_of
from worker.rules.model import Deadline, Reply, Visit
from worker.rules.state import State
from worker.rules.states import WAITING, FormState


def sign_reminder(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """Remind the parties whose signatures are missing."""
    form = _waiting(state, deadline)
    if form is None or state.policy.sign_reminder is None:
        return []
    return _to(
        state, (phone for signer in missing(form) for phone in phones_of(state, form, signer)), Code.SIGN_REMINDER, form
    )


def visit_void(state: State, deadline: Deadline, now: datetime, head: str) -> list[Reply]:
    """Tell agent and opener that a form was not confirmed on its day; service and manager where service was asked."""
    form = _waiting(state, deadline)
    if form is None:
        return []
    asked = [*state.staff("service"), *state.staff("manager")] if form.state == FormState.ASKED else []
    return _to(state, [form.agent_phone, form.opener, *asked], Code.VISIT_VOID, form)


def _waiting(state: State, deadline: Deadline) -> Visit | None:
    form = state.visits.get(int(deadline.subject.removeprefix("V")))
    return form if form is not None and form.state in WAITING and not moot(state, form) else None


def _to(state: State, phones: Iterable[str], code: Code, form: Visit) -> list[Reply]:
    return [Reply(phone, code, "notice", form_params(form), form.ref) for phone in dict.fromkeys(phones) if phone]
