"""The addresses of the entries: each takes its form into the line, or shows it again with what is wrong with it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from webhook import cases, desk, register
from webhook.access import allowed
from webhook.entries import ENTRIES, EntryForm, Page, take
from webhook.entry import StandingForm, keep, submit
from webhook.sites import visible_site

routes = Blueprint("enter", __name__)

NOT_TAKEN = 422
SHOWN: dict[Page, Callable[..., str]] = {"cases": cases.show, "desk": desk.show, "client": register.show_client}
"""Page → the function that shows it of a site, with what its address says besides."""


def _taking(entry: EntryForm) -> Callable[..., Any]:
    """Return the view of an entry."""

    @allowed(*entry.roles)
    def enter(site_id: int, **place: int) -> Response | tuple[str, int]:
        site = visible_site(site_id)
        taken = take(entry, request.form, site.region)
        if taken.faults:
            keep(StandingForm(entry.key(taken.fields), taken.fields, taken.faults))
            return SHOWN[entry.page](site, **place), NOT_TAKEN
        if entry.page == "client":
            back = url_for("register.client", site_id=site.id, seq=place["seq"], part=place["part"])
        else:
            back = url_for(f"{entry.page}.page", site=site.id)
        return submit(site, entry.name, taken, back)

    return enter


for _entry in ENTRIES:
    routes.add_url_rule(_entry.path, _entry.name, _taking(_entry), methods=["POST"])
