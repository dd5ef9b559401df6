"""`/desk`: who is expected today, who arrives and who has not signed yet; the live reports that may be meant there."""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webhook.access import allowed, polled
from webhook.actor import actor_at
from webhook.desk_views import Guest, arrival_views, claim_views, expected_views, guest_of, typed_guest
from webhook.entry import asked_seed, new_seed, outcome_box
from webhook.live import part
from webhook.numbers import asked_number
from webhook.register_links import asked_words
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import chosen_site, visible_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.readers.arrivals import expected_at
from worker.readers.desk import FoundClaims, arrivals_on, claim_numbered, claims_found, names_of_phones
from worker.readers.search import Search, read_search

routes = Blueprint("desk", __name__, url_prefix="/desk")

STAFF = ("manager", "consultant", "service")
WHO_IT_IS = re.compile(r"(?:我是|我叫|这是)(.+)")
"""How an agent at the desk says who he is; what he says stands behind it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody at the desk looks for, and the claims that fit."""

    search: Search
    found: FoundClaims
    by_agent: bool
    """an agent has said who he is"""

    @property
    def only(self) -> int | None:
        """The number of the one live claim that fits, None where it is not one."""
        return self.found.live[0].number if len(self.found.live) == 1 else None


@routes.get("")
@allowed(*STAFF)
def page() -> str | AnyResponse:
    """Show the desk of the chosen site; with one claim that fits what is looked for, its form is filled in."""
    sites = visible_sites()
    site = chosen_site(sites)
    if site is None:
        return render_template("desk.html", sites=[], site=None)
    looked = _looked_for(site)
    if looked.only is not None or asked_words() != looked.search.typed:
        return _to(site, looked)
    return show(site, looked)


@routes.post("")
@allowed(*STAFF)
def find() -> AnyResponse:
    """Lead to the one claim that fits what was typed, else to all that do."""
    site = chosen_site(visible_sites())
    return redirect(url_for("desk.page"), 303) if site is None else _to(site, _looked_for(site))


def _to(site: SiteRow, looked: Looked) -> AnyResponse:
    """Lead to what was found; no address has more of a number than three and four digits (L14)."""
    typed = looked.search.typed if looked.only is None else None
    who = "agent" if looked.by_agent and typed else None
    return redirect(url_for("desk.page", site=site.id, claim=looked.only, q=typed or None, who=who), 303)


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
        typed=looked.search.typed,
        found=_found(site, looked),
        guest=_guest(site, looked),
        today=f"{runtime().clock().astimezone(site.zone):%Y-%m-%d}",
        expected=_expected(site),
        arrivals=_arrivals(site, seed),
    )


@routes.get("/<int:site_id>/arrivals")
@allowed(*STAFF)
@polled
def arrivals(site_id: int) -> Response:
    """Return today's arrivals alone, as they stand now."""
    return part(_arrivals(visible_site(site_id), asked_seed()))


@routes.get("/<int:site_id>/expected")
@allowed(*STAFF)
@polled
def expected(site_id: int) -> Response:
    """Return who is expected today, as it stands now."""
    return part(_expected(visible_site(site_id)))


@routes.route("/<int:site_id>/found", methods=["GET", "POST"])
@allowed(*STAFF)
def found(site_id: int) -> str:
    """Return the claims that fit what is being typed; the page posts it, half a number as well (L14)."""
    site = visible_site(site_id)
    return _found(site, _looked_for(site))


def _looked_for(site: SiteRow) -> Looked:
    said = WHO_IT_IS.fullmatch(asked_words().strip())
    # “我是链家的李四” looks for both.
    typed = said[1].replace("的", " ") if said is not None else asked_words()
    search = read_search(typed, region=site.region)
    found = claims_found(runtime().engine, site.id, search, runtime().clock())
    return Looked(search, found, by_agent=said is not None or request.values.get("who") == "agent")


def _found(site: SiteRow, looked: Looked) -> str:
    found, show = looked.found, Showing(runtime().clock(), site.zone)
    return render_template(
        "desk/found.html",
        site=site,
        typed=looked.search.typed,
        views=claim_views(found.live, show),
        over=claim_views(found.over, show),
        more=found.more,
    )


def _guest(site: SiteRow, looked: Looked) -> Guest:
    if "claim" not in request.args:
        return typed_guest(looked.search, looked.by_agent)
    number = asked_number("claim")
    claim = None if number is None else claim_numbered(runtime().engine, site.id, number)
    if claim is None:
        abort(404)
    return guest_of(claim, Showing(runtime().clock(), site.zone))


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
    names = names_of_phones(runtime().engine, phones, site.id)
    views = arrival_views(known, actor, names, Showing(now, site.zone))
    return render_template("desk/arrivals.html", site=site, views=views, actor=actor, seed=seed)
