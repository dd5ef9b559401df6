"""`/`: leads everybody to the first page that is his."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from webhook.access import everybody, present_user
from webhook.navigation import items_of, may_use
from webhook.sites import visible_sites

SETUP = "setup.page"

routes = Blueprint("home", __name__)


@routes.get("/")
@everybody
def page() -> Response:
    """Go on to the first page of the navigation, else to one's account; while there is no site, to the set-up."""
    pages = items_of(present_user())
    if not visible_sites() and may_use(present_user(), SETUP):
        return redirect(url_for(SETUP), 303)
    return redirect(url_for(pages[0].endpoint if pages else "accounts.account"), 303)
