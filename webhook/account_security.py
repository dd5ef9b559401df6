"""What a user does for his own account's safety: end logins one by one, and ask for codes beside the password."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from webhook.access import LOGIN, allowed, everybody, present_user
from webhook.language import _
from webhook.runtime import runtime
from worker.accounts.logins import end_session
from worker.accounts.second_factor import ROLES, address_of, new_secret, set_up, take_away

routes = Blueprint("account_security", __name__, url_prefix="/account")

SECRET = "second_factor"  # noqa: S105
"""Where the browser's session keeps a secret until its app has shown the first code."""


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
    secret = session.setdefault(SECRET, new_secret())
    return _asked(secret, None)


@routes.post("/code")
@allowed(*ROLES)
def take_code() -> str | tuple[str, int] | Response:
    """Ask for codes from now on, if the first one is right."""
    secret = session.get(SECRET)
    if secret is None:
        abort(400, _("This page is too old: load it anew and send again."))
    if not set_up(runtime().engine, present_user(), secret, request.form.get("code", ""), runtime().clock()):
        return _asked(secret, _("This code is not right: is the clock of the phone?")), 400
    session.pop(SECRET)
    flash(_("From now on a login asks for a code as well."))
    return redirect(url_for("accounts.account"), 303)


def _asked(secret: str, fault: str | None) -> str:
    address = address_of(secret, present_user())
    return render_template("second_factor.html", secret=secret, address=address, fault=fault)


@routes.post("/code/remove")
@allowed(*ROLES)
def remove_code() -> Response:
    """Ask for no codes any more; whoever is logged in has given one."""
    take_away(runtime().engine, present_user(), runtime().clock())
    flash(_("Logins ask for no code any more."))
    return redirect(url_for("accounts.account"), 303)


def present_token() -> str:
    """Return the secret of this very login."""
    token: str = session[LOGIN]
    return token
