"""What an entry will do, in words: whose each client is now and then, who is told what."""

from typing import Final

from webhook.actor import Actor
from webhook.desk_views import PARTY_WORDS
from webhook.entries import EntryForm, Taken
from webhook.language import _, _l
from webhook.phone_views import masked
from webhook.register_views import answer_view
from webhook.runtime import runtime
from webhook.second_step import Foreseen, Outlook, Told
from webhook.show import Showing
from worker.decide.fold import Spoken
from worker.decide.foresight import Foresight, Moved, foresee
from worker.decide.set_up import SiteRow
from worker.readers.desk import names_of_phones
from worker.rules.attribution import Answer
from worker.rules.confirming import ACTS

TITLES: Final = {
    "unsign": _l("Take back my signature on %(refs)s"),
    "verify": _l("%(refs)s: not in contact"),
    "settle.valid": _l("Judge %(refs)s: valid"),
    "settle.duplicate": _l("Judge %(refs)s: duplicate"),
    "rule": _l("Decide %(refs)s for %(unit)s"),
    "deposit": _l("Record the deposit of %(refs)s"),
    "downpayment": _l("Record the down payment of %(refs)s"),
    "cancel_deposit": _l("Cancel the sale of %(refs)s"),
    "relate": _l("Link %(refs)s as family"),
    "correct": _l("Correct the number of %(refs)s"),
    "hand": _l("Give %(refs)s to %(words)s"),
    "extend": _l("Give %(refs)s more days"),
    "withdraw": _l("Withdraw %(refs)s"),
}
"""By the entry's name, its name and answer, or the kind of command that it is."""
AT_ONCE: Final = ("check",)
"""Entries that confirm what stands and take it from nobody."""


def asks_again(entry: EntryForm, taken: Taken) -> bool:
    """Tell whether an entry may take something from somebody, as by text it would need a code (L4, L9)."""
    return taken.meaning is not None and taken.meaning.kind in ACTS and entry.name not in AT_ONCE


def foreseen_of(site: SiteRow, actor: Actor, entry: EntryForm, taken: Taken) -> Foreseen | None:
    """Return what an entry of `actor` will do; None where it takes nothing, or its outcome will say why not."""
    if actor.phone is None or taken.meaning is None:
        return None
    now, meaning = runtime().clock(), taken.meaning
    found = foresee(runtime().engine, site.id, actor.phone, taken.sentence, meaning, now)
    if found is None:
        return None
    show = Showing(now, site.zone)
    title = next(TITLES[key] for key in (f"{entry.name}.{meaning.answer}", entry.name, meaning.kind) if key in TITLES)
    undone = entry.name == "unsign"
    return Foreseen(
        str(title) % {"refs": " ".join(meaning.refs), "unit": meaning.unit, "words": meaning.words},
        _("Yes, do it"),
        _("You may sign it again until 24:00.") if undone else _("This cannot be undone."),
        tuple(_change(moved, show) for moved in found.clients),
        _told(site, found),
        (_("What is entered"), taken.sentence),
    )


def _change(moved: Moved, show: Showing) -> Outlook:
    what = " · ".join(part for part in (str(moved.who), moved.ref) if part)
    now, then = _stands(moved.before, show), _stands(moved.after, show)
    if moved.then != moved.who:
        then = f"{moved.then} · {then}"
    return Outlook(what, now, then if then != now else "")


def _stands(answer: Answer, show: Showing) -> str:
    view = answer_view(answer, show, past=False)
    until = _("until %(time)s", time=show.end(answer.until)) if answer.until is not None else ""
    return " · ".join(part for part in (view.whose, until, *view.flags) if part)


def _told(site: SiteRow, found: Foresight) -> tuple[Told, ...]:
    names = names_of_phones(runtime().engine, [each.reply.recipient for each in found.told], site.id)
    return tuple(
        Told(
            _who(site, found, each, names.get(each.reply.recipient, "")),
            masked(each.reply.recipient),
            each.words,
            each.reply.code,
        )
        for each in found.told
    )


def _who(site: SiteRow, found: Foresight, said: Spoken, user: str) -> str:
    listed, role = found.listed.get(said.reply.recipient), site.staff.get(said.reply.recipient)
    if listed is not None:
        return f"{listed.name} · {listed.unit}"
    return " · ".join(part for part in (user, str(PARTY_WORDS[role]) if role else "") if part)
