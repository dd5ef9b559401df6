"""Logging in and out, choosing a password, and one's own account."""

from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from webhook.access import LOGIN, everybody, own_path, present_user, public, user
from webhook.account_security import present_token
from webhook.callers import caller
from webhook.closings import own_closings
from webhook.language import _, _l
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import visible_site, visible_sites
from worker.accounts.logins import Credentials, Login, log_in, log_out, log_out_everywhere, open_session, sessions_of
from worker.accounts.passwords import SHORTEST
from worker.accounts.second_factor import ROLES as SECOND_FACTOR_ROLES
from worker.accounts.second_factor import take_away
from worker.accounts.users import User, accept_invitation, choose_password, fault_of, user_of_link
from worker.var_folder import secret_key_of

routes = Blueprint("accounts", __name__)

DEVICE = "baobei_device"
DEVICE_LIFE = timedelta(days=365)
USED_UP = _l("This link was used already or is too old. Ask for another one.")
ROLE_WORDS = {
    "ops": _l("Operations"),
    "manager": _l("Site manager"),
    "consultant": _l("Consultant"),
    "service": _l("Client service"),
}

Page = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response


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
    tried = _try(name, request.form.get("password", ""))
    if tried.token is None:
        return _refused("login.html", tried, name=name)
    _begin(tried.token)
    answer = redirect(_next(), 303)
    # The device is known again, so that its owner is not kept waiting by what strangers try.
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(DEVICE, tried.device, max_age=DEVICE_LIFE, httponly=True, samesite="Lax", secure=secure)
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
    _begin(open_session(runtime().engine, accepted, _agent(), now))
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
    tried = _try(who.name, request.form.get("current", ""))
    if tried.token is None:
        return _refused("account.html", tried, **_account())
    now = runtime().clock()
    choose_password(runtime().engine, who, request.form["password"], now)
    _begin(open_session(runtime().engine, who, _agent(), now))
    return redirect(url_for("accounts.account", done=1), 303)


@routes.post("/account/code/remove")
@everybody
def remove_code() -> Page:
    """Ask for no codes any more: only who knows password and code, and not whoever finds the page open."""
    who, left = present_user(), session[LOGIN]
    tried = _try(who.name, request.form.get("current", ""))
    if tried.token is None:
        return _refused("account.html", tried, **_account())
    now = runtime().clock()
    take_away(runtime().engine, who, now)
    log_out(runtime().engine, who, left, now)
    _begin(tried.token)
    flash(_("Logins ask for no code any more."))
    return redirect(url_for("accounts.account"), 303)


@routes.post("/account/end")
@everybody
def end_everywhere() -> Response:
    """End every login of the account, this one too."""
    log_out_everywhere(runtime().engine, present_user(), runtime().clock())
    session.clear()
    return redirect(url_for("accounts.login_page"), 303)


def _account() -> dict[str, object]:
    who = present_user()
    site = visible_site(who.site_id).name if who.site_id is not None else None
    logins = sessions_of(runtime().engine, who, present_token(), runtime().clock())
    may_ask_codes = who.may(SECOND_FACTOR_ROLES)
    return {
        "who": who,
        "site_name": site,
        "role_words": ROLE_WORDS,
        "shortest": SHORTEST,
        "logins": logins,
        "closed": own_closings(),
        "show": Showing(runtime().clock(), *(site.zone for site in visible_sites()[:1])),
        "may_ask_codes": may_ask_codes,
    }


def _try(name: str, password: str) -> Login:
    key = secret_key_of(runtime().settings)
    device, code = request.cookies.get(DEVICE, ""), request.form.get("code", "")
    given = Credentials(name, password, caller(), device, code, _agent())
    return log_in(runtime().engine, key, given, runtime().clock())


def _agent() -> str:
    return request.headers.get("User-Agent", "")


def _refused(template: str, tried: Login, **shown: object) -> Page:
    if tried.wait_s:
        wait = _("Too many tries. Please wait %(minutes)s minutes.", minutes=tried.wait_s // 60 + 1)
        return render_template(template, fault=wait, **shown), 429, {"Retry-After": str(tried.wait_s)}
    wrong = _("Name or password is not right.")
    return render_template(template, fault=wrong, **shown), 401


def _begin(token: str) -> None:
    # Nothing of the visitor's earlier session lives on, the token of its forms least of all.
    session.clear()
    session.permanent = True
    session[LOGIN] = token


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
