"""`/cases`: what waits for somebody's judgement, with its deadlines, both sides' papers, and the forms to decide by."""

from flask import Blueprint, Response, render_template, request

from webhook.access import allowed, polled
from webhook.actor import actor_at
from webhook.case_views import claim_case_views, dispute_views, form_views, sold_views
from webhook.entry import DONE, asked_seed, new_seed, outcome_box, recall
from webhook.live import part
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import chosen_site, visible_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.readers.open_cases import cases_of
from worker.rules.proving import KINDS

routes = Blueprint("cases", __name__, url_prefix="/cases")

STAFF = ("manager", "service")


@routes.get("")
@allowed(*STAFF)
def page() -> str:
    """Show the cases of the chosen site, else of the first."""
    sites = visible_sites()
    site = chosen_site(sites)
    return render_template("cases.html", sites=[], site=None) if site is None else show(site)


def show(site: SiteRow) -> str:
    """Show the cases of a site."""
    seed = new_seed()
    shown = {"actor": actor_at(site), "seed": seed, "outcome": outcome_box(), "waiting": _waiting(site, seed)}
    return render_template("cases.html", sites=visible_sites(), site=site, done=request.args.get(DONE), **shown)


@routes.get("/<int:site_id>/waiting")
@allowed(*STAFF)
@polled
def waiting(site_id: int) -> Response:
    """Return the cases alone, as they stand now; a form that was refused keeps what was typed into it."""
    recall()
    return part(_waiting(visible_site(site_id), asked_seed()))


def _waiting(site: SiteRow, seed: str) -> str:
    now = runtime().clock()
    show = Showing(now, site.zone)
    found = cases_of(runtime().engine, site.id, now, now.astimezone(site.zone).date())
    contested = claim_case_views(found.contested, found.texts, show)
    return render_template(
        "cases/waiting.html",
        site=site,
        actor=actor_at(site),
        seed=seed,
        kinds=[(kind, kind) for kind in KINDS],
        disputes=dispute_views(found.disputes, found.texts, show),
        decided=dispute_views(found.decided, found.texts, show),
        suspected=claim_case_views(found.suspected, found.texts, show),
        contested=[view for view in contested if not view.by_clock],
        doubted=[view for view in contested if view.by_clock],
        forms=form_views(found.forms, found.texts, show),
        sold=sold_views(found.sold, show),
    )
