"""What a person can do on the ops page; every act is recorded with who did it."""

from collections.abc import Collection

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed, own_path, present_user
from webhook.language import _, _l
from webhook.ops_views import FailureView, failure_views
from webhook.ops_words import error_words
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import demand_everywhere
from webhook.show import Showing
from webhook.sites import visible_site, visible_sites
from worker.decide.set_up import SiteRow
from worker.outbox.stops import stops
from worker.processes.repairs import Mender
from worker.readers.troubles import FailedReply, replies_at_rest, reply_standing_still, words_of_replies
from worker.store.states import IN_DOUBT, UNDELIVERED

routes = Blueprint("ops_acts", __name__, url_prefix="/ops")

RESENT = _l("It goes out at once. If the first one arrived after all, he gets it twice.")
SETTLED = _l("It counts as sent and is not sent again. If it did not arrive after all, he never hears of it.")
LONGEST_ID = 18


@routes.post("/sites/<int:site_id>/replies/<int:reply_id>/resend")
@allowed("ops", "manager")
def resend(site_id: int, reply_id: int) -> str | Response:
    """Send a reply once more, when that was asked again: nobody takes a text back."""
    title = _("Send this text once more")
    step = _asked_again(visible_site(site_id), reply_id, UNDELIVERED, title, _("to be sent"), str(RESENT))
    if step is not None:
        return step
    done = _mender().resend(site_id, reply_id)
    return _back(_("It is sent once more.") if done else _("It had gone on already; nothing was changed."))


@routes.post("/sites/<int:site_id>/replies/<int:reply_id>/settle")
@allowed("ops", "manager")
def settle(site_id: int, reply_id: int) -> str | Response:
    """Record that a reply in doubt arrived, when that was asked again: it is never sent after that."""
    title = _("Record that this text arrived")
    step = _asked_again(visible_site(site_id), reply_id, IN_DOUBT, title, _("sent"), str(SETTLED))
    if step is not None:
        return step
    done = _mender().settle_as_sent(site_id, reply_id)
    return _back(_("It counts as sent.") if done else _("It had gone on already; nothing was changed."))


@routes.post("/replies")
@allowed("ops", "manager")
def mend() -> str | Response:
    """Send several replies once more, or record that they arrived, when that was asked again."""
    if goes_back():
        return _back("")
    act = request.form.get("act")
    if act not in ("resend", "settle"):
        abort(400, _("Choose what is to be done with them."))
    ids = {int(each) for each in _chosen() if each.isdecimal() and len(each) < LONGEST_ID}
    seen = {site.id for site in visible_sites()}
    states = UNDELIVERED if act == "resend" else IN_DOUBT
    standing = [
        each
        for each in replies_at_rest(runtime().engine, ids, present_user())
        if each.site_id in seen and each.state in states
    ]
    if not standing:
        return _back(_("None of the chosen ones can be treated so; nothing was changed."))
    step = second_step(_of_several(act, standing), _as_chosen(standing))
    if step is not None:
        return step
    do = _mender().resend if act == "resend" else _mender().settle_as_sent
    done = sum(do(each.site_id, each.id) for each in standing)
    return _back(_("%(done)s of %(all)s were treated so.", done=done, all=len(standing)))


def _chosen() -> list[str]:
    """Return the ids of the replies that were chosen: each by its box, or all in one field behind the second step."""
    return request.form.getlist("reply") or request.form.get("replies", "").split(",")


def _as_chosen(standing: list[FailedReply]) -> dict[str, str]:
    chosen = {"replies": ",".join(str(each.id) for each in standing)}
    return {name: value for name, value in request.form.items() if name != "reply"} | chosen


def _of_several(act: str, standing: list[FailedReply]) -> Foreseen:
    resends = act == "resend"
    then = _("to be sent") if resends else _("sent")
    words = words_of_replies(runtime().engine, [each.id for each in standing])
    changes = tuple(_outlook(view, then, words.get(view.reply.id, "")) for view in failure_views(standing))
    count = len(changes)
    title = _("Send %(count)s texts once more", count=count)
    if not resends:
        title = _("Record that %(count)s texts arrived", count=count)
    return Foreseen(
        title, _("Yes, do it"), str(RESENT if resends else SETTLED), changes, about=tuple(each.id for each in standing)
    )


@routes.post("/gateways/<name>/resume")
@allowed("ops")
def resume(name: str) -> str | Response:
    """Let a gateway send again, when that was asked again: what waited goes out at once."""
    demand_everywhere()
    if goes_back():
        return _back("")
    show = Showing(runtime().clock())
    stopped = tuple(
        Outlook(
            each.number or _("Gateway %(name)s", name=name),
            f"{error_words(each.code, each.words)} · {_('since %(time)s', time=show.exact(each.since)[:19])}",
            _("sends"),
        )
        for each in stops(runtime().engine)
        if each.gateway == name
    )
    title, lasting = _("Let gateway %(name)s send again", name=name), _("All that waits goes out at once.")
    step = second_step(Foreseen(title, _("Yes, let it send"), lasting, stopped)) if stopped else None
    if step is not None:
        return step
    ended = _mender().resume_gateway(name)
    return _back(_("The gateway sends again; what waited goes out now.") if ended else _("It was not stopped."))


@routes.post("/gateways/<name>/backfill")
@allowed("ops")
def backfill(name: str) -> Response:
    """Compare a gateway's list with ours now."""
    demand_everywhere()
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
    demand_everywhere()
    done = _mender().requeue(queue, job_id)
    return _back(_("The job is in its queue again.") if done else _("This job is gone, or none of ours."))


def _asked_again(
    site: SiteRow, reply_id: int, states: Collection[str], title: str, then: str, lasting: str
) -> str | Response | None:
    """Return the second step of what concerns one reply in one of these states, None when it was gone through."""
    if goes_back():
        return _back("")
    found = reply_standing_still(runtime().engine, site.id, reply_id, present_user())
    if found is None or found[0].state not in states:
        return None
    change = _outlook(failure_views([found[0]])[0], then)
    return second_step(Foreseen(title, _("Yes, do it"), lasting, (change,), quoted=(_("The text"), found[1])))


def _outlook(view: FailureView, then: str, words: str = "") -> Outlook:
    what = " · ".join(part for part in (view.to, view.what, view.reply.ref, words) if part)
    return Outlook(what, " · ".join(part for part in (view.state.words, view.why) if part), then)


def _mender() -> Mender:
    return Mender(runtime(), present_user().id, present_user())


def _back(words: str) -> Response:
    if words:
        flash(words)
    return redirect(own_path(request.form.get("next")) or url_for("ops.page"), 303)
