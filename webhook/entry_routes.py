"""The addresses of the entries: each takes its form into the line, or shows it again with what is wrong with it.

One that takes something from somebody asks once more before (`second_step`).
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from parsers.mask import mask_numbers
from webhook import cases, desk, register
from webhook.access import allowed
from webhook.actor import actor_at, demand_own_role
from webhook.entries import ENTRIES, EntryForm, Page, Taken, take
from webhook.entry import StandingForm, is_entered, keep, submit
from webhook.foresight_views import asks_again, foreseen_of
from webhook.second_step import goes_back, second_step
from webhook.sites import visible_site
from worker.decide.set_up import SiteRow

routes = Blueprint("enter", __name__)

NOT_TAKEN = 422
SHOWN: dict[Page, Callable[..., str]] = {"cases": cases.show, "desk": desk.show, "client": register.show_client}
"""Page → the function that shows it of a site, with what its address says besides."""


def _taking(entry: EntryForm) -> Callable[..., Any]:
    """Return the view of an entry."""

    @allowed(*entry.roles)
    def enter(site_id: int, **place: int) -> str | Response | tuple[str, int]:
        site = visible_site(site_id)
        taken = take(entry, request.form, site.region)
        if goes_back():
            typed = {name: request.form.get(name, "") for name in entry.names}
            keep(StandingForm(entry.key(typed), typed))
            return SHOWN[entry.page](site, **place)
        if taken.faults:
            keep(StandingForm(entry.key(taken.fields), taken.fields, taken.faults))
            return SHOWN[entry.page](site, **place), NOT_TAKEN
        if entry.page == "client":
            back = url_for("register.client", site_id=site.id, seq=place["seq"], part=place["part"])
        else:
            back = url_for(f"{entry.page}.page", site=site.id)
        return _asked_again(entry, site, taken) or submit(site, entry.name, taken, back)

    return enter


def _asked_again(entry: EntryForm, site: SiteRow, taken: Taken) -> str | None:
    """Return the second step of an entry that takes something from somebody (L9); a form that is in line is done."""
    demand_own_role(site)
    if not asks_again(entry, taken) or is_entered():
        return None
    foreseen = foreseen_of(site, actor_at(site), entry, taken)
    # What was typed goes to the browser and back masked, as the line keeps it (L14).
    posted = {name: mask_numbers(value, site.region) for name, value in request.form.items() if name in entry.names}
    return second_step(foreseen, {**request.form, **posted}) if foreseen is not None else None


for _entry in ENTRIES:
    routes.add_url_rule(_entry.path, _entry.name, _taking(_entry), methods=["POST"])
