"""`/setup/site`: what a site is called, under what number it is texted, what clock it goes by; and a new site."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, present_user
from webhook.entry import StandingForm, keep
from webhook.language import _, _l, fault_words
from webhook.login_tries import Page
from webhook.preferences import LANGUAGES
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import NOT_TAKEN, asked_site, changed, demand_everywhere, looks_after_all, note, render_setup
from webhook.sites import visible_site
from worker.accounts.acts import record
from worker.decide.set_up import SiteRow, open_site
from worker.decide.site_change import (
    change_site,
    checked_setting,
    clients_called,
    listed_elsewhere,
    names_in,
    settings_of,
)
from worker.errors import SetUpError
from worker.phones.gateways import let_carry

routes = Blueprint("setup_site", __name__, url_prefix="/setup/site")

WORDS = {
    "name": _l("Site's name"),
    "aliases": _l("Further names"),
    "number": _l("Number for texts"),
    "telephone": _l("Telephone"),
    "language": _l("Language of the texts"),
    "timezone": _l("Time zone"),
}
GATEWAY = "gateway"
FORMS = {"names": ("name", "aliases", "telephone", "language"), "number": ("number",), "zone": ("timezone",)}
"""The forms of the page, each with its fields."""
ZONES = (
    *("Asia/Shanghai", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Urumqi", "Asia/Singapore"),
    *("Asia/Kuala_Lumpur", "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Asia/Manila", "Asia/Tokyo"),
    *("Asia/Seoul", "Asia/Dubai", "Europe/London", "Europe/Paris", "America/New_York", "America/Vancouver"),
    *("Australia/Sydney", "Pacific/Auckland", "UTC"),
)
"""Those that are offered; any other of the IANA's is taken."""


@routes.get("")
@allowed("ops", "manager")
def page() -> str | Response:
    """Show what the site is; without one, the form of a new one to whoever may open it."""
    site = asked_site()
    if site is not None:
        return _shown(site)
    return redirect(url_for("setup_site.new"), 303) if looks_after_all() else render_setup("setup/nothing.html", None)


@routes.post("/<int:site_id>")
@allowed("ops", "manager")
def change(site_id: int) -> Page:
    """Change what one of the page's forms holds, when it was shown what that means."""
    site = visible_site(site_id)
    if request.form.get("form") == GATEWAY:
        return _carry(site)
    form = next((name for name in FORMS if name == request.form.get("form")), "names")
    if form == "number":
        demand_everywhere()
    given = {field: request.form.get(field, "") for field in FORMS[form]}
    back = url_for("setup_site.page", site=site.id)
    if goes_back():
        keep(StandingForm(form, given))
        return _shown(site)
    wanted, faults = _checked(site, given)
    if faults:
        keep(StandingForm(form, given, faults))
        return _shown(site), NOT_TAKEN
    if not wanted:
        flash(_("Nothing was changed."))
        return redirect(back, 303)
    step = second_step(_foreseen(site, wanted))
    if step is not None:
        return step
    try:
        places = change_site(runtime().engine, site, wanted, runtime().line_clock)
    except SetUpError as error:
        keep(StandingForm(form, given, {FORMS[form][0]: fault_words(error)}))
        return _shown(site), NOT_TAKEN
    for place in places:
        note(site, "site_changed", place)
    return changed(back)


def _carry(site: SiteRow) -> Page:
    """Have another gateway carry a site's texts, when it was shown what that means."""
    demand_everywhere()
    back, name = url_for("setup_site.page", site=site.id), request.form.get(GATEWAY, "")
    if goes_back() or name == site.gateway:
        return redirect(back, 303)
    if name not in runtime().gateways:
        keep(StandingForm(GATEWAY, {}, {GATEWAY: _("This is needed.")}))
        return _shown(site), NOT_TAKEN
    changes = (
        Outlook(_("Gateway"), site.gateway, name),
        Outlook(
            site.number,
            _("is texted through %(name)s", name=site.gateway),
            _("must be a number of %(name)s", name=name),
        ),
        Outlook(_("Replies that wait"), _("go by %(name)s", name=site.gateway), _("go by %(name)s", name=name)),
    )
    lasting = _("It holds at once; the former gateway can be chosen again while it is set up here.")
    step = second_step(Foreseen(_("Change %(site)s", site=site.name), _("Yes, change it"), lasting, changes))
    if step is not None:
        return step
    let_carry(runtime().engine, name, site.id, present_user().id, runtime().clock())
    return changed(back)


@routes.get("/new")
@allowed("ops")
def new() -> str:
    """Show the form of a new site."""
    demand_everywhere()
    return _new_site()


@routes.post("/new")
@allowed("ops")
def add() -> Page:
    """Open a site's line."""
    demand_everywhere()
    given = {field: request.form.get(field, "").strip() for field in ("name", "number", "manager", "timezone")}
    language = request.form.get("language", "zh")
    gateway = request.form.get("gateway", "")
    faults = {field: _("This is needed.") for field, typed in given.items() if not typed}
    if gateway not in runtime().gateways or language not in LANGUAGES:
        faults["gateway"] = _("This is needed.")
    if not faults:
        try:
            staff = {"manager": [given["manager"]]}
            site = open_site(
                runtime().engine, given["name"], given["number"], staff, gateway, given["timezone"], language,
                runtime().line_clock,
            )  # fmt: skip
        except SetUpError as error:
            faults["form"] = _fault(error)
    if faults:
        keep(StandingForm("new", given | {"language": language, "gateway": gateway}, faults))
        return _new_site(), NOT_TAKEN
    record(runtime().engine, present_user().id, "site_added", f"site {site.id}", runtime().clock())
    flash(_("%(site)s is open: what is still missing stands below.", site=site.name))
    return redirect(url_for("setup.page", site=site.id), 303)


def _new_site() -> str:
    offered = [(name, name) for name in sorted(runtime().gateways)]
    return render_setup("setup/new_site.html", None, zones=ZONES, offered=offered, speaks=LANGUAGES)


def _offered(site: SiteRow) -> list[tuple[str, str]]:
    """Return the gateways that may carry a site's texts, its own first, set up here or not."""
    return [(name, name) for name in (site.gateway, *sorted(set(runtime().gateways) - {site.gateway}))]


def _shown(site: SiteRow) -> str:
    for_all, given, offered = looks_after_all(), settings_of(site), _offered(site)
    shown = {
        "given": given,
        "offered": offered,
        "zones": ZONES,
        "speaks": LANGUAGES,
        "for_all": for_all,
        "words": WORDS,
    }
    return render_setup("setup/site.html", site, **shown)


def _checked(site: SiteRow, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what was typed otherwise than it stands, as it would stand, and what is wrong with which field."""
    present, wanted, faults = settings_of(site), dict[str, str](), dict[str, str]()
    for field, typed in given.items():
        try:
            value = checked_setting(runtime().engine, site, field, typed)
        except SetUpError as error:
            faults[field] = _fault(error) if field == "number" else fault_words(error)
        else:
            wanted |= {field: value} if value != present[field] else {}
    return wanted, faults


def _foreseen(site: SiteRow, wanted: Mapping[str, str]) -> Foreseen:
    present = settings_of(site)
    changes = [Outlook(str(WORDS[key]), _said(key, present[key]), _said(key, then)) for key, then in wanted.items()]
    for name in names_in(wanted.get("aliases", "")):
        if count := clients_called(runtime().engine, site, name):
            now = _("%(count)s clients are called so", count=count)
            changes.append(Outlook(name, now, _("a report about one may be taken for the site")))
    if looks_after_all():
        for name in (*names_in(wanted.get("aliases", "")), *([wanted["name"]] if "name" in wanted else ())):
            if where := listed_elsewhere(runtime().engine, site, name):
                now = _("stands on the roster of %(sites)s", sites="、".join(where))
                changes.append(Outlook(name, now, _("a report there could mean either")))
    if "number" in wanted:
        before, gateway = present["number"], _("Gateway %(name)s", name=site.gateway)
        must = _("must have the new number and post its texts to the same address; answers go out from it")
        still = _("are still taken while the gateway carries them")
        changes += [
            Outlook(gateway, before, must),
            Outlook(_("Texts to %(number)s", number=before), _("arrive"), still),
            Outlook(_("Other sites"), before, _("every site's line hears of the new number")),
        ]
    if "timezone" in wanted:
        days = _("those set from now on by the new one; an open form is void at its 24:00")
        ends, same = _("7 and 30 days, to the second"), _("the same instants, said by the new clock")
        changes += [
            Outlook(_("Ends that were said"), ends, same),
            Outlook(_("Days: forms, digests, objections, evidence"), _("end at 24:00 of the zone before"), days),
        ]
    lasting = _("It holds from now on and is kept in the site's line; it can be changed again.")
    return Foreseen(_("Change %(site)s", site=site.name), _("Yes, change it"), lasting, tuple(changes))


def _said(field: str, value: str) -> str:
    return LANGUAGES.get(value, value) if field == "language" else value or _("none")


def _fault(error: SetUpError) -> str:
    """Say what is wrong; what the reading of numbers says is known in English alone."""
    return fault_words(error) if error.values else _("Write the number as +86 and its digits.")
