"""A list of people comes in: what each line would change is shown first, and exactly that is then carried out.

What was read of the file goes to the browser and comes back with our signature, good for an hour, for this user and
site alone; what it would change is told again when it comes back, and shown anew where that has changed meanwhile.
"""

import hashlib
import json
from typing import Any, Final

from flask import Blueprint, current_app, flash, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webhook.access import allowed, present_user
from webhook.frames import LARGEST_UPLOAD
from webhook.language import _, fault_words
from webhook.list_words import line_fault
from webhook.login_tries import Page
from webhook.people_views import change_view
from webhook.runtime import runtime
from webhook.setup_frame import MAY, NOT_TAKEN, note, render_setup
from webhook.sites import visible_site
from worker.decide.people import checks_of, enlist
from worker.decide.roster_changes import RosterChanges, roster_changes
from worker.decide.set_up import SiteRow
from worker.errors import SetUpError
from worker.files.lists import read_roster
from worker.files.tables import ListError
from worker.readers.roster import live_counts

routes = Blueprint("people_import", __name__, url_prefix="/setup/people/import")

LARGEST: Final = LARGEST_UPLOAD
"""Bytes of a file, and of what was read of one, with the form around it."""
GOOD_FOR_S: Final = 3_600
MOST_SHOWN = 500
"""Lines of one kind, and bad ones, that a page shows; it says how many more there are."""


@routes.post("/<int:site_id>")
@allowed(*MAY, largest=LARGEST)
def preview(site_id: int) -> Page:
    """Show what a file (`file`) would change, or what is wrong with which of its lines; nothing is written."""
    site = visible_site(site_id)
    file = request.files.get("file")
    raw = file.read() if file is not None else b""
    if not raw:
        flash(_("Choose a file first: a workbook (xlsx) or a CSV."))
        return redirect(url_for("people.page", site=site.id), 303)
    try:
        people = read_roster(raw, checks_of(runtime().engine, site, runtime().clock))
    except ListError as error:
        faults = [(number, line_fault(fault)) for number, fault in error.faults]
        shown = {"faults": faults[:MOST_SHOWN], "more": len(faults) - MOST_SHOWN}
        return render_setup(
            "setup/people_bad.html", site, file=(file.filename or "") if file else "", **shown
        ), NOT_TAKEN
    return _shown(site, people, _changes(site, people))


@routes.post("/<int:site_id>/sure")
@allowed(*MAY, largest=LARGEST)
def carry_out(site_id: int) -> Page:
    """Put what was previewed into the site's line, if it would still change what was shown."""
    site = visible_site(site_id)
    try:
        kept = _signer(site).loads(request.form.get("previewed", ""), max_age=GOOD_FOR_S)
    except BadSignature:
        flash(_("The preview is too old, or is not one of yours: choose the file once more."))
        return redirect(url_for("people.page", site=site.id), 303)
    if any(person["phone"] in site.staff for person in kept["people"]):
        # Somebody has become staff since: his line is a bad one now (B32), and the file is read anew.
        flash(_("The preview is too old, or is not one of yours: choose the file once more."))
        return redirect(url_for("people.page", site=site.id), 303)
    changes = _changes(site, kept["people"])
    if kept["digest"] != _digest(changes):
        return _shown(site, kept["people"], changes, changed=True)
    try:
        receipt = enlist(runtime().engine, site, kept["people"], runtime().line_clock)
    except SetUpError as error:
        flash(fault_words(error))
        return redirect(url_for("people.page", site=site.id), 303)
    note(site, "roster_imported", receipt)
    counts = {kind: len(changes.of(kind)) for kind in ("new", "changed", "ends", "same")}
    flash(
        _("The list holds from now on: %(new)s new, %(changed)s changed, %(ends)s ended, %(same)s as before.", **counts)
    )
    return redirect(url_for("people.page", site=site.id), 303)


def _shown(site: SiteRow, people: list[dict[str, Any]], changes: RosterChanges, changed: bool = False) -> str:
    moved = [each.after.phone for each in changes.lines if each.kind in ("changed", "ends")]
    live = live_counts(runtime().engine, site.id, moved, runtime().clock())
    kinds = {kind: changes.of(kind) for kind in ("new", "changed", "ends", "same")}
    views = {
        kind: [change_view(each, live.get(each.after.phone, 0)) for each in lines[:MOST_SHOWN]]
        for kind, lines in kinds.items()
        if kind != "same"
    }
    counts = {kind: len(lines) for kind, lines in kinds.items()}
    previewed = _signer(site).dumps({"people": people, "digest": _digest(changes)})
    return render_setup(
        "setup/people_preview.html", site, views=views, counts=counts, new_units=changes.units, named=changes.named,
        previewed=previewed, changed=changed, most=MOST_SHOWN,
    )  # fmt: skip


def _changes(site: SiteRow, people: list[dict[str, Any]]) -> RosterChanges:
    return roster_changes(runtime().engine, site, people, runtime().clock())


def _digest(changes: RosterChanges) -> str:
    """Return what tells this preview from one after the roster has changed (hex); no time is in it."""
    lines: list[list[str]] = []
    for each in changes.lines:
        sides = [f"{name} {getattr(each.before, name, '')} {getattr(each.after, name)}" for name in each.fields]
        lines.append([each.kind, each.after.phone, *sides])
    units = [[unit.name, unit.kind, *unit.aliases] for unit in changes.units]
    units += [[after.name, *before.aliases, "", *after.aliases] for before, after in changes.named]
    return hashlib.sha256(json.dumps([lines, units], ensure_ascii=False).encode()).hexdigest()


def _signer(site: SiteRow) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt=f"roster:{present_user().id}:{site.id}")
