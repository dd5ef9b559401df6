"""Rows of the ops page in words: outcomes and replies with their share of the whole, replies that did not arrive."""

from collections.abc import Sequence
from dataclasses import dataclass

from webhook.codes import CodeWords, code_words
from webhook.ops_words import STATES, delivery_words, error_words, known
from webhook.phone_views import masked
from worker.readers.traffic import ReplyCount
from worker.readers.troubles import FailedReply
from worker.store.states import IN_DOUBT, UNDELIVERED


@dataclass(frozen=True, slots=True)
class Counted:
    """A row with its count; `share` is in percent of the largest row."""

    words: str
    tone: str
    count: int
    share: float
    more: str = ""


@dataclass(frozen=True, slots=True)
class FailureView:
    """A reply that did not arrive, and what may be done about it."""

    reply: FailedReply
    what: str
    to: str
    state: CodeWords
    why: str
    resendable: bool
    settleable: bool


def outcome_views(rows: Sequence[tuple[str, int]]) -> list[Counted]:
    """Return outcomes with their counts in words."""
    most = max((count for _code, count in rows), default=1)
    return [Counted(*code_words(code), count, round(100 * count / most, 1)) for code, count in rows]


def reply_views(rows: Sequence[ReplyCount]) -> list[Counted]:
    """Return how the replies stand in words: the gateway's where it has spoken, else ours; error codes explained."""
    most = max((row.count for row in rows), default=1)
    views: list[Counted] = []
    for row in rows:
        words, tone = delivery_words(row.state, row.delivery)
        share, why = round(100 * row.count / most, 1), _why(row.error_code, row.error_words)
        views.append(Counted(words, tone, row.count, share, why))
    return views


def failure_views(rows: Sequence[FailedReply]) -> list[FailureView]:
    """Return replies that did not arrive as they are shown."""
    return [
        FailureView(
            row,
            code_words(row.code).words,
            masked(row.recipient),
            known(STATES, row.state),
            _why(row.error_code, row.error_words),
            row.state in UNDELIVERED,
            row.state in IN_DOUBT,
        )
        for row in rows
    ]


def _why(code: str | None, words: str | None) -> str:
    explained = error_words(code, words)
    return f"{code} · {explained}" if code and code[0].isdigit() and explained else explained or code or ""
