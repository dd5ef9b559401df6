"""`/setup/people`: the roster of a site, who may report for which unit, from when to when (R26); one line at a time."""

from collections import Counter
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for

from webhook.access import allowed
from webhook.entry import StandingForm, keep
from webhook.language import _
from webhook.list_words import line_fault
from webhook.login_tries import Page
from webhook.numbers import asked_number
from webhook.people_views import KIND_WORDS, person_key, person_view, phone_of_key
from webhook.register_links import asked_words
from webhook.runtime import runtime
from webhook.setup_frame import MAY, NOT_TAKEN, asked_site, changed, note, render_setup
from webhook.sites import visible_site
from worker.decide.people import checks_of, enlist, roster_line, today_at
from worker.decide.set_up import SiteRow
from worker.errors import SetUpError
from worker.files.lists import roster_person
from worker.files.tables import checked_cells, clean
from worker.readers.roster import STATES, Roster, live_claims, roster_of, state_of
from worker.rules.model import Listed

routes = Blueprint("people", __name__, url_prefix="/setup/people")

ROWS_A_PAGE = 50
MOST_NAMED = 20
FIELDS = ("name", "phone", "unit", "kind", "from", "to", "aliases")


@routes.get("")
@allowed(*MAY)
def page() -> str:
    """Show who is on the roster: `q` words, `state` one of STATES, `at` which page of it."""
    site = asked_site()
    return render_setup("setup/nothing.html", None) if site is None else _listed(site)


@routes.post("/<int:site_id>")
@allowed(*MAY)
def add(site_id: int) -> Page:
    """Put a person on the roster; one who is on it already is changed on his own page."""
    site = visible_site(site_id)
    given = {field: request.form.get(field, "").strip() for field in FIELDS}
    try:
        person = _person(site, given)
        line = roster_line(runtime().engine, site, person["phone"])
    except ValueError as error:
        keep(StandingForm("add", given, {"form": line_fault(error)}))
        return _listed(site), NOT_TAKEN
    if line is not None and not line.over(today_of(site)):
        known = _("He is on the roster already: %(name)s, %(unit)s.", name=line.name, unit=line.unit)
        keep(StandingForm("add", given, {"phone": known}))
        return _listed(site, known=person_key(site, line.phone)), NOT_TAKEN
    try:
        put_on(site, person, "roster_added")
    except SetUpError as error:
        keep(StandingForm("add", given, {"form": line_fault(error)}))
        return _listed(site), NOT_TAKEN
    flash(_("%(name)s may report for %(unit)s.", name=person["name"], unit=person["unit"]))
    return redirect(url_for("people.page", site=site.id), 303)


@routes.get("/<int:site_id>/<key>")
@allowed(*MAY)
def person(site_id: int, key: str) -> str:
    """Show one line of the roster, with what may be changed of it."""
    site = visible_site(site_id)
    return person_page(site, *asked_line(site, key))


@routes.post("/<int:site_id>/<key>")
@allowed(*MAY)
def change(site_id: int, key: str) -> Page:
    """Change a line: its name, unit, days and further names; the phone stays, for it is whose line it is."""
    site = visible_site(site_id)
    line, roster = asked_line(site, key)
    given = {field: request.form.get(field, "").strip() for field in FIELDS} | {"phone": line.phone}
    try:
        # All that he is called is said here, so that a name may be taken away as well.
        put_on(site, _person(site, given) | {"called_only": True}, "roster_changed")
    except ValueError as error:
        keep(StandingForm("change", given, {"form": line_fault(error)}))
        return person_page(site, line, roster), NOT_TAKEN
    return changed(url_for("people.person", site_id=site.id, key=key))


def today_of(site: SiteRow) -> date:
    """Return the site's day."""
    return today_at(site, runtime().clock)


def _person(site: SiteRow, given: dict[str, str]) -> dict[str, Any]:
    checks = checks_of(runtime().engine, site, runtime().clock)
    cells = checked_cells({name: clean(typed) for name, typed in given.items()})
    return roster_person(cells, checks, dict(checks.units))


def as_given(line: Listed) -> dict[str, Any]:
    """Return a line as a set-up message puts it on the roster anew."""
    days = {"from": line.from_day, "to": line.to_day}
    person = {"name": line.name, "phone": line.phone, "unit": line.unit, "called": list(line.aliases)}
    return person | {name: day.isoformat() for name, day in days.items() if day is not None}


def put_on(site: SiteRow, person: dict[str, Any], what: str) -> None:
    """Put a person on the roster, or change his line; it is kept who did it. Raises SetUpError."""
    note(site, what, enlist(runtime().engine, site, [person], runtime().line_clock))


def asked_line(site: SiteRow, key: str) -> tuple[Listed, Roster]:
    """Return the line that an address names, and the roster that it is on; 404 when there is none at this site."""
    roster = roster_of(runtime().engine, site.id)
    people = {line.phone: line for line in roster.people}
    phone = phone_of_key(site, key, people)
    if phone is None:
        abort(404, _("There is no such line on the roster."))
    return people[phone], roster


def _listed(site: SiteRow, known: str = "") -> str:
    roster, today, typed = roster_of(runtime().engine, site.id), today_of(site), asked_words()
    state = next((state for state in STATES if state == request.args.get("state")), None)
    fitting = roster.found(typed)
    counts = Counter(state_of(line, today) for line in fitting)
    found = [line for line in fitting if state in (None, state_of(line, today))]
    pages = max(1, -(-len(found) // ROWS_A_PAGE))
    at = min(max(asked_number("at") or 1, 1), pages)
    views = [person_view(site, line, roster.units, today) for line in found[(at - 1) * ROWS_A_PAGE : at * ROWS_A_PAGE]]
    searched = {"site": site.id, "q": typed or None}
    return render_setup(
        "setup/people.html", site, views=views, typed=typed, state=state, at=at, pages=pages, searched=searched,
        counts=counts, total=len(roster.people), found=len(found), units=roster.units.values(),
        kinds=list(KIND_WORDS.items()), known=known,
    )  # fmt: skip


def person_page(site: SiteRow, line: Listed, roster: Roster) -> str:
    """Show one line, with his live claims."""
    now, today = runtime().clock(), today_of(site)
    live = live_claims(runtime().engine, site.id, line.phone, now)
    return render_setup(
        "setup/person.html", site, view=person_view(site, line, roster.units, today), line=line,
        units=roster.units.values(), kinds=list(KIND_WORDS.items()), live=live[:MOST_NAMED], live_count=len(live),
        over=line.over(today), today=today,
    )  # fmt: skip
