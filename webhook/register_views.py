"""Rows of the register and a client's story in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from webhook.codes import CodeWords, code_words
from webhook.erasure import shown
from webhook.language import _, _l
from webhook.plan_words import plan_words
from webhook.preferences import language
from webhook.rule_words import rule_words
from webhook.show import Showing
from webhook.times import span_words
from worker.readers.clients import ClientPage
from worker.readers.conditions import SOON
from worker.readers.register import RegisterRow
from worker.rules.attribution import Answer
from worker.rules.identity import names_agree
from worker.rules.model import WALK_IN
from worker.rules.plans import Plan
from worker.rules.states import Flag
from worker.rules.story import Item, story
from worker.words.story import Telling

STATUS_WORDS = {
    "live": CodeWords(_l("Valid"), "good"),
    "renewed": CodeWords(_l("Valid, renewed"), "good"),
    "visited": CodeWords(_l("Visited"), "good"),
    "expired": CodeWords(_l("Expired"), "quiet"),
    "lapsed": CodeWords(_l("Lapsed"), "quiet"),
    "suspected": CodeWords(_l("Suspected same number"), "warn"),
    "contested": CodeWords(_l("Order contested"), "warn"),
    "withdrawn": CodeWords(_l("Withdrawn"), "quiet"),
    "displaced": CodeWords(_l("Displaced"), "quiet"),
    "denied": CodeWords(_l("Denied by client service"), "quiet"),
    "sold": CodeWords(_l("Sold"), "info"),
}
FLAG_WORDS = {
    Flag.SUSPECTED: _l("suspected same number"),
    Flag.CONTESTED: _l("order contested"),
    Flag.CLOCK: _l("clock jumped, end in doubt"),
    Flag.DISPUTED: _l("disputed"),
    Flag.UNLISTED: _l("agent not on the roster"),
    Flag.UNSURE: _l("reading to be checked"),
    Flag.EXTENDED: _l("more days given"),
    Flag.SHORT_LEAD: _l("reported shortly before the arrival"),
    Flag.CLAIMED: _l("family claimed, not proved"),
    Flag.LATE_ENTRY: _l("deal entered late"),
    Flag.PROJECT: _l("names a project that nobody knows"),
}

MARKS = {
    Flag.UNSURE: _l("To be checked"),
    Flag.UNLISTED: _l("Not on the roster"),
    Flag.PROJECT: _l("Unknown project"),
}
"""The flags that stand beside a report's state, and that the register is narrowed by."""
TONES = {
    "claim": "quiet",
    "deal": "good",
    "deal.cancelled": "quiet",
    "dispute": "warn",
    "dispute.ruling": "good",
    "visit.confirmed": "good",
    "visit.confirmed_own": "good",
    "visit.mismatch": "warn",
    "visit.void": "bad",
    "visit.denied": "quiet",
}
"""The colours of what happened, by code or kind; a report has its answer's, anything else is told as it is."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A row as it is shown; `left` is the share of the protection that is left, in percent, None when none runs."""

    row: RegisterRow
    client: str
    status: CodeWords
    reported: str
    """when, with its day, to the second"""
    left: float | None
    left_words: str
    left_tone: str
    ends: str
    planned: str
    """when the client is expected; "" where that is not said"""
    marks: tuple[str, ...]
    """what is to be known of the report beside its state, in words"""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Whose a client is, and why."""

    whose: str
    tone: str
    until: str
    rules: tuple[tuple[str, str], ...]
    facts: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened with a client."""

    at: datetime
    when: str
    title: str
    tone: str
    more: str = ""


def row_views(rows: Iterable[RegisterRow], show: Showing) -> list[RowView]:
    """Return rows as they are shown."""
    return [_row(row, show) for row in rows]


def _row(row: RegisterRow, show: Showing) -> RowView:
    left = row.ends_at - show.now if row.ends_at is not None else None
    runs = left is not None and left > timedelta(0) and row.status in ("live", "renewed", "visited", "suspected")
    return RowView(
        row,
        shown(row.client),
        status_words(row.status),
        show.dated(row.reported_at),
        _share(row, left) if left is not None and runs else None,
        span_words(left) if left is not None and runs else "",
        "warn" if left is not None and left < SOON else "good",
        show.moment(row.ends_at) if row.ends_at is not None else "",
        plan_words(Plan(row.planned_day, row.planned_time, row.planned_part), show) if row.planned_day else "",
        tuple(str(words) for flag, words in MARKS.items() if flag in row.flags.split()),
    )


def status_words(status: str) -> CodeWords:
    """Return the words for a status of the register, which may be the code of an answer."""
    return STATUS_WORDS[status].settled() if status in STATUS_WORDS else code_words(status)


def _share(row: RegisterRow, left: timedelta) -> float:
    # After a visit its days run from the last contact on (R14).
    begin = row.contact_at or row.visited_at or row.renewed_at or row.reported_at
    whole = row.ends_at - begin if row.ends_at is not None else left
    return round(100 * min(1.0, left / whole), 1) if whole > timedelta(0) else 0.0


def answer_view(answer: Answer, show: Showing, past: bool) -> AnswerView:
    """Return an answer (判客) in words. Of a moment that is past it is not said until when: that was not known then."""
    if answer.unit == WALK_IN:
        whose, tone = _("The site's own (walk-in)"), "info"
    elif not answer.unit:
        whose, tone = _("Nobody's: public"), "quiet"
    else:
        whose = " · ".join(part for part in (answer.unit, answer.agent) if part and part != "-")
        tone = "good"
    until = show.moment(answer.until) if answer.until is not None and not past else ""
    rules = tuple((rule, rule_words(rule)) for rule in answer.rules)
    flags = tuple(str(FLAG_WORDS.get(flag, flag)) for flag in answer.flags)
    return AnswerView(whose, tone, until, rules, " · ".join(answer.facts), flags)


def event_views(page: ClientPage, show: Showing) -> list[Event]:
    """Return what happened with a client, the newest first; what others were reported on his number stands apart."""
    telling = Telling(language(), show.zone)
    return [
        Event(item.at, show.moment(item.at), telling.title(item), _tone(item), telling.words(item))
        for item in reversed(story(page.case))
        if names_agree(str(item.params.get("client", page.name)), page.name) or item.code.startswith(("family", "read"))
    ]


def _tone(item: Item) -> str:
    kind, _, outcome = item.code.partition(".")
    return TONES.get(item.code) or (code_words(outcome).tone if kind == "report" else TONES.get(kind, "info"))
