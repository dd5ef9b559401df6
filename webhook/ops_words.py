"""What the ops page says of states, faults and error codes; `tone` as in `webhook.codes`."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from webhook.codes import CodeWords
from webhook.language import _, _l
from webhook.preferences import HTML_LANGUAGE, language
from webhook.runtime import runtime
from webhook.show import Showing
from worker.alerts.alarm import Alarm
from worker.decide.set_up import SiteRow
from worker.store.states import ReplyState
from worker.words.alarms import alarm_sentence, alarm_title

FAULTS = {
    "redis_away": (_l("Redis is away: the sweeper does the work, more slowly."), "warn"),
    "redis_takes_nothing": (
        _l("Redis takes no writes (a replica, or full): the sweeper does the work, more slowly."),
        "warn",
    ),
    "no_decide_worker": (_l("No worker decides: the sweeper does it, more slowly."), "warn"),
    "no_send_worker": (_l("No worker sends: the sweeper does it, more slowly."), "warn"),
    "no_sweeper": (_l("The sweeper gives no sign of life: nothing heals by itself, notices wait."), "bad"),
    "undecided_texts": (_l("A text has waited for more than ten seconds."), "bad"),
    "line_ahead": (_l("A line is ahead of the clock: its texts bear a wrong time."), "bad"),
    "database_away": (_l("The database is away: texts wait in the spool, in their order."), "bad"),
    "spool_away": (_l("The spool cannot be written: without the database no text could be kept."), "warn"),
    "spooled_texts": (_l("Texts wait in the spool to be put in line."), "warn"),
    "unreadable_texts": (_l("Files of the spool could not be read and were set aside."), "bad"),
    "unrouted_texts": (_l("Texts came to a number of no site."), "warn"),
}
"""By the codes of `worker.readers.health`."""

STATES: dict[str, CodeWords] = {
    ReplyState.PENDING: CodeWords(_l("to be sent"), "info"),
    ReplyState.SENDING: CodeWords(_l("being sent"), "info"),
    ReplyState.SENT: CodeWords(_l("sent"), "good"),
    ReplyState.FAILED: CodeWords(_l("failed"), "bad"),
    ReplyState.UNKNOWN: CodeWords(_l("in doubt"), "warn"),
    ReplyState.REVIEW: CodeWords(_l("needs a person"), "bad"),
    ReplyState.STALE: CodeWords(_l("too late to send"), "warn"),
}

DELIVERIES = {
    "queued": CodeWords(_l("queued at the gateway"), "info"),
    "sending": CodeWords(_l("on its way"), "info"),
    "sent": CodeWords(_l("with the carrier"), "info"),
    "delivered": CodeWords(_l("delivered"), "good"),
    "undelivered": CodeWords(_l("not delivered"), "bad"),
    "failed": CodeWords(_l("failed at the gateway"), "bad"),
}

OUTCOMES = {
    "sent": CodeWords(_l("taken by the gateway"), "good"),
    "retry": CodeWords(_l("not taken, again later"), "warn"),
    "refused": CodeWords(_l("refused"), "bad"),
    "unknown": CodeWords(_l("no clear answer"), "warn"),
}

ERRORS = {
    "lease": _l("the sender died"),
    "opted out": _l("the person has opted out"),
    "lost": _l("it did not arrive, as a person found"),
    "same words": _l("the carrier refused these words before"),
}
"""By our own codes; those of a gateway are in the words of its adapter."""


class AlertView(NamedTuple):
    """A raised alert; `lang` is its sentence's language: the operator's English one where there is no other."""

    words: str
    site: str
    since: datetime
    sentence: str
    lang: str


class Trouble(NamedTuple):
    """Something that is not as it should be."""

    words: str
    tone: str


def fault_of(code: str) -> Trouble:
    """Return the words for what `worker.readers.health` found."""
    if code.startswith("stopped_"):
        name = code.removeprefix("stopped_")
        return Trouble(_("Gateway %(name)s is stopped; its replies wait.", name=name), "bad")
    words, tone = FAULTS.get(code, (code.replace("_", " "), "warn"))
    return Trouble(str(words), tone)


def alert_views(raised: Iterable[Alarm], sites: Iterable[SiteRow], show: Showing) -> list[AlertView]:
    """Return raised alarms in the page's language; times are in the zone of the site that they are about."""
    by_id = {site.id: site for site in sites}
    views: list[AlertView] = []
    for alarm in raised:
        site = by_id.get(int(alarm.detail.get("site", 0)))
        name, zone = (site.name, site.zone) if site is not None else ("", show.zone)
        code = str(alarm.detail.get("error", ""))
        why = error_words(code, None) or code
        said = alarm_sentence(language(), alarm.code, name, alarm.since, zone, why, alarm.detail)
        title = alarm_title(language(), alarm.code)
        views.append(
            AlertView(title, name, alarm.since, said or alarm.sentence, HTML_LANGUAGE[language() if said else "en"])
        )
    return views


def known(table: dict[str, CodeWords], word: str) -> CodeWords:
    """Return the words of a table, or the word itself."""
    return table[word].settled() if word in table else CodeWords(word, "quiet")


def delivery_words(state: str, delivery: str | None) -> CodeWords:
    """Return how a reply stands: in the gateway's words where it has it, else in ours."""
    return known(DELIVERIES, delivery) if state == ReplyState.SENT and delivery else known(STATES, state)


def error_words(code: str | None, words: str | None) -> str:
    """Return an error code in words, "" without one; `words` are those of its gateway, for one that we do not know."""
    if code is None:
        return words or ""
    return str(ERRORS[code]) if code in ERRORS else runtime().explain(code, language()) or words or ""
