"""Texts to oneself: a test text by a site's number, and alerts, to the phone that one's account is bound to."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, present_user
from webhook.language import _
from webhook.phone_views import masked
from webhook.runtime import runtime
from webhook.sites import visible_site
from worker.accounts.alert_choice import ROLES, want_alerts
from worker.outbox.asides import TRIALS_A_DAY, TRIALS_AN_HOUR, send_trial

routes = Blueprint("own_texts", __name__)


@routes.post("/ops/sites/<int:site_id>/test-text")
@allowed("ops", "manager")
def send_test(site_id: int) -> Response:
    """Send a test text to one's own phone, and lead to where one sees how it goes."""
    site, who = visible_site(site_id), present_user()
    if who.phone is None:
        abort(409, _("Your account is bound to no phone, so there is nowhere to send a test text to."))
    if not send_trial(runtime().engine, who, site.id, runtime().clock()):
        flash(
            _(
                "Not sent: you may send yourself %(hour)s test texts an hour and %(day)s a day.",
                hour=TRIALS_AN_HOUR,
                day=TRIALS_A_DAY,
            )
        )
        return redirect(url_for("ops.page"), 303)
    runtime().bell.ring_send()
    flash(_("A test text is on its way to %(phone)s; here you see how it goes.", phone=masked(who.phone)))
    return redirect(url_for("texts.page", site=site.id, code="test_text"), 303)


@routes.post("/account/alerts")
@allowed(*ROLES)
def choose_alerts() -> Response:
    """Keep whether one wants alerts by text."""
    who, wanted = present_user(), request.form.get("alerts") == "on"
    if wanted and who.phone is None:
        abort(409, _("Your account is bound to no phone, so there is nowhere to send alerts to."))
    want_alerts(runtime().engine, who, wanted, runtime().clock(), who.id)
    flash(_("Alerts come to your phone by text.") if wanted else _("No alerts come to your phone."))
    return redirect(url_for("accounts.account"), 303)
