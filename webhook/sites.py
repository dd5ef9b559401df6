"""Which sites a user sees, and which of them a page is about."""

from flask import abort

from webhook.access import present_user
from webhook.language import _
from webhook.numbers import asked_number
from webhook.runtime import runtime
from worker.decide.set_up import SiteRow, all_sites


def visible_sites() -> list[SiteRow]:
    """Return the sites of whoever is logged in, in the order of their founding."""
    who = present_user()
    return [site for site in all_sites(runtime().engine) if who.sees(site.id)]


def visible_site(site_id: int) -> SiteRow:
    """Return a site of whoever is logged in; 404 when there is none, or it is not his: that tells him nothing."""
    found = next((site for site in visible_sites() if site.id == site_id), None)
    if found is None:
        abort(404, _("There is no such site, or it is not yours."))
    return found


def chosen_site(sites: list[SiteRow]) -> SiteRow | None:
    """Return the site that the address asks for, else the first; None when there is none."""
    wanted = asked_number("site")
    return next((site for site in sites if site.id == wanted), next(iter(sites), None))
