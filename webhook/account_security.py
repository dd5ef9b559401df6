"""What a user does for his own account's safety: end logins one by one, and ask for codes beside the password."""

import re

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from webhook.access import LOGIN, allowed, everybody, present_user
from webhook.language import _
from webhook.login_tries import Page, begin, refused, try_login
from webhook.runtime import runtime
from worker.accounts.logins import end_others, end_session, log_out
from worker.accounts.second_factor import ROLES, Factor, new_seed, set_up
from worker.var_folder import secret_key_of

routes = Blueprint("account_security", __name__, url_prefix="/account")

TEMPLATE = "second_factor.html"
SEED = "second_factor"
"""Where the browser's session keeps a seed until its app has shown the first code."""


@routes.post("/logins/<key>/end")
@everybody
def end_login(key: str) -> Response:
    """End one of one's own logins."""
    end_session(runtime().engine, present_user(), key, runtime().clock())
    return redirect(url_for("accounts.account"), 303)


@routes.get("/code")
@allowed(*ROLES)
def code_page() -> str | Response:
    """Show the secret for an app, and ask for its first code."""
    who = present_user()
    if who.second_factor:
        return redirect(url_for("accounts.account"), 303)
    return render_template(TEMPLATE, fault=None, **_shown(_factor(session.setdefault(SEED, new_seed()))))


@routes.post("/code")
@allowed(*ROLES)
def take_code() -> Page:
    """Ask for codes from now on, if password and first code are right; every other login of the account ends.

    Only who knows the password: else whoever finds the page open could keep its owner out.
    """
    seed = session.get(SEED)
    if seed is None:
        abort(400, _("This page is too old: load it anew and send again."))
    who, now, factor = present_user(), runtime().clock(), _factor(seed)
    tried = try_login(who.name, request.form.get("current", ""))
    if tried.token is None:
        return refused(TEMPLATE, tried, **_shown(factor))
    if not set_up(runtime().engine, who, factor, request.form.get("code", ""), now):
        log_out(runtime().engine, who, tried.token, now)
        wrong = _("This code is not right: is the clock of the phone?")
        return render_template(TEMPLATE, fault=wrong, **_shown(factor)), 400
    end_others(runtime().engine, who, tried.token)
    begin(tried.token)
    flash(_("From now on a login asks for a code as well."))
    return redirect(url_for("accounts.account"), 303)


def _factor(seed: str) -> Factor:
    return Factor(seed, secret_key_of(runtime().settings))


def _shown(factor: Factor) -> dict[str, object]:
    # In groups of four a person types it without losing his place; apps take the spaces.
    groups = " ".join(re.findall(".{4}", factor.secret))
    address = factor.address(present_user())
    code = segno.make(address, error="m", micro=False)
    # Black on white in the dark as well: readers look for a light margin of four modules.
    drawn = Markup(code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr"))  # noqa: S704
    return {"secret": groups, "address": address, "qr": drawn, "who": present_user()}


def present_token() -> str:
    """Return the secret of this very login."""
    token: str = session[LOGIN]
    return token
