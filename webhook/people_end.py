"""The end of a line of the roster: what becomes of live claims is shown, and asked about once more (L9, L17, B33)."""

from datetime import date

from flask import Blueprint, redirect, request, url_for

from webhook.access import allowed
from webhook.entry import StandingForm, keep
from webhook.language import _, fault_words
from webhook.login_tries import Page
from webhook.people import MOST_NAMED, as_given, asked_line, person_page, put_on, today_of
from webhook.people_views import days_words
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import MAY, NOT_TAKEN, changed, note
from webhook.show import Showing
from webhook.sites import visible_site
from worker.decide.people import unlist
from worker.decide.set_up import SiteRow
from worker.errors import N_, SetUpError
from worker.files.cells import day_in
from worker.readers.roster import live_claims
from worker.rules.model import Listed

routes = Blueprint("people_end", __name__, url_prefix="/setup/people")


@routes.post("/<int:site_id>/<key>/end")
@allowed(*MAY)
def end(site_id: int, key: str) -> Page:
    """End a line at once, or with a day (`last`)."""
    site = visible_site(site_id)
    (line, roster), last = asked_line(site, key), request.form.get("last", "").strip()
    here = url_for("people.person", site_id=site.id, key=key)
    if goes_back():
        return redirect(here, 303)
    try:
        until = _last_day(line, last)
        step = second_step(_foreseen(site, line, last))
        if step is not None:
            return step
        if until is not None and until >= today_of(site):
            put_on(site, as_given(line) | {"to": until.isoformat()}, "roster_ended")
        else:
            note(site, "roster_ended", unlist(runtime().engine, site, line.phone, runtime().line_clock))
    except SetUpError as error:
        keep(StandingForm("end", {"last": last}, {"last": fault_words(error)}))
        return person_page(site, line, roster), NOT_TAKEN
    return changed(here)


def _last_day(line: Listed, typed: str) -> date | None:
    """Return the last day that somebody typed, None for at once; raises SetUpError."""
    until = day_in(typed) if typed else None
    if until is not None and line.from_day is not None and until < line.from_day:
        raise SetUpError(N_("from lies behind to"))
    return until


def _foreseen(site: SiteRow, line: Listed, last: str) -> Foreseen:
    """Return what the end of a line means: for him, and for each claim of his that stands."""
    now = runtime().clock()
    live, show = live_claims(runtime().engine, site.id, line.phone, now), Showing(now, site.zone)
    then = _("may report until the end of %(day)s", day=last) if last else _("may not report any more, from now on")
    changes = [Outlook(f"{line.name} · {line.unit}", days_words(line) or _("may report"), then)]
    stays = _("stays with %(unit)s: its other agents may act", unit=line.unit)
    for claim in live[:MOST_NAMED]:
        until = _("until %(time)s", time=show.end(claim.ends_at))
        changes.append(Outlook(f"{claim.ref} {claim.client} {claim.mask}", until, stays))
    if len(live) > MOST_NAMED:
        changes.append(Outlook(_("%(count)s more live claims", count=len(live) - MOST_NAMED), line.name, stays))
    stand = _("%(count)s live claims of his go on with the unit.", count=len(live))
    again = _("He may be put on the roster again; what he reports counts from then.")
    title = _("Take %(name)s off the roster", name=line.name)
    return Foreseen(title, _("Yes, end it"), f"{stand} {again}", tuple(changes))
