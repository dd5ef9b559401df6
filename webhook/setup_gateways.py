"""`/setup/gateways`: the gateways, which phones are let in, and whether they are tried out by texts to ourselves.

Operations look after all of them, a manager after those whose texts are his sites' alone.
"""

import re
from collections.abc import Collection
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, polled, present_user
from webhook.gateway_views import gateway_views
from webhook.language import _, fault_words
from webhook.live import part
from webhook.ops_words import delivery_words
from webhook.own_gateways import LOOK_AFTER, own_gateways
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import NOT_TAKEN, render_setup
from webhook.setup_steps import is_played
from webhook.show import Showing
from webhook.sites import visible_sites
from webhook.typed_in import TypedIn
from worker.decide.set_up import SiteRow
from worker.errors import SetUpError
from worker.line.canaries import LEAST_MINUTES, MOST_MINUTES, set_way, ways_of
from worker.phones.approvals import MOST_SIMS, Phone, approve, end, phones_of
from worker.phones.gateways import NAME, add_gateway, address_of, new_token
from worker.phones.removal import remove_gateway
from worker.readers.gateways import first_good_app, gateway_standings
from worker.readers.passed_texts import passed_texts
from worker.store.states import PhoneState

routes = Blueprint("setup_gateways", __name__, url_prefix="/setup/gateways")

EVERY: Final = (15, 30, 60, 180, 720)
"""Minutes between two texts to ourselves, as they are offered."""


@routes.get("")
@allowed(*LOOK_AFTER)
def page() -> str:
    """Show the gateways of one's sites."""
    return _page()


@routes.get("/waiting")
@allowed(*LOOK_AFTER)
@polled
def waiting() -> Response:
    """Say that a phone waits which the page does not show yet (`known`, a phone each); nothing where there is none."""
    known, found = set(request.args.getlist("known")), _phones(own_gateways())
    fresh = [each.name or each.id for each in found if each.state == PhoneState.WAITING and each.id not in known]
    return part(render_template("setup/waiting.html", fresh=fresh))


@routes.get("/<name>/texts")
@allowed(*LOOK_AFTER)
@polled
def texts(name: str) -> str:
    """Show what went through a gateway lately, and what waits in it."""
    _demand_mine(name)
    mine = {site.id: site for site in visible_sites() if site.gateway == name}
    show = Showing(runtime().clock(), *(site.zone for site in list(mine.values())[:1]))
    found = passed_texts(runtime().engine, mine)
    rows = [(text, None if text.incoming else delivery_words(text.state, text.delivery)) for text in found]
    return render_setup("setup/texts.html", None, show=show, name=name, rows=rows)


@routes.post("")
@allowed(*LOOK_AFTER)
def add() -> str | tuple[str, int] | Response:
    """Add a gateway of phones for a site, and show what is typed into the phone."""
    if goes_back():
        return _back("")
    name, site = request.form.get("name", "").strip().lower(), _site_asked("site")
    if not NAME.fullmatch(name):
        wanted = _("A name has 1 to 30 small letters, digits and hyphens, and begins with a letter: desk, say.")
        return _page(fault=wanted), NOT_TAKEN
    if site is None and not present_user().everywhere:
        return _page(fault=_("Choose the site whose texts it carries.")), NOT_TAKEN
    if site is not None and not is_played(site.gateway):
        change = Outlook(site.name, _("its texts go by %(name)s", name=site.gateway), _("by %(name)s", name=name))
        lasting = _("Its replies wait until a phone is approved. You can choose the former gateway again.")
        title = _("Add the gateway %(name)s", name=name)
        if (step := second_step(Foreseen(title, _("Yes, do it"), lasting, (change,)))) is not None:
            return step
    try:
        token = add_gateway(runtime().engine, name, [site.id] if site else [], present_user().id, runtime().clock())
    except SetUpError:
        return _page(fault=_("There is something of this name already: take another one.")), NOT_TAKEN
    return _page(TypedIn(address_of(runtime().settings, name), token))


@routes.post("/<name>/token")
@allowed(*LOOK_AFTER)
def renew(name: str) -> str | Response:
    """Give a gateway another token, when that was asked again, and show it."""
    _demand_mine(name)
    if goes_back():
        return _back("")
    at = own_gateways()[name].token_at
    show = Showing(runtime().clock())
    change = Outlook(
        _("The token"), _("since %(time)s", time=show.moment(at)), _("another one; this one lets nobody in")
    )
    lasting = _("Phones that are approved go on. Whatever registers from now on needs the new one.")
    title = _("A new token for %(name)s", name=name)
    if (step := second_step(Foreseen(title, _("Yes, make a new one"), lasting, (change,)))) is not None:
        return step
    token = new_token(runtime().engine, name, present_user().id, runtime().clock())
    return _page(TypedIn(address_of(runtime().settings, name), token))


@routes.post("/<name>/remove")
@allowed(*LOOK_AFTER)
def remove(name: str) -> str | tuple[str, int] | Response:
    """Remove a gateway that carries no texts any more, when that was asked again."""
    _demand_mine(name)
    if goes_back():
        return _back("")
    change = Outlook(name, _("a gateway of this installation"), _("removed, and its phones with it"))
    lasting = _("It can be added again, with another token; its phones register anew then.")
    title = _("Remove the gateway %(name)s", name=name)
    if (step := second_step(Foreseen(title, _("Yes, remove it"), lasting, (change,)))) is not None:
        return step
    try:
        remove_gateway(runtime().engine, name, present_user().id, runtime().clock())
    except SetUpError as error:
        return _page(fault=fault_words(error)), NOT_TAKEN
    return _back(_("It is removed."))


@routes.post("/<name>/canary")
@allowed(*LOOK_AFTER)
def try_out(name: str) -> tuple[str, int] | Response:
    """Have a gateway tried out by texts to ourselves from now on, or no more."""
    _demand_mine(name)
    every, recipient = request.form.get("every", ""), request.form.get("recipient", "")
    minutes = int(every) if re.fullmatch("[0-9]{1,4}", every) else None
    if minutes is not None and not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        abort(400)
    if recipient not in {"", *(site.number for site in visible_sites())}:
        wanted = _("A trial text goes to the number of one of your sites: only there does it come back.")
        return _page(fault=wanted), NOT_TAKEN
    set_way(runtime().engine, name, minutes, recipient, present_user().id, runtime().clock())
    return _back(_("Trial texts are on.") if minutes is not None else _("Trial texts are off."))


@routes.post("/<name>/phones/<phone_id>/approve")
@allowed(*LOOK_AFTER)
def let_in(name: str, phone_id: str) -> str | tuple[str, int] | Response:
    """Approve a phone with its SIMs' sites; what that takes from another phone or gateway is asked about once more."""
    phone = _phone(name, phone_id)
    if goes_back():
        return _back("")
    chosen = {sim: site for sim in range(1, MOST_SIMS + 1) if (site := _site_asked(f"sim-{sim}")) is not None}
    if not chosen or len({site.id for site in chosen.values()}) < len(chosen):
        return _page(fault=_("Say which card has which site's number: at least one, and each site once.")), NOT_TAKEN
    beside = request.form.get("how") == "beside"
    if changes := _taken(phone, list(chosen.values()), beside):
        title = _("Approve %(phone)s", phone=phone.name)
        lasting = _("A phone of this gateway that is left without a site ends: what it still sends us is refused.")
        if (step := second_step(Foreseen(title, _("Yes, approve it"), lasting, changes))) is not None:
            return step
    who, now = present_user().id, runtime().clock()
    try:
        sims = {sim: site.id for sim, site in chosen.items()}
        approve(runtime().engine, name, phone.id, sims, who, now, carries=True, beside=beside)
    except SetUpError:
        return _back(_("It had ended meanwhile; nothing was changed."))
    return _back(_("It is approved: texts to it are taken, and it is given its sites' replies."))


@routes.post("/<name>/phones/<phone_id>/end")
@allowed(*LOOK_AFTER)
def shut_out(name: str, phone_id: str) -> str | Response:
    """Refuse a phone that waits, or end one, when that was asked again."""
    phone = _phone(name, phone_id)
    if goes_back():
        return _back("")
    waits = phone.state == PhoneState.WAITING
    serves = ", ".join(phone.sites.values())
    now = _("waits for approval") if waits else _("approved for %(sites)s", sites=serves or "—")
    lasting = _("What it still sends us is refused. It can register anew with the gateway's token, and waits then.")
    if serves:
        lasting = _("Replies of %(sites)s wait until another phone is approved.", sites=serves) + " " + lasting
    title = _("Refuse %(phone)s", phone=phone.name) if waits else _("End %(phone)s", phone=phone.name)
    change = Outlook(phone.name, now, _("shut out"))
    if (step := second_step(Foreseen(title, _("Yes, shut it out"), lasting, (change,)))) is not None:
        return step
    try:
        end(runtime().engine, phone.id, present_user().id, runtime().clock())
    except SetUpError:
        return _back(_("It had ended meanwhile; nothing was changed."))
    return _back(_("It is shut out."))


def _page(told: TypedIn | None = None, fault: str | None = None) -> str:
    now, mine = runtime().clock(), visible_sites()
    show = Showing(now, *(site.zone for site in mine[:1]))
    added = own_gateways()
    names = {*added, *(site.gateway for site in mine)}
    standings = gateway_standings(runtime().engine, names, {site.id for site in mine}, now)
    phones = _phones(added)
    return render_setup(
        "setup/gateways.html",
        None,
        show=show,
        gateways=gateway_views(standings, show),
        added=added,
        addresses={name: address_of(runtime().settings, name) for name in added},
        ended=[each for each in phones if each.state == PhoneState.ENDED],
        every=EVERY,
        ways=ways_of(runtime().engine),
        my_sites=mine,
        real={site.gateway for site in mine if not is_played(site.gateway)},
        waiting=[each.id for each in phones if each.state == PhoneState.WAITING],
        told=told,
        fault=fault,
        first_good=first_good_app(),
        https=runtime().settings.base_url.startswith("https:"),
        most_sims=MOST_SIMS,
    )


def _back(words: str) -> Response:
    if words:
        flash(words)
    return redirect(url_for("setup_gateways.page"), 303)


def _phones(names: Collection[str]) -> list[Phone]:
    return [each for each in phones_of(runtime().engine) if each.gateway in names]


def _site_asked(field: str) -> SiteRow | None:
    """Return the site of one's own that a form names; None where it names none. 404 for another's."""
    wanted = request.form.get(field, "")
    found = next((site for site in visible_sites() if str(site.id) == wanted), None)
    if wanted and found is None:
        abort(404, _("There is no such site, or it is not yours."))
    return found


def _demand_mine(name: str) -> None:
    if name not in own_gateways():
        abort(404, _("There is no such gateway, or it is not yours."))


def _phone(name: str, phone_id: str) -> Phone:
    _demand_mine(name)
    found = next((each for each in phones_of(runtime().engine, name) if each.id == phone_id), None)
    if found is None:
        abort(404, _("There is no such phone."))
    return found


def _taken(phone: Phone, chosen: list[SiteRow], beside: bool) -> tuple[Outlook, ...]:
    """Return what approving a phone for these sites takes from other phones and gateways."""
    holders = {
        site: other.name
        for other in phones_of(runtime().engine)
        if other.id != phone.id and other.state == PhoneState.APPROVED
        for site in other.sites.values()
    }
    changes: list[Outlook] = []
    for site in chosen:
        if site.name in holders and not (beside and site.name in phone.sites.values()):
            both = _("%(one)s and %(other)s", one=holders[site.name], other=phone.name)
            changes.append(Outlook(site.name, holders[site.name], both if beside else phone.name))
        if site.gateway != phone.gateway and not is_played(site.gateway):
            by = _("its texts go by %(name)s", name=site.gateway)
            changes.append(Outlook(site.name, by, _("by %(name)s", name=phone.gateway)))
    return tuple(changes)
