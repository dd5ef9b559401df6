"""Trying a name and a password, where a form asks for them, and what follows: a session of its own, or why not."""

from flask import current_app, render_template, request, session
from werkzeug.wrappers import Response

from webhook.access import LOGIN, present_user
from webhook.callers import caller
from webhook.language import _
from webhook.runtime import runtime
from worker.accounts.logins import Credentials, Login, log_in, log_out
from worker.var_folder import secret_key_of

Page = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response


def try_login(name: str, password: str) -> Login:
    """Try a name and a password, with the device and the code that came along."""
    key = secret_key_of(runtime().settings)
    device, code = request.cookies.get(device_cookie(), ""), request.form.get("code", "")
    given = Credentials(name, password, caller(), device, code, agent())
    return log_in(runtime().engine, key, given, runtime().clock())


def device_cookie() -> str:
    """Return the name of the cookie by which a device is known; over https no other host or path can set it."""
    return host_bound("baobei_device", secure=bool(current_app.config["SESSION_COOKIE_SECURE"]))


def host_bound(name: str, *, secure: bool) -> str:
    """Return a cookie's name with the prefix that binds it to this host, where the connection is safe (RFC 6265bis)."""
    return f"__Host-{name}" if secure else name


def agent() -> str:
    """Return what the browser calls itself."""
    return request.headers.get("User-Agent", "")


def refused(template: str, tried: Login, **shown: object) -> Page:
    """Say that a try was none: too many, or wrong, whichever of name, password and code it was."""
    if tried.wait_s:
        wait = _("Too many tries. Please wait %(minutes)s minutes.", minutes=tried.wait_s // 60 + 1)
        return render_template(template, fault=wait, **shown), 429, {"Retry-After": str(tried.wait_s)}
    wrong = _("Name or password is not right.")
    return render_template(template, fault=wrong, **shown), 401


def doubted() -> str | None:
    """Return why whoever is logged in is not believed to be the account's owner, None when he knows its password.

    It is asked again (`current`, with a code where one is set up) before what a stranger at an open page could do harm
    by. Tries count as those of a login do.
    """
    who = present_user()
    tried = try_login(who.name, request.form.get("current", ""))
    if tried.token is not None:
        log_out(runtime().engine, who, tried.token, runtime().clock())
        return None
    if tried.wait_s:
        return _("Too many tries. Please wait %(minutes)s minutes.", minutes=tried.wait_s // 60 + 1)
    return _("This is not your password, or the code beside it is not right.")


def begin(token: str) -> None:
    """Let the browser's session be this login's: nothing of its earlier one lives on, its forms' token least of all."""
    session.clear()
    session.permanent = True
    session[LOGIN] = token
