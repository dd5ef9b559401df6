"""What the ops page says of states, faults and error codes; `tone` as in `webhook.codes`."""

from datetime import datetime
from typing import NamedTuple

from webhook.codes import CodeWords
from webhook.language import _, _l
from webhook.preferences import language
from webhook.runtime import runtime
from worker.alerts.book import Book
from worker.store.states import ReplyState

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


ALERTS = {
    "line_stands": _l("A line stands"),
    "line_ahead": _l("A line is ahead of its clock"),
    "clock_ahead": _l("The clock has jumped ahead"),
    "clocks_apart": _l("Clocks contradict a gateway's"),
    "undecidable": _l("Messages could not be decided"),
    "forwards_wait": _l("Texts for other sites wait"),
    "replies_wait": _l("Replies wait"),
    "replies_fail": _l("Replies fail"),
    "replies_in_review": _l("Replies need a person"),
    "content_refused": _l("Carriers refuse our words"),
    "gateway_stopped": _l("A gateway is stopped"),
    "number_stopped": _l("A number is stopped"),
    "unrouted_texts": _l("Texts to a number of no site"),
    "many_messages": _l("A site sends very many messages"),
    "no_manager_told": _l("No manager can be told"),
    "acts_closed": _l("Wrong codes closed a phone's acts"),
    "backfill_healed": _l("Texts had not reached us"),
    "backfill_fails": _l("A gateway's list cannot be read"),
    "canary_lost": _l("A trial text did not come back"),
    "texts_spooled": _l("Texts wait in the spool"),
    "texts_unreadable": _l("The spool holds unreadable files"),
    "database_away": _l("The database is away"),
}
"""By the codes of `worker.alerts.alarms`, `worker.alerts.spool` and `worker.alerts.alerts`."""


class AlertView(NamedTuple):
    """A raised alert; `sentence` is the operator's English one, as ALERT_URL gets it."""

    words: str
    scope: str
    since: datetime
    sentence: str


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


def alert_views(book: Book) -> list[AlertView]:
    """Return what is raised and not cleared, the oldest first."""
    raised = sorted((each.alarm for each in book.values() if each.cleared_at is None), key=lambda alarm: alarm.since)
    return [AlertView(str(ALERTS.get(a.code, a.code)), a.scope, a.since, a.sentence) for a in raised]


def known(table: dict[str, CodeWords], word: str) -> CodeWords:
    """Return the words of a table, or the word itself."""
    return table[word].settled() if word in table else CodeWords(word, "quiet")


def error_words(code: str | None, words: str | None) -> str:
    """Return an error code in words, "" without one; `words` are those of its gateway, for one that we do not know."""
    if code is None:
        return words or ""
    return str(ERRORS[code]) if code in ERRORS else runtime().explain(code, language()) or words or ""
