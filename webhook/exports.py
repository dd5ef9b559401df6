"""The register as a file: what is filtered, for the roles that may have it, recorded with who took it."""

from tempfile import TemporaryFile

from flask import Blueprint, Response

from webhook.access import allowed, present_user
from webhook.downloads import download
from webhook.register_links import asked_search
from webhook.runtime import runtime
from webhook.sites import visible_site
from worker.accounts.acts import record
from worker.decide.heads import publish_head
from worker.readers.register import register_rows
from worker.readers.register_file import FORMS, fill

routes = Blueprint("exports", __name__, url_prefix="/register")

EXPORTERS = ("manager", "service")


@routes.post(f"/<int:site_id>/export/<any({','.join(FORMS)}):form>")
@allowed(*EXPORTERS)
def take(site_id: int, form: str) -> Response:
    """Return a file whose name carries the head of the site's chain: so that head has been outside."""
    site, now = visible_site(site_id), runtime().clock()
    # A file, and not a list in memory: a register may be long.
    file = TemporaryFile()  # noqa: SIM115  (who sends it closes it)
    rows = register_rows(runtime().engine, now, site.name, search=asked_search(site))
    fill(file, form, site.state.get("language", "zh"), rows, {site.name: site.zone})
    # After the rows, so that it covers each of them.
    head = publish_head(runtime().engine, site.id, now)
    record(runtime().engine, present_user().id, "export", f"site {site.id} {form} head {head}", now)
    called = f"{site.name}-{now.astimezone(site.zone):%Y%m%d-%H%M}-{head}"
    return download(file, form, called, "register")
