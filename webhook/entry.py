"""Entering something on a page: what a form means goes into the line, and the page shows what became of it.

What is wrong with a form is said beside its fields, which keep what was typed, whether we saw it or the decision did.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from webhook.access import everybody, polled, present_user
from webhook.actor import demand_own_role
from webhook.entries import Taken, entry_named, typed_of
from webhook.field_words import faults_of
from webhook.language import _
from webhook.live import part
from webhook.outcome_words import outcome_words
from webhook.runtime import runtime
from worker.decide.set_up import SiteRow
from worker.page_door import UnboundError, await_outcome, enter_form, form_id
from worker.readers.entries import Entered, entered
from worker.rules.form_payload import payload_meaning

routes = Blueprint("entry", __name__, url_prefix="/entries")

DONE = "done"
"""Where an address says which form's outcome its page shows."""
_STANDING = "standing_form"
_FOUND = "entered_form"


@dataclass(frozen=True, slots=True)
class StandingForm:
    """A form that was not taken, and stands on the page again: what was typed, and what is wrong with which field."""

    key: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def new_seed() -> str:
    """Return what the ids of a page's forms begin with: made when the page is shown, so that each is entered once."""
    return secrets.token_urlsafe(9)


def asked_seed() -> str:
    """Return the seed of the page that asks for a part of itself."""
    return request.args.get("seed", "")[:40] or new_seed()


def is_entered() -> bool:
    """Tell whether the form that is posted stands in line already: it was sent twice."""
    return entered(runtime().engine, form_id(present_user(), _token())) is not None


def _token() -> str:
    token = request.form.get("entry", "")
    if not token:
        abort(400, _("This page is too old: load it anew and send again."))
    return token


def submit(site: SiteRow, name: str, taken: Taken, back: str) -> AnyResponse:
    """Put a form in line, wait shortly for its decision, and go back to the page, which shows the outcome."""
    who, token = present_user(), _token()
    demand_own_role(site)
    try:
        enter_form(runtime(), site.id, who, token, taken.sentence, name, taken.meaning)
    except UnboundError:
        abort(409, _("Your account is bound to no phone, so nothing that you enter could count as yours."))
    await_outcome(runtime(), who, token)
    return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode({DONE: token})}", 303)


@routes.get("")
@everybody
@polled
def outcome() -> Response:
    """Return the outcome of one's own form alone, as it stands now."""
    html = outcome_box()
    if not html:
        abort(404)
    return part(html)


def outcome_box() -> str:
    """Return what became of the form that this address names, "" when it names none of one's own."""
    found = _asked_for()
    if found is None:
        return ""
    keep_refused(found)
    return render_template(
        "entry.html",
        found=found,
        words=outcome_words(found.code) if found.code is not None else None,
        token=request.args[DONE],
    )


def _asked_for() -> Entered | None:
    token = request.args.get(DONE)
    if token and _FOUND not in g:
        setattr(g, _FOUND, entered(runtime().engine, form_id(present_user(), token)))
    found: Entered | None = g.get(_FOUND)
    return found


def recall() -> None:
    """Let the form that this address names stand on the page again if it was refused."""
    found = _asked_for()
    if found is not None:
        keep_refused(found)


def keep_refused(found: Entered) -> None:
    """Let a form stand on the page again if its decision refused it."""
    entry, meaning = entry_named(str(found.payload.get("form", ""))), payload_meaning(found.payload)
    if entry is not None and meaning is not None and (found.code or "").startswith("refused_"):
        typed = typed_of(entry, meaning)
        keep(StandingForm(entry.key(typed), typed, faults_of(entry.name, found.code or "", found.reason)))


def keep(form: StandingForm) -> None:
    """Let a form stand on the page that answers this request."""
    setattr(g, _STANDING, form)


def standing() -> StandingForm:
    """Return the form that stands on this page again, an empty one where none does."""
    form: StandingForm = g.get(_STANDING) or StandingForm()
    return form


def field_value(key: str, name: str, usual: str = "") -> str:
    """Return what a field of a form holds: what was typed, where the form stands again, else what it holds at first."""
    form = standing()
    return form.fields.get(name, "") if key and form.key == key else usual


def field_wrong(key: str, name: str) -> str:
    """Return what is wrong with a field of a form, "" while nothing is."""
    form = standing()
    return form.faults.get(name, "") if key and form.key == key else ""
