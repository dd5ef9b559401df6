"""`/setup`: what an installation has and lacks, from its first user to the first text that was answered."""

from flask import Blueprint

from webhook.access import allowed
from webhook.setup_frame import asked_site, render_setup

routes = Blueprint("setup", __name__, url_prefix="/setup")


@routes.get("")
@allowed("ops", "manager")
def page() -> str:
    """Show how far the set-up has come."""
    return render_setup("setup/overview.html", asked_site())
