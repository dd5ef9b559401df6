"""The desk's papers, right on A4: 《客户来访登记表》 of a day, and 《来访客户确认单》 in two copies (R4, R16)."""

from datetime import date

from flask import Blueprint, abort, render_template, request

from webhook.access import allowed
from webhook.actor import actor_at
from webhook.desk_views import arrival_view, arrival_views
from webhook.language import _
from webhook.runtime import runtime
from webhook.show import Showing
from webhook.sites import visible_site
from worker.decide.set_up import SiteRow
from worker.readers.desk import Arrival, arrival, arrivals_on, names_of_phones
from worker.rules.dates import whole_day

routes = Blueprint("papers", __name__, url_prefix="/desk")

STAFF = ("manager", "consultant", "service")


@routes.get("/<int:site_id>/log")
@allowed(*STAFF)
def log(site_id: int) -> str:
    """Show the arrivals of a day (`day`, default today) as they go on paper, in the order of their arrival."""
    site = visible_site(site_id)
    day = whole_day(request.args.get("day", "")) or _today(site)
    known = arrivals_on(runtime().engine, site.id, day, _today(site))[::-1]
    views = arrival_views(known, actor_at(site), _names(site, known), _showing(site))
    return render_template("papers/log.html", site=site, day=day, views=views, show=_showing(site))


@routes.get("/<int:site_id>/forms/<int:number>")
@allowed(*STAFF)
def letter(site_id: int, number: int) -> str:
    """Show a visit form in its two copies."""
    site = visible_site(site_id)
    found = arrival(runtime().engine, site.id, number, _today(site))
    if found is None:
        abort(404, _("There is no such form."))
    view = arrival_view(found, actor_at(site), _names(site, [found]), _showing(site))
    return render_template("papers/letter.html", site=site, view=view, show=_showing(site))


def _showing(site: SiteRow) -> Showing:
    return Showing(runtime().clock(), site.zone)


def _today(site: SiteRow) -> date:
    return runtime().clock().astimezone(site.zone).date()


def _names(site: SiteRow, known: list[Arrival]) -> dict[str, str]:
    phones = {signed.phone for each in known for signed in each.form.signatures.values()}
    return names_of_phones(runtime().engine, phones, site.id)
