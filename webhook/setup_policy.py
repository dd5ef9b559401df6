"""`/setup/policy`: every key of a site's policy with what it means; a change shows first what it will do."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, request, url_for

from webhook.access import allowed
from webhook.entry import StandingForm, keep
from webhook.language import _, fault_words
from webhook.login_tries import Page
from webhook.policy_words import GROUPS, WORDS, KeyWords
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, goes_back, second_step
from webhook.setup_frame import NOT_TAKEN, asked_site, note, render_setup
from webhook.sites import visible_site
from worker.decide.set_up import SiteRow, check_telephone, set_policy
from worker.errors import SetUpError
from worker.readers.policy import live_claims, policy_history
from worker.rules.policy import KEYS, KINDS, TERMS, Kind, Policy, PolicyError, policy_of, settable, written

routes = Blueprint("setup_policy", __name__, url_prefix="/setup/policy")

FORM = "policy"
OFF = "off"
EMPTY_IS_OFF = ("clock", "span", "hours")
"""Forms of values where nothing typed is “off”."""
ERASING = ("retention", "keep_texts_days", "keep_unvisited_days", "keep_visited_days")


@dataclass(frozen=True, slots=True)
class Row:
    """A key on the page; `value` is what its field holds, `default` in words."""

    key: str
    words: KeyWords
    kind: Kind
    value: str
    default: str
    is_set: bool


@routes.get("")
@allowed("ops", "manager")
def page() -> str:
    """Show the policy of the site that is asked for."""
    site = asked_site()
    return render_setup("setup/nothing.html", None) if site is None else _shown(site)


@routes.post("/<int:site_id>")
@allowed("ops", "manager")
def change(site_id: int) -> Page:
    """Change the keys that were typed otherwise than they stand, when it was shown what that will do."""
    site = visible_site(site_id)
    typed = {key: request.form.get(key, "").strip() for key in KEYS if key in request.form}
    keep(StandingForm(FORM, typed))
    if goes_back():
        return _shown(site)
    if request.form.get("place") != str(site.state.get("policy_seq", 0)):
        keep(StandingForm())
        changed = _("Somebody has changed the policy meanwhile: this is how it stands now. Nothing of yours was taken.")
        return _shown(site, changed), NOT_TAKEN
    wanted, faults = _checked(site, typed)
    if faults:
        keep(StandingForm(FORM, typed, faults))
        return _shown(site, _("Nothing was changed: see the marked fields.")), NOT_TAKEN
    if not wanted:
        flash(_("Nothing was changed."))
        return redirect(url_for("setup_policy.page", site=site.id), 303)
    step = second_step(_foreseen(site, wanted))
    if step is not None:
        return step
    try:
        receipt = set_policy(runtime().engine, site, [f"{k}={v}" for k, v in wanted.items()], runtime().line_clock)
    except SetUpError as error:
        return _shown(site, fault_words(error)), NOT_TAKEN
    note(site, "policy_set", receipt)
    flash(_("Changed. It holds from place %(seq)s of the line on.", seq=receipt.seq or 0))
    return redirect(url_for("setup_policy.page", site=site.id), 303)


def value_words(key: str, value: str) -> str:
    """Return a value of a key, as it is set, in the words of the page."""
    words = WORDS[key]
    if value in words.choices:
        return str(words.choices[value])
    if value in ("", OFF):
        return _("the site's own") if key == "countries" else _("none")
    return f"{value.removesuffix('h') if KINDS[key].form == 'hours' else value} {words.unit}".strip()


def _shown(site: SiteRow, fault: str = "") -> str:
    given = site.state.get("policy", {})
    present, default = policy_of(given), Policy()
    groups = [
        (name, title, [_row(key, words, present, default, key in given) for key, words in group.items()])
        for name, title, group in GROUPS
    ]
    return render_setup(
        "setup/policy.html",
        site,
        groups=groups,
        fault=fault,
        place=site.state.get("policy_seq", 0),
        history=policy_history(runtime().engine, site.id),
        value_words=value_words,
        words=WORDS,
    )


def _row(key: str, words: KeyWords, present: Policy, default: Policy, is_set: bool) -> Row:
    value, usual = written(getattr(present, key)), written(getattr(default, key))
    kind = KINDS[key]
    shown = (
        "" if kind.form in EMPTY_IS_OFF and value == OFF else value.removesuffix("h" if kind.form == "hours" else "")
    )
    return Row(key, words, kind, shown, value_words(key, usual), is_set and value != usual)


def _checked(site: SiteRow, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys that were typed otherwise than they stand, as they are set, and what is wrong with which."""
    present = policy_of(site.state.get("policy", {}))
    wanted, faults = dict[str, str](), dict[str, str]()
    for key, words in typed.items():
        value = _as_set(KINDS[key], words)
        try:
            read = settable(key, value)
            if key == "telephone":
                check_telephone(value, (site.number, *site.staff))
        except PolicyError:
            faults[key] = _wrong(KINDS[key])
        except SetUpError as error:
            faults[key] = fault_words(error)
        else:
            wanted |= {key: written(read)} if read != getattr(present, key) else {}
    return wanted, faults


def _as_set(kind: Kind, typed: str) -> str:
    if kind.form in EMPTY_IS_OFF and not typed:
        return OFF
    return f"{typed}h" if kind.form == "hours" and typed.isdecimal() else typed


def _wrong(kind: Kind) -> str:
    match kind.form:
        case "whole" | "hours":
            return _("A whole number from %(least)s to %(most)s.", least=kind.least, most=kind.most)
        case "clock":
            return _("A time as 18:00, or nothing.")
        case "span":
            return _("Two times as 21:00-08:00, or nothing.")
        case "countries":
            return _("Countries by their two letters, as CN,HK, or nothing.")
        case "telephone":
            return _("A telephone as 0571-88880000, or nothing.")
    return _("One of the choices.")


def _foreseen(site: SiteRow, wanted: Mapping[str, str]) -> Foreseen:
    present = policy_of(site.state.get("policy", {}))
    changes = [
        Outlook(str(WORDS[key].name), value_words(key, written(getattr(present, key))), value_words(key, value))
        for key, value in wanted.items()
    ]
    if any(key in TERMS for key in wanted):
        count = live_claims(runtime().engine, site.id, runtime().clock())
        stand = _("%(count)s claims stand", count=count)
        changes.append(Outlook(_("What stands already"), stand, _("keeps its periods; later ones get the new ones")))
    if wanted.keys() - {*TERMS, *ERASING, "first_number"}:
        changes.append(Outlook(_("All else"), _("as it was"), _("at once, for texts that come from now on")))
    if "first_number" in wanted and (next_number := site.state.get("next_registration", 0)):
        goes_on = _("goes on from there: numbers have begun")
        changes.append(Outlook(_("Next registration"), f"R{next_number}", goes_on))
    if any(key in ERASING for key in wanted):
        changes.append(Outlook(_("Erasing"), _("by the days before"), _("by the new ones from tonight on, for good")))
    lasting = _("It holds from now on and is kept in the site's line; decisions that were made do not change.")
    return Foreseen(_("Change the policy of %(site)s", site=site.name), _("Yes, change it"), lasting, tuple(changes))
