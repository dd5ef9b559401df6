"""`/setup/users`: who may log in to the pages: roles, sites, phone, a one-time link, logins ended, access ended.

A site's manager looks after the accounts of his sites, and gives nothing that is not his (`worker.accounts.rights`).
What would make an account for a stranger, or hand him one, is done only for who knows his own password.
"""

from collections.abc import Collection

from flask import Blueprint, abort, flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from parsers.numbers import DEFAULT_REGION
from webhook.access import allowed, present_user
from webhook.accounts import ROLE_WORDS
from webhook.entry import StandingForm, keep
from webhook.language import _, fault_words
from webhook.login_tries import Page, doubted
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import MAY, NOT_TAKEN, changed, render_setup, was_done
from webhook.sites import visible_sites
from worker.accounts.logins import login_count
from worker.accounts.rights import grantable, manages, reaches
from worker.accounts.upkeep import end_logins, remove_user, renew_link, set_rights, shut_out, user_numbered
from worker.accounts.users import LINK_LIFE, User, add_user, all_users
from worker.decide.moved_phones import check_bindable, rebind, tell_bound, telling
from worker.decide.people import typed_phone
from worker.decide.set_up import all_sites
from worker.errors import SetUpError
from worker.var_folder import pages_address

routes = Blueprint("setup_users", __name__, url_prefix="/setup/users")


@routes.get("")
@allowed(*MAY)
def page() -> str:
    """Show the accounts that whoever is logged in looks after, and his own."""
    return _listed()


@routes.post("")
@allowed(*MAY)
def add() -> Page:
    """Add an account, and show the link by which its owner chooses a password, this once."""
    who, given = present_user(), _typed()
    roles, site_ids = _asked_rights()
    if (fault := doubted()) is not None:
        keep(StandingForm("add", given, {"current": fault}))
        return _listed(), NOT_TAKEN
    try:
        phone = _read_phone(given["phone"], site_ids)
        if phone is not None:
            check_bindable(runtime().engine, roles, site_ids, phone, runtime().clock)
        now = runtime().clock()
        added, token = add_user(runtime().engine, given["name"], roles, site_ids, phone, now, who.id)
        if phone is not None:
            tell_bound(runtime().engine, added, phone, runtime().line_clock)
            runtime().bell.ring_send()
    except SetUpError as error:
        keep(StandingForm("add", given, {"form": fault_words(error)}))
        return _listed(), NOT_TAKEN
    return _link_page(added, token)


@routes.get("/<int:number>")
@allowed(*MAY)
def account(number: int) -> str:
    """Show one account, with what may be changed of it."""
    return _account(_asked_user(number))


@routes.post("/<int:number>/rights")
@allowed(*MAY)
def rights(number: int) -> Page:
    """Give roles and sites, instead of those before; they hold from his next click on."""
    user = _managed(number)
    roles, site_ids = _asked_rights()

    def act() -> None:
        set_rights(runtime().engine, user, roles, site_ids, runtime().clock(), present_user().id)

    if not was_done(act, "set-rights", _typed()):
        return _account(user), NOT_TAKEN
    return _changed(user)


@routes.post("/<int:number>/phone")
@allowed(*MAY)
def phone(number: int) -> Page:
    """Bind an account to another phone, for who knows his own password; the old phone is told by text."""
    user, typed = _asked_user(number), request.form.get("phone", "").strip()
    if not was_done(lambda: _rebind(user, typed), "phone", {"phone": typed}, blamed="phone"):
        return _account(user), NOT_TAKEN
    return redirect(url_for("setup_users.account", number=user.id), 303)


@routes.post("/<int:number>/logins")
@allowed(*MAY)
def logins(number: int) -> Page:
    """End every login of an account; its password stays good."""
    user = _managed(number)
    end_logins(runtime().engine, user, runtime().clock(), present_user().id)
    flash(_("Every login of %(name)s has ended.", name=user.name))
    return redirect(url_for("setup_users.account", number=user.id), 303)


@routes.post("/<int:number>/link")
@allowed(*MAY)
def link(number: int) -> Page:
    """Give a new one-time link, when it was shown that it takes password, code and logins away."""
    user = _managed(number)
    then = _("chooses a new password by a link that you hand him; logged out everywhere")
    foreseen = _foreseen(user, _("New link for %(name)s", name=user.name), _("Yes, make a link"), then)
    step = _step(user, foreseen)
    return step or _link_page(user, renew_link(runtime().engine, user, runtime().clock(), present_user().id))


@routes.post("/<int:number>/off")
@allowed(*MAY)
def off(number: int) -> Page:
    """Let an account in no more until it gets a new link."""
    user = _managed(number)
    then = _("may not log in until he gets a new link; logged out everywhere")
    foreseen = _foreseen(user, _("Shut %(name)s out", name=user.name), _("Yes, shut him out"), then)
    step = _step(user, foreseen)
    if step is not None:
        return step
    shut_out(runtime().engine, user, runtime().clock(), present_user().id)
    return _changed(user)


@routes.post("/<int:number>/remove")
@allowed(*MAY)
def remove(number: int) -> Page:
    """Remove an account for good; what it did stays recorded."""
    user = _managed(number)
    then = _("is gone for good; his name and phone are free again, what he did stays recorded")
    foreseen = _foreseen(user, _("Remove %(name)s", name=user.name), _("Yes, remove"), then)
    step = _step(user, foreseen)
    if step is not None:
        return step
    remove_user(runtime().engine, user, runtime().clock(), present_user().id)
    flash(_("%(name)s is removed.", name=user.name))
    return redirect(url_for("setup_users.page"), 303)


def _rebind(user: User, typed: str) -> None:
    """Bind an account to a phone as typed, "" to none, and say whether its old one is told of it. Raises SetUpError."""
    engine, now = runtime().engine, runtime().clock()
    wanted = _read_phone(typed, user.site_ids)
    told = rebind(engine, user, wanted, now, present_user().id, runtime().line_clock)
    runtime().bell.ring_send()
    flash(_("The phone is changed; the old one is told by text.") if told else _("The phone is changed."))


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in ("name", "phone")}


def _asked_rights() -> tuple[list[str], list[int] | None]:
    """Return the roles and sites (None: all) that a form gives; 403 for what is not its sender's to give."""
    roles = request.form.getlist("role")
    everywhere = request.form.get("everywhere") == "yes"
    site_ids = None if everywhere else request.form.getlist("site", type=int)
    if not set(roles) <= set(ROLE_WORDS) or not reaches(present_user(), roles, site_ids):
        abort(403, _("You can give no role and no site that is not yours to give."))
    return roles, site_ids


def _read_phone(typed: str, site_ids: Collection[int] | None) -> str | None:
    first = next((site for site in all_sites(runtime().engine) if site_ids is None or site.id in site_ids), None)
    return typed_phone(typed, first.region if first is not None else DEFAULT_REGION) if typed else None


def _asked_user(number: int) -> User:
    """Return an account that may be looked at: one's own, or one that one looks after; 404 for any other."""
    who, user = present_user(), user_numbered(runtime().engine, number)
    if user is None or (user.id != who.id and not manages(who, user)):
        abort(404, _("There is no such account, or it is not yours to look after."))
    return user


def _managed(number: int) -> User:
    user = _asked_user(number)
    if user.id == present_user().id:
        abort(409, _("Nobody changes his own rights or keeps himself out: ask somebody else who looks after accounts."))
    return user


def _changed(user: User) -> Response:
    return changed(url_for("setup_users.account", number=user.id))


def _step(user: User, foreseen: Foreseen) -> Page | None:
    if goes_back():
        return redirect(url_for("setup_users.account", number=user.id), 303)
    return second_step(foreseen)


def _foreseen(user: User, title: str, sure: str, then: str) -> Foreseen:
    change = Outlook(user.name, _("logs in with a password") if user.has_password else _("has no password"), then)
    return Foreseen(title, sure, _("His logins end at once."), (change,), proved=True)


def _link_page(user: User, token: str) -> Response:
    """Show a one-time link, on a page that no browser keeps."""
    address = f"{pages_address(runtime().settings)}/welcome/{token}"
    answer = make_response(render_setup("setup/user_link.html", None, user=user, link=address, days=LINK_LIFE.days))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _listed() -> str:
    who, now = present_user(), runtime().clock()
    shown = [user for user in all_users(runtime().engine) if user.id == who.id or manages(who, user)]
    names = {site.id: site.name for site in visible_sites()}
    return render_setup("setup/users.html", None, users=shown, site_names=names, now=now, **_choices())


def _account(user: User) -> str:
    names = {site.id: site.name for site in visible_sites()}
    own = user.id == present_user().id
    told = [site.name for site in telling(runtime().engine, user)]
    return render_setup(
        "setup/user.html", None, user=user, own=own, told=told, site_names=names, now=runtime().clock(),
        standing_logins=login_count(runtime().engine, user, runtime().clock()), **_choices(),
    )  # fmt: skip


def _choices() -> dict[str, object]:
    """Return what whoever is logged in may give, and what he has ticked of it in a form that stands again."""
    who = present_user()
    return {
        "roles": grantable(who),
        "role_words": ROLE_WORDS,
        "everywhere": who.everywhere,
        "for_sites": visible_sites(),
        "ticked": request.form,
    }
