"""`/desk`: who is expected today, who arrives and who has not signed yet; the live reports that may be meant there."""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webhook.access import allowed
from webhook.actor import actor_at
from webhook.desk_views import Guest, arrival_views, claim_views, expected_views, guest_of, typed_guest
from webhook.entry import asked_seed, new_seed, outcome_box
from webhook.live import part
from webhook.numbers import asked_number
from webhook.register_links import LONGEST_SEARCH
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import chosen_site, visible_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.readers.arrivals import expected_at
from worker.readers.desk import arrivals_on, claim_numbered, claims_found, names_of_phones
from worker.readers.search import Search, holds_whole_number, read_search
from worker.rules.model import Claim

routes = Blueprint("desk", __name__, url_prefix="/desk")

STAFF = ("manager", "consultant", "service")


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody at the desk looks for, and the live claims that fit."""

    typed: str
    claims: list[Claim]


@routes.get("")
@allowed(*STAFF)
def page() -> str | AnyResponse:
    """Show the desk of the chosen site; with one claim that fits what is looked for, its form is filled in."""
    sites = visible_sites()
    site = chosen_site(sites)
    if site is None:
        return render_template("desk.html", sites=[], site=None)
    looked = _looked_for(site)
    if holds_whole_number(request.args.get("q", "")):
        return redirect(url_for("desk.page", site=site.id, q=looked.typed), 303)
    if len(looked.claims) == 1:
        return redirect(url_for("desk.page", site=site.id, claim=looked.claims[0].number), 303)
    return show(site, looked)


def show(site: SiteRow, looked: Looked | None = None) -> str:
    """Show the desk of a site."""
    looked = looked or _looked_for(site)
    seed = new_seed()
    return render_template(
        "desk.html",
        sites=visible_sites(),
        site=site,
        actor=actor_at(site),
        seed=seed,
        outcome=outcome_box(),
        typed=looked.typed,
        found=_found(site, looked),
        guest=_guest(site, looked),
        today=f"{runtime().clock().astimezone(site.zone):%Y-%m-%d}",
        expected=_expected(site),
        arrivals=_arrivals(site, seed),
    )


@routes.get("/<int:site_id>/arrivals")
@allowed(*STAFF)
def arrivals(site_id: int) -> Response:
    """Return today's arrivals alone, as they stand now."""
    return part(_arrivals(visible_site(site_id), asked_seed()))


@routes.get("/<int:site_id>/expected")
@allowed(*STAFF)
def expected(site_id: int) -> Response:
    """Return who is expected today, as it stands now."""
    return part(_expected(visible_site(site_id)))


@routes.get("/<int:site_id>/found")
@allowed(*STAFF)
def found(site_id: int) -> str:
    """Return the live claims that fit what is being typed."""
    site = visible_site(site_id)
    return _found(site, _looked_for(site))


def _looked_for(site: SiteRow) -> Looked:
    search = read_search(request.args.get("q", "")[:LONGEST_SEARCH])
    known = claims_found(runtime().engine, site.id, search, runtime().clock()) if search != Search() else []
    return Looked(search.typed, known)


def _found(site: SiteRow, looked: Looked) -> str:
    views = claim_views(looked.claims, Showing(runtime().clock(), site.zone))
    return render_template("desk/found.html", site=site, typed=looked.typed, views=views)


def _guest(site: SiteRow, looked: Looked) -> Guest:
    if "claim" not in request.args:
        return typed_guest(read_search(looked.typed))
    number = asked_number("claim")
    claim = None if number is None else claim_numbered(runtime().engine, site.id, number)
    if claim is None:
        abort(404)
    return guest_of(claim)


def _expected(site: SiteRow) -> str:
    show = Showing(runtime().clock(), site.zone)
    known = expected_at(runtime().engine, site.id, show.now.astimezone(site.zone).date())
    return render_template("desk/expected.html", site=site, views=expected_views(known, show))


def _arrivals(site: SiteRow, seed: str) -> str:
    now = runtime().clock()
    today = now.astimezone(site.zone).date()
    known = arrivals_on(runtime().engine, site.id, today, today)
    actor = actor_at(site)
    phones = {signed.phone for each in known for signed in each.form.signatures.values()}
    names = names_of_phones(runtime().engine, phones)
    views = arrival_views(known, actor, names, Showing(now, site.zone))
    return render_template("desk/arrivals.html", site=site, views=views, actor=actor, seed=seed)
