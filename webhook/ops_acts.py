"""What a person can do on the ops page; every act is recorded with who did it."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, own_path, present_user
from webhook.language import _
from webhook.runtime import runtime
from webhook.sites import visible_site
from worker.processes.repairs import Mender

routes = Blueprint("ops_acts", __name__, url_prefix="/ops")


@routes.post("/sites/<int:site_id>/replies/<int:reply_id>/resend")
@allowed("ops", "manager")
def resend(site_id: int, reply_id: int) -> Response:
    """Send a reply once more."""
    done = _mender().resend(visible_site(site_id).id, reply_id)
    return _back(_("It is sent once more.") if done else _("It had gone on already; nothing was changed."))


@routes.post("/sites/<int:site_id>/replies/<int:reply_id>/settle")
@allowed("ops", "manager")
def settle(site_id: int, reply_id: int) -> Response:
    """Record that a reply in doubt arrived."""
    done = _mender().settle_as_sent(visible_site(site_id).id, reply_id)
    return _back(_("It counts as sent.") if done else _("It had gone on already; nothing was changed."))


@routes.post("/gateways/<name>/resume")
@allowed("ops")
def resume(name: str) -> Response:
    """Let a gateway send again."""
    _demand_every_site()
    ended = _mender().resume_gateway(name)
    return _back(_("The gateway sends again; what waited goes out now.") if ended else _("It was not stopped."))


@routes.post("/gateways/<name>/backfill")
@allowed("ops")
def backfill(name: str) -> Response:
    """Compare a gateway's list with ours now."""
    _demand_every_site()
    ended = _mender().backfill(name)
    if ended is None:
        return _back(_("It cannot be compared now: it keeps no list, or texts wait in the spool."))
    if ended.error is not None:
        return _back(_("The list could not be read to its end (%(error)s).", error=ended.error))
    words = _(
        "%(found)s compared, %(healed)s were missing and are in line now.", found=ended.found, healed=ended.healed
    )
    return _back(words)


@routes.post("/jobs/<queue>/<job_id>/requeue")
@allowed("ops")
def requeue(queue: str, job_id: str) -> Response:
    """Put a failed job back into its queue."""
    _demand_every_site()
    done = _mender().requeue(queue, job_id)
    return _back(_("The job is in its queue again.") if done else _("This job is gone, or none of ours."))


def _demand_every_site() -> None:
    """Refuse what concerns every site to whoever looks after one."""
    if present_user().site_id is not None:
        abort(403, _("This concerns every site, and your account is for one: ask whoever looks after all of them."))


def _mender() -> Mender:
    return Mender(runtime(), present_user().id)


def _back(words: str) -> Response:
    flash(words)
    return redirect(own_path(request.form.get("next")) or url_for("ops.page"), 303)
