"""`/setup/staff`: the people of a site by role, with their names and phones (B32); no address holds a phone.

Whatever is changed is changed for who knows his own password, and told by text: a stranger at an open page takes no
site over.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed
from webhook.accounts import ROLE_WORDS
from webhook.entry import StandingForm, keep
from webhook.language import _, fault_words
from webhook.login_tries import Page
from webhook.people_views import person_key, phone_of_key
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import MAY, NOT_TAKEN, asked_site, changed, note, render_setup, was_done
from webhook.sites import visible_site
from worker.accounts.users import all_users
from worker.decide.people import appoint, move_phone, typed_phone
from worker.decide.set_up import SiteRow, set_staff
from worker.errors import N_, SetUpError
from worker.rules.model import ROLES

routes = Blueprint("setup_staff", __name__, url_prefix="/setup/staff")


@dataclass(frozen=True, slots=True)
class StaffView:
    """Somebody of the staff; `login` is the account that his phone is bound to, "" for none."""

    key: str
    phone: str
    role: str
    name: str
    login: str


@routes.get("")
@allowed(*MAY)
def page() -> str:
    """Show the staff of a site."""
    site = asked_site()
    return render_setup("setup/nothing.html", None) if site is None else _listed(site)


@routes.post("/<int:site_id>")
@allowed(*MAY)
def add(site_id: int) -> Page:
    """Give a phone a role, and its owner a name."""
    site = visible_site(site_id)
    given = {name: request.form.get(name, "").strip() for name in ("name", "phone", "role")}
    if not was_done(lambda: _appoint(site, _fresh_phone(site, given["phone"]), given["name"]), "add", given):
        return _listed(site), NOT_TAKEN
    return _done(site)


@routes.get("/<int:site_id>/<key>")
@allowed(*MAY)
def person(site_id: int, key: str) -> str:
    """Show one of the staff, with what may be changed."""
    site = visible_site(site_id)
    return _person(site, _asked(site, key))


@routes.post("/<int:site_id>/<key>")
@allowed(*MAY)
def change(site_id: int, key: str) -> Page:
    """Change a name or a role."""
    site = visible_site(site_id)
    view, name = _asked(site, key), request.form.get("name", "").strip()
    given = {"name": name, "role": request.form.get("role", "")}
    if not was_done(lambda: _appoint(site, view.phone, name), "change-staff", given):
        return _person(site, view), NOT_TAKEN
    return _done(site)


@routes.post("/<int:site_id>/<key>/phone")
@allowed(*MAY)
def move(site_id: int, key: str) -> Page:
    """Let another phone take this one's place, for who knows his own password; the old one is told by text."""
    site = visible_site(site_id)
    view, typed = _asked(site, key), request.form.get("phone", "").strip()

    def act() -> None:
        phone = typed_phone(typed, site.region)
        note(site, "staff_moved", move_phone(runtime().engine, site, view.phone, phone, runtime().line_clock))

    if not was_done(act, "phone", {"phone": typed}, blamed="phone"):
        return _person(site, view), NOT_TAKEN
    return _done(site)


@routes.post("/<int:site_id>/<key>/remove")
@allowed(*MAY)
def remove(site_id: int, key: str) -> Page:
    """Take a role away, when it was shown what that means."""
    site = visible_site(site_id)
    view = _asked(site, key)
    if goes_back():
        return redirect(url_for("setup_staff.person", site_id=site.id, key=key), 303)
    then = _("no role at this site: gets no notices, and signs nothing any more")
    foreseen = Foreseen(
        _("Take %(name)s off the staff", name=view.name or view.phone),
        _("Yes, take the role away"),
        _("What was signed before stays signed. The role can be given again."),
        (Outlook(view.name or view.phone, str(ROLE_WORDS[view.role]), then),),
        proved=True,
    )
    step = second_step(foreseen)
    if step is not None:
        return step
    try:
        note(site, "staff_removed", set_staff(runtime().engine, site, {view.phone: ""}, runtime().line_clock))
    except SetUpError as error:
        keep(StandingForm("remove", {}, {"form": fault_words(error)}))
        return _person(site, view), NOT_TAKEN
    return _done(site)


def _fresh_phone(site: SiteRow, typed: str) -> str:
    """Return a phone as typed in E.164; raises SetUpError when it is none, or somebody's of the staff already."""
    phone = typed_phone(typed, site.region)
    if phone in site.staff:
        said = N_("%(phone)s has a role at %(site)s already; a phone has one role at a time.")
        raise SetUpError(said, phone=phone, site=site.name)
    return phone


def _appoint(site: SiteRow, phone: str, name: str) -> None:
    """Give a phone the role that was chosen, and its owner a name. Raises SetUpError."""
    role = request.form.get("role", "")
    if role not in ROLES:
        raise SetUpError(N_("Choose a role."))
    note(site, "staff_set", appoint(runtime().engine, site, phone, role, name, runtime().line_clock))


def _done(site: SiteRow) -> Response:
    return changed(url_for("setup_staff.page", site=site.id))


def _asked(site: SiteRow, key: str) -> StaffView:
    phone = phone_of_key(site, key, site.staff)
    if phone is None:
        abort(404, _("There is nobody of this kind on the staff."))
    return _views(site, [phone])[0]


def _views(site: SiteRow, phones: Iterable[str]) -> list[StaffView]:
    logins = {user.phone: user.name for user in all_users(runtime().engine) if user.sees(site.id)}
    return [
        StaffView(person_key(site, each), each, site.staff[each], site.names.get(each, ""), logins.get(each, ""))
        for each in phones
    ]


def _listed(site: SiteRow) -> str:
    views = _views(site, sorted(site.staff, key=lambda phone: ROLES.index(site.staff[phone])))
    return render_setup("setup/staff_list.html", site, views=views, roles=_roles(), role_words=ROLE_WORDS)


def _person(site: SiteRow, view: StaffView) -> str:
    return render_setup("setup/staff_person.html", site, view=view, roles=_roles(view.role), role_words=ROLE_WORDS)


def _roles(first: str = "") -> list[tuple[str, object]]:
    """Return the roles to choose from, the present one first."""
    return [(role, ROLE_WORDS[role]) for role in sorted(ROLES, key=lambda role: role != first)]
