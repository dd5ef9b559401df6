"""`/register`: 《客户报备登记表》, searched and paged; and one client with whose he is and why."""

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webhook.access import allowed, polled, present_user
from webhook.actor import actor_at
from webhook.client_views import claim_ref, client_facts, given_to, most_days, unsure_ref
from webhook.entry import new_seed, outcome_box
from webhook.exports import EXPORTERS
from webhook.language import _, _l
from webhook.live import part as live_part
from webhook.register_chips import chips_of
from webhook.register_links import Links, asked_key, asked_search, asked_words, written
from webhook.register_views import answer_view, event_views, row_views
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import chosen_site, visible_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.readers.clients import client_page
from worker.readers.register import register_page, unit_names
from worker.readers.register_counts import register_counts
from worker.readers.register_file import FORMS
from worker.readers.search import CLAIMS, ENDING, NEWEST, OLDEST
from worker.rules.dates import whole_moment
from worker.rules.relating import PROOFS, RELATIONS

routes = Blueprint("register", __name__, url_prefix="/register")

STAFF = ("manager", "consultant", "service", "ops")
ORDER_WORDS = {
    NEWEST: (_l("Newest first"), _l("Newer"), _l("Older")),
    OLDEST: (_l("Oldest first"), _l("Older"), _l("Newer")),
    ENDING: (_l("Ends soonest"), _l("Sooner"), _l("Later")),
}
"""Each order of the register, with what stands in front of a page and behind it."""


@routes.get("")
@allowed(*STAFF)
def page() -> str | AnyResponse:
    """Show the register of the chosen site, else of the first, at an address that we wrote."""
    sites = visible_sites()
    site = chosen_site(sites)
    if site is None:
        return render_template("register.html", sites=[], site=None)
    links = _asked(site)
    if asked_words() != links.search.typed:
        return redirect(links.page(), 303)
    return render_template(
        "register.html",
        sites=sites,
        site=site,
        links=links,
        search=links.search,
        units=unit_names(runtime().engine, site.id),
        orders=ORDER_WORDS,
        chips=_chips(links),
        forms=FORMS if present_user().may(EXPORTERS) else (),
        table=_table(links),
    )


@routes.post("")
@allowed(*STAFF)
def search() -> AnyResponse:
    """Lead to the page that shows what was typed: into no address but without the middle of a number (L14)."""
    site = chosen_site(visible_sites())
    return redirect(url_for("register.page") if site is None else _asked(site).page(), 303)


@routes.get("/rows")
@allowed(*STAFF)
@polled
def rows() -> Response:
    """Return the table alone, as it stands now."""
    site = chosen_site(visible_sites())
    if site is None:
        abort(404)
    return live_part(_table(_asked(site)))


@routes.get("/chips")
@allowed(*STAFF)
@polled
def chips() -> Response:
    """Return the filters alone, with how many there are of each now."""
    site = chosen_site(visible_sites())
    if site is None:
        abort(404)
    return live_part(_chips(_asked(site)))


@routes.get("/<int:site_id>/<int:seq>/<int:part>")
@allowed(*STAFF)
def client(site_id: int, seq: int, part: int) -> str:
    """Show the client of a report: what happened, whose he is and why; at the moment `at` where that is given."""
    return show_client(visible_site(site_id), seq, part)


def show_client(site: SiteRow, seq: int, part: int) -> str:
    """Show the client of a report of a site."""
    now = runtime().clock()
    at = whole_moment(request.args.get("at", ""), site.zone)
    found = client_page(runtime().engine, site.id, seq, part, at or now, now)
    if found is None:
        abort(404, _("There is no such report."))
    show = Showing(now, site.zone)
    return render_template(
        "client.html",
        site=site,
        client=found,
        answer=answer_view(found.answer, show, past=at is not None),
        at=(at or now).astimezone(site.zone),
        past=at is not None,
        reports=row_views(found.reports, show),
        others=row_views(found.others, show),
        events=event_views(found, show),
        facts=client_facts(found, site.id, show),
        seq=seq,
        part=part,
        claim=None if at else claim_ref(found.answer),
        unsure=None if at else unsure_ref(found),
        actor=actor_at(site),
        seed=new_seed(),
        outcome=outcome_box(),
        show=show,
        colleagues=given_to(found),
        most_days=most_days(found),
        kin_kinds=[(kind, kind) for kind in RELATIONS],
        kin_proofs=[(proof, proof) for proof in PROOFS],
    )


def _asked(site: SiteRow) -> Links:
    return Links(site, asked_search(site, usual=CLAIMS))


def _chips(links: Links) -> str:
    counts = register_counts(runtime().engine, links.site.id, links.search, runtime().clock())
    return render_template("register/chips.html", links=links, groups=chips_of(links, counts))


def _table(links: Links) -> str:
    now, before, after = runtime().clock(), asked_key("before"), asked_key("after")
    found = register_page(runtime().engine, links.site.id, links.search, now, before, after)
    return render_template(
        "register/table.html",
        site=links.site,
        links=links,
        order=ORDER_WORDS[links.search.order],
        rows=row_views(found.rows, Showing(now, links.site.zone)),
        newer=found.newer and links.page(after=written(found.newer)),
        older=found.older and links.page(before=written(found.older)),
        refresh=None if before or after else links.rows(),
    )
