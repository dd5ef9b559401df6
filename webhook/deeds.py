"""`/ops/acts`: who did what on the pages and at the server, when."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for

from webhook.access import allowed, present_user
from webhook.language import _, _l
from webhook.numbers import asked_number
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import visible_sites
from worker.accounts.users import all_users
from worker.readers.deeds import ACTS_A_PAGE, ActSearch, Deed, deeds_of

routes = Blueprint("deeds", __name__, url_prefix="/ops/acts")

KINDS = {
    "resend": _l("sent a text once more"),
    "settle": _l("settled what became of a text"),
    "resume": _l("let a gateway send again"),
    "backfill": _l("compared a gateway's list"),
    "requeue": _l("queued a job again"),
    "gateway_added": _l("added a gateway"),
    "gateway_removed": _l("removed a gateway"),
    "gateway_token": _l("gave a gateway a new token"),
    "site_gateway": _l("let a gateway carry a site's texts"),
    "phone_approved": _l("let a phone in"),
    "phone_ended": _l("shut a phone out"),
    "canary_on": _l("turned trial texts on"),
    "canary_off": _l("turned trial texts off"),
    "site_added": _l("opened a site"),
    "site_changed": _l("changed a site"),
    "policy_set": _l("changed a site's policy"),
    "acts_opened": _l("took acts by text again"),
    "export": _l("exported the register"),
    "test_text": _l("sent a test text to himself"),
    "roster_added": _l("put a person on the roster"),
    "roster_changed": _l("changed a line of the roster"),
    "roster_ended": _l("ended a line of the roster"),
    "roster_imported": _l("imported a roster"),
    "roster_taken": _l("took the roster as a file"),
    "staff_set": _l("set a member of staff"),
    "staff_moved": _l("changed a staff phone"),
    "staff_removed": _l("took a role away"),
    "user_added": _l("added an account"),
    "user_rights_set": _l("changed an account's rights"),
    "user_phone_set": _l("changed an account's phone"),
    "user_reset": _l("gave an account a new link"),
    "user_shut_out": _l("shut an account out"),
    "user_logged_out": _l("ended an account's logins"),
    "user_removed": _l("removed an account"),
    "second_factor_set_up": _l("asks for codes at the login"),
    "second_factor_taken_away": _l("asks for no codes any more"),
    "password_chosen": _l("chose a password"),
    "logged_in": _l("logged in"),
    "logged_out": _l("logged out"),
    "logged_out_everywhere": _l("logged out everywhere"),
    "login_ended": _l("ended a login"),
    "alerts_by_text_on": _l("wants alerts by text"),
    "alerts_by_text_off": _l("wants no alerts by text"),
}
"""What acts are recorded as, in words; one that is not named speaks for itself."""


THINGS = {
    "reply": _l("Reply"),
    "gateway": _l("Gateway"),
    "phone": _l("Phone of a gateway"),
    "job": _l("Job"),
    "user": _l("User"),
}
"""What an act may be about, beside texts and accounts."""


@dataclass(frozen=True, slots=True)
class DeedView:
    """An act as it is shown; `link` leads to what it was about, where that has a page."""

    deed: Deed
    when: str
    what: str
    about: str
    link: str | None


@routes.get("")
@allowed("ops", "manager")
def page() -> str:
    """Show the acts of one's sites, and one's own; to whoever sees all sites every act."""
    who, sites, given = present_user(), visible_sites(), request.args
    site = next((site for site in sites if site.id == asked_number("site")), None)
    search = ActSearch(
        site_ids=None if who.everywhere else [site.id for site in sites],
        own=who.id,
        person=given.get("person") or None,
        what=given.get("what") or None,
        site_id=site.id if site is not None else None,
    )
    found = deeds_of(runtime().engine, search, asked_number("before"))
    shown, show = found[:ACTS_A_PAGE], Showing(runtime().clock(), *(site.zone for site in sites[:1]))
    people = [user.name for user in all_users(runtime().engine)] if who.everywhere else sorted({who.name})
    asked = {name: given[name] for name in ("person", "what", "site") if given.get(name)}
    address = f"{url_for('deeds.page')}?{urlencode(asked)}"
    return render_template(
        "ops/acts.html",
        sites=sites,
        site=site,
        search=search,
        people=people,
        kinds=[(kind, str(words)) for kind, words in KINDS.items()],
        views=[_view(deed, show) for deed in shown],
        older=f"{address}&before={shown[-1].id}" if len(found) > len(shown) else None,
        newest=address if asked_number("before") else None,
        nobody=_("the server's command line"),
    )


def _view(deed: Deed, show: Showing) -> DeedView:
    what = str(KINDS.get(deed.what, deed.what.replace("_", " ")))
    return DeedView(deed, show.moment(deed.at), what, _about(deed), _link(deed.about))


def _about(deed: Deed) -> str:
    """Return what an act was about in words: a name where there is one, else the thing and its id."""
    if deed.user is not None:
        return deed.user if deed.user != deed.person else ""
    kind, _blank, rest = deed.about.partition(" ")
    if kind == "site":
        _id, _blank, rest = rest.partition(" ")
        return " ".join(part for part in (deed.site, rest.replace("text", "#")) if part)
    return f"{THINGS[kind]} {rest}" if kind in THINGS else deed.about


def _link(about: str) -> str | None:
    """Return where the text stands that an act was about."""
    parts = about.split()
    if len(parts) == 4 and (parts[0], parts[2]) == ("site", "text") and (parts[1] + parts[3]).isdecimal():
        return url_for("ops.text", site_id=int(parts[1]), seq=int(parts[3]))
    return None
