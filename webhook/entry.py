"""Entering something on a page: the form's text goes into the line, and the page shows what became of it."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from webhook.access import everybody, present_user
from webhook.language import _
from webhook.live import part
from webhook.outcome_words import OutcomeWords, outcome_words
from webhook.runtime import runtime
from worker.decide.set_up import SiteRow
from worker.desk import UnboundError, await_outcome, enter_form, form_id
from worker.readers.entries import Entered, entered
from worker.rules.model import Role

routes = Blueprint("entry", __name__, url_prefix="/entries")

DONE = "done"
"""Where an address says which form's outcome its page shows."""
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is logged in as a site's line knows him: by the phone that his account is bound to (D18)."""

    phone: str | None
    role: Role | None

    @property
    def party(self) -> str | None:
        """As which party of a visit form he signs."""
        return self.role if self.role in ("consultant", "manager") else None


def actor_at(site: SiteRow) -> Actor:
    """Return who is logged in, as this site's line knows him; he acts only in a role that his account has, too."""
    who = present_user()
    role = site.state.get("staff", {}).get(who.phone) if who.phone else None
    return Actor(who.phone, role if role is not None and who.may([role]) else None)


def new_seed() -> str:
    """Return what the ids of a page's forms begin with: made when the page is shown, so that each is entered once."""
    return secrets.token_urlsafe(9)


def asked_seed() -> str:
    """Return the seed of the page that asks for a part of itself."""
    return request.args.get("seed", "")[:40] or new_seed()


def word(name: str) -> str:
    """Return what was typed into a field as a word of a text: on one line."""
    return " ".join(request.form.get(name, "")[:LONGEST_WORD].split())


def submit(site: SiteRow, text: str, back: str) -> AnyResponse:
    """Put a form's text in line, wait shortly for its decision, and go back to the page, which shows the outcome."""
    token = request.form.get("entry", "")
    if not token:
        abort(400, _("This page is too old: load it anew and send again."))
    try:
        enter_form(runtime(), site.id, present_user(), token, text)
    except UnboundError:
        abort(409, _("Your account is bound to no phone, so nothing that you enter could count as yours."))
    await_outcome(runtime(), present_user(), token)
    return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode({DONE: token})}", 303)


@routes.get("")
@everybody
def outcome() -> Response:
    """Return the outcome of one's own form alone, as it stands now."""
    html = outcome_box()
    if not html:
        abort(404)
    return part(html)


def outcome_box() -> str:
    """Return what became of the form that this address names, "" when it names none of one's own."""
    token = request.args.get(DONE)
    found = entered(runtime().engine, form_id(present_user(), token)) if token else None
    if found is None:
        return ""
    return render_template("entry.html", found=found, words=_words(found), token=token)


def _words(found: Entered) -> OutcomeWords | None:
    return outcome_words(found.code) if found.code is not None else None
