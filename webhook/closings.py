"""Phones from which no act by text is taken: managers, ops and whoever's phone it is open them again (L6)."""

from flask import Blueprint, abort, flash, redirect, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, everybody, present_user
from webhook.language import _
from webhook.runtime import runtime
from webhook.sites import visible_site, visible_sites
from worker.errors import SetUpError
from worker.page_door import closed_phones, open_acts
from worker.readers.closings import Closing

routes = Blueprint("closings", __name__)


@routes.post("/ops/sites/<int:site_id>/closings/<int:seq>/open")
@allowed("ops", "manager")
def open_for_another(site_id: int, seq: int) -> Response:
    """Take acts by text again from the phone that the text at this place has closed."""
    return _opened(closed_phones(runtime(), {visible_site(site_id).id}), seq, "ops.page")


@routes.post("/account/sites/<int:site_id>/closings/<int:seq>/open")
@everybody
def open_own(site_id: int, seq: int) -> Response:
    """Take acts by text again from one's own phone: who has logged in has proved himself otherwise."""
    visible_site(site_id)
    return _opened([each for each in own_closings() if each.site_id == site_id], seq, "accounts.account")


def own_closings() -> list[Closing]:
    """Return where no act by text is taken from the phone of whoever is logged in."""
    who = present_user()
    if who.phone is None:
        return []
    return [each for each in closed_phones(runtime(), {site.id for site in visible_sites()}) if each.phone == who.phone]


def _opened(standing: list[Closing], seq: int, page: str) -> Response:
    closing = next((each for each in standing if each.seq == seq), None)
    if closing is None:
        flash(_("It was open already; nothing was changed."))
        return redirect(url_for(page), 303)
    try:
        open_acts(runtime(), present_user(), closing)
    except SetUpError:
        abort(503, _("The clock of this machine is wrong, so nothing was taken: tell whoever looks after the system."))
    flash(_("Acts by text are taken from this phone again."))
    return redirect(url_for(page), 303)
