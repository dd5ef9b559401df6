"""Logging in and out, choosing a password, and one's own account."""

from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from webhook.access import LOGIN, everybody, own_path, present_user, public, user
from webhook.account_security import present_token
from webhook.closings import own_closings
from webhook.devices import device_words
from webhook.language import _, _l
from webhook.login_tries import Page, agent, begin, device_cookie, refused, try_login
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.show import Showing
from webhook.sites import visible_sites
from worker.accounts.alert_choice import wants_alerts
from worker.accounts.logins import log_out, log_out_everywhere, open_session, sessions_of
from worker.accounts.passwords import SHORTEST
from worker.accounts.second_factor import ROLES as SECOND_FACTOR_ROLES
from worker.accounts.second_factor import take_away
from worker.accounts.users import User, accept_invitation, choose_password, fault_of, user_of_link

routes = Blueprint("accounts", __name__)

DEVICE_LIFE = timedelta(days=365)
USED_UP = _l("This link was used already or is too old. Ask for another one.")
ROLE_WORDS = {
    "ops": _l("Operations"),
    "manager": _l("Site manager"),
    "consultant": _l("Consultant"),
    "service": _l("Client service"),
}


@routes.get("/login")
@public
def login_page() -> Page:
    """Show the login; whoever is logged in already goes on."""
    return redirect(_next(), 303) if user() else render_template("login.html", fault=None, name="")


@routes.post("/login")
@public
def login() -> Page:
    """Log in with `name` and `password`."""
    name = request.form.get("name", "")
    tried = try_login(name, request.form.get("password", ""))
    if tried.token is None:
        return refused("login.html", tried, name=name)
    begin(tried.token)
    answer = redirect(_next(), 303)
    # The device is known again, so that its owner is not kept waiting by what strangers try.
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(device_cookie(), tried.device, max_age=DEVICE_LIFE, httponly=True, samesite="Lax", secure=secure)
    return answer


@routes.post("/logout")
@everybody
def logout() -> Response:
    """End this login."""
    log_out(runtime().engine, present_user(), session[LOGIN], runtime().clock())
    session.clear()
    return redirect(url_for("accounts.login_page"), 303)


@routes.get("/welcome/<token>")
@public
def welcome(token: str) -> Page:
    """Ask the holder of a one-time link for a password."""
    return render_template("welcome.html", who=_invited(token), shortest=SHORTEST, fault=None)


@routes.post("/welcome/<token>")
@public
def accept(token: str) -> Page:
    """Take the password that he chose, and log him in."""
    who = _invited(token)
    if fault := _fault(who):
        return render_template("welcome.html", who=who, shortest=SHORTEST, fault=fault), 400
    now = runtime().clock()
    accepted = accept_invitation(runtime().engine, token, request.form["password"], now)
    if accepted is None:
        abort(404, str(USED_UP))
    begin(open_session(runtime().engine, accepted, agent(), now))
    return redirect(url_for("home.page"), 303)


@routes.get("/account")
@everybody
def account() -> Page:
    """Show one's own account."""
    return render_template("account.html", **_account(), fault=None)


@routes.post("/account/password")
@everybody
def change_password() -> Page:
    """Change one's password; every other login of the account ends."""
    who = present_user()
    if fault := _fault(who):
        return render_template("account.html", **_account(), fault=fault), 400
    tried = try_login(who.name, request.form.get("current", ""))
    if tried.token is None:
        return refused("account.html", tried, **_account())
    now = runtime().clock()
    choose_password(runtime().engine, who, request.form["password"], now)
    begin(open_session(runtime().engine, who, agent(), now))
    return redirect(url_for("accounts.account", done=1), 303)


@routes.post("/account/code/remove")
@everybody
def remove_code() -> Page:
    """Ask for no codes any more: only who knows password and code, and not whoever finds the page open."""
    who, left = present_user(), session[LOGIN]
    tried = try_login(who.name, request.form.get("current", ""))
    if tried.token is None:
        return refused("account.html", tried, **_account())
    now = runtime().clock()
    take_away(runtime().engine, who, now)
    log_out(runtime().engine, who, left, now)
    begin(tried.token)
    flash(_("Logins ask for no code any more."))
    return redirect(url_for("accounts.account"), 303)


@routes.post("/account/end")
@everybody
def end_everywhere() -> str | Response:
    """End every login of the account, this one too, when that was asked again."""
    if goes_back():
        return redirect(url_for("accounts.account"), 303)
    logins = sessions_of(runtime().engine, present_user(), present_token(), runtime().clock())
    ended = tuple(Outlook(device_words(each.agent), _("logged in"), _("logged out")) for each in logins)
    foreseen = Foreseen(
        _("Log out everywhere"),
        _("Yes, log out everywhere"),
        _("Everybody has to log in again, on this device too."),
        ended,
    )
    step = second_step(foreseen)
    if step is not None:
        return step
    log_out_everywhere(runtime().engine, present_user(), runtime().clock())
    session.clear()
    return redirect(url_for("accounts.login_page"), 303)


def _account() -> dict[str, object]:
    who = present_user()
    names = None if who.everywhere else [site.name for site in visible_sites()]
    logins = sessions_of(runtime().engine, who, present_token(), runtime().clock())
    may_ask_codes = who.may(SECOND_FACTOR_ROLES)
    return {
        "who": who,
        "site_names": names,
        "role_words": ROLE_WORDS,
        "shortest": SHORTEST,
        "logins": logins,
        "device_words": device_words,
        "closed": own_closings(),
        "alerted": wants_alerts(runtime().engine, who),
        "show": Showing(runtime().clock(), *(site.zone for site in visible_sites()[:1])),
        "may_ask_codes": may_ask_codes,
    }


def _invited(token: str) -> User:
    who = user_of_link(runtime().engine, token, runtime().clock())
    if who is None:
        abort(404, str(USED_UP))
    return who


def _fault(who: User) -> str | None:
    """Return what is wrong with the chosen password, as a sentence."""
    match fault_of(request.form.get("password", ""), who.name):
        case "short":
            return _("A password has at least %(count)s characters.", count=SHORTEST)
        case "long":
            return _("This password is too long.")
        case "common":
            return _("This password is among those that are tried first: choose another, a sentence for example.")
    if request.form["password"] != request.form.get("again"):
        return _("The two passwords are not the same.")
    return None


def _next() -> str:
    return own_path(request.values.get("next")) or url_for("home.page")
