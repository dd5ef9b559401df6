"""Who may use which address. Every view says so with one of the marks below; one that says nothing is refused."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from webhook.callers import demand_known_host
from webhook.forms import demand_own_form
from webhook.language import _
from webhook.masked_address import masked_address
from webhook.runtime import runtime
from worker.accounts.logins import user_of_session
from worker.accounts.users import ROLES, User
from worker.log import say

log = logging.getLogger(__name__)

MARK = "baobei_access"
POLLED = "baobei_polled"
LOGIN = "login"
"""Where the browser's session keeps the secret of a login."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a view: `roles` None is everybody. `proved`: what is posted to it is signed by a gateway.

    `largest`: so many bytes may be posted to it by whoever may use it, instead of what the application takes.
    """

    roles: frozenset[str] | None
    proved: bool = False
    largest: int | None = None


def allowed(*roles: str, largest: int | None = None) -> Callable[[View], View]:
    """Mark a view as one for users with one of these roles, who may post up to `largest` bytes to it."""
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"no such roles: {unknown or 'none named'}")
    return _marker(Access(frozenset(roles), largest=largest))


def polled(view: View) -> View:
    """Mark a view as one that open pages ask for by themselves: that somebody is there does not follow from it."""
    setattr(view, POLLED, True)
    return view


def everybody(view: View) -> View:
    """Mark a view as one for whoever is logged in."""
    return _marker(Access(frozenset(ROLES)))(view)


def public(view: View) -> View:
    """Mark a view as one that needs no login; forms posted to it must still be our own."""
    return _marker(Access(None))(view)


def for_gateways(view: View) -> View:
    """Mark a view as a gateway's: it proves itself by its signature."""
    return _marker(Access(None, proved=True))(view)


def _marker(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, MARK, access)
        return view

    return mark


def guard(app: Flask) -> None:
    """Let nobody near a view who may not use it."""
    public(app.view_functions["static"])
    app.before_request(_admit)


def access_of(app: Flask, endpoint: str) -> Access | None:
    """Return who may use an endpoint, None when its view does not say."""
    found: Access | None = getattr(app.view_functions[endpoint], MARK, None)
    return found


def is_polled(app: Flask, endpoint: str | None) -> bool:
    """Tell whether an endpoint is one that open pages ask for by themselves."""
    return endpoint is not None and hasattr(app.view_functions[endpoint], POLLED)


def user() -> User | None:
    """Return who is logged in, None when nobody is."""
    if "user" not in g:
        token = session.get(LOGIN)
        # A page that lies open somewhere has a pulse; only what is looked at or done keeps a login alive.
        use = not is_polled(current_app, request.endpoint)
        g.user = user_of_session(runtime().engine, token, runtime().clock(), use) if token else None
    found: User | None = g.user
    return found


def present_user() -> User:
    """Return who is logged in, in a view that lets nobody else in."""
    found = user()
    if found is None:
        abort(401)
    return found


def _admit() -> Response | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    demand_known_host(access is not None and access.proved)
    if access is None:
        say(log, "undeclared", logging.ERROR, endpoint=request.endpoint)
        abort(403, _("This address is open to nobody yet."))
    if access.largest is not None and access.roles is not None and (who := user()) and who.may(access.roles):
        # Before the form is read; from anybody else a long one is refused by its length.
        request.max_content_length = request.max_form_memory_size = access.largest
    if request.method not in READING and not access.proved:
        demand_own_form()
    if (address := masked_address(of_staff=access.roles is not None)) is not None:
        return redirect(address, 303)
    if access.roles is None:
        return None
    who = user()
    if who is None:
        return _to_login()
    if not who.may(access.roles):
        abort(403, _("This page is not for your role. Ask whoever looks after the accounts."))
    return None


def _to_login() -> Response:
    """Send a person to the login, and back afterwards; a part of a page makes the whole page go there."""
    if "HX-Request" in request.headers:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        wanted = own_path(shown.path + (f"?{shown.query}" if shown.query else ""))
        return Response("", 401, {"HX-Redirect": url_for("accounts.login_page", next=wanted)})
    wanted = own_path(request.full_path.rstrip("?")) if request.method == "GET" else None
    return redirect(url_for("accounts.login_page", next=wanted), 303)


def own_path(path: str | None) -> str | None:
    """Return an address if it is a path of ours, else None: nobody is sent to another site."""
    fine = path is not None and path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if fine and path is not None and path.isprintable() else None
