"""Lines of a roster as pages show them, and the keys by which their addresses name them: no address holds a phone."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import current_app

from webhook.codes import CodeWords
from webhook.language import _, _l
from worker.decide.roster_changes import LineChange
from worker.decide.set_up import SiteRow
from worker.readers.roster import state_of
from worker.rules.model import Listed, Unit

KIND_WORDS = {"distributor": _l("Distributor"), "own": _l("Own sales"), "referral": _l("Referrals by clients")}
STATE_WORDS = {
    "now": CodeWords(_l("May report"), "good"),
    "coming": CodeWords(_l("Not yet"), "info"),
    "ended": CodeWords(_l("Ended"), "quiet"),
}
FIELD_WORDS = {
    "name": _l("Full name"),
    "unit": _l("Unit"),
    "from_day": _l("First day"),
    "to_day": _l("Last day on the list"),
    "aliases": _l("Further names"),
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """A line of the roster; `kind` is its unit's, `days` says from when to when, "" for always."""

    key: str
    line: Listed
    kind: str
    state: CodeWords
    days: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a line, before and after."""

    words: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A line of a list that comes in, and what it changes; `live`: so many claims of his stand."""

    line: Listed
    days: str
    changes: tuple[FieldChange, ...]
    live: int = 0


def person_key(site: SiteRow, phone: str) -> str:
    """Return what names a phone in an address of this installation: 16 hex digits that tell nobody else its number."""
    # As the app keeps it: a list asks this for each of its phones, and the key may stand in a file.
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"person:{site.id}:{phone}".encode(), hashlib.sha256).hexdigest()[:16]


def phone_of_key(site: SiteRow, key: str, phones: Iterable[str]) -> str | None:
    """Return the phone among these that a key names."""
    # As bytes: of texts it compares those in ASCII alone, and an address may hold anything.
    asked = key.encode("utf-8", "replace")
    return next((phone for phone in phones if hmac.compare_digest(person_key(site, phone).encode(), asked)), None)


def person_view(site: SiteRow, line: Listed, units: Mapping[str, Unit], today: date) -> PersonView:
    """Return a line as it is shown on the site's day `today`."""
    kind = units[line.unit].kind if line.unit in units else ""
    state = STATE_WORDS[state_of(line, today)].settled()
    return PersonView(person_key(site, line.phone), line, str(KIND_WORDS.get(kind, kind)), state, days_words(line))


def days_words(line: Listed) -> str:
    """Return from when to when a line is in force, "" for always."""
    match line.from_day, line.to_day:
        case None, None:
            return ""
        case since, None:
            return _("from %(day)s", day=since)
        case None, until:
            return _("to %(day)s", day=until)
        case since, until:
            return _("%(first)s to %(last)s", first=since, last=until)


def change_view(change: LineChange, live: int) -> ChangeView:
    """Return what a line of a list changes."""
    changes: list[FieldChange] = []
    if change.before is not None:
        for name in change.fields:
            before, after = (_said(getattr(line, name)) for line in (change.before, change.after))
            changes.append(FieldChange(str(FIELD_WORDS[name]), before, after))
    return ChangeView(change.after, days_words(change.after), tuple(changes), live)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(value) or "—"
    return str(value) if value is not None else "—"
