"""What becomes of a reply when something is learnt about it: pure, one table in gateways.md, tested as a table.

    pending → sending → sent | pending | failed | unknown
    unknown → sent | pending (one counted re-send) | review
    sent → pending (one new attempt after a soft failure) | failed

A gateway's words are applied by rank, never backwards; they can come before the answer to our own request, repeatedly,
late, and about an earlier attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from worker.gateways.base import (
    DELIVERIES,
    Handover,
    Refused,
    Retry,
    SenderStopped,
    Sent,
    Status,
    Stopped,
    Unknown,
)
from worker.patience import pause_s
from worker.store.states import IN_DOUBT, ReplyState

LONGEST_WAIT_S: Final = 200.0
JITTER: Final = 0.5
SOFT_FAILURES: Final = 1
RESENDS: Final = 1
LOOKUPS_AT: Final = (timedelta(seconds=60), timedelta(minutes=5))
"""How long after an attempt of unknown outcome it is looked for."""

RANK: Final[Mapping[str | None, int]] = {None: -1} | {
    word: min(rank, DELIVERIES.index("delivered")) for rank, word in enumerate(DELIVERIES)
}
FAILED: Final = ("undelivered", "failed")

Change = dict[str, Any]
"""New values for columns of `replies`; empty when nothing changes."""


@dataclass(frozen=True, slots=True)
class ReplyHistory:
    """How a reply stands. `soft_failures` and `unknowns` count its attempts that ended so, the present one apart."""

    state: ReplyState
    attempt: int
    delivery: str | None
    sid: str | None
    useful_until: datetime
    soft_failures: int = 0
    unknowns: int = 0

    @property
    def unsettled(self) -> bool:
        """Whether it is still open what became of the present attempt."""
        # One that a phone fetched may have gone out in time, though the phone says so after that.
        waits_again = self.state in (ReplyState.PENDING, ReplyState.STALE) and self.attempt > 0
        open_yet = self.state in (ReplyState.SENDING, *IN_DOUBT) or waits_again
        return open_yet and self.delivery not in FAILED


def backoff_s(attempt: int, least_s: float, chance: float) -> float:
    """Return the seconds until the next attempt: 1, 2, 4 … at least `least_s`, plus up to half; `chance` is in 0…1."""
    return max(least_s, pause_s(attempt, 1.0, LONGEST_WAIT_S)) * (1 + JITTER * chance)


def after_outcome(tally: ReplyHistory, outcome: Handover, now: datetime, chance: float) -> Change:
    """Return what the outcome of the present attempt changes."""
    if isinstance(outcome, Sent):
        return _taken(tally, outcome.sid, outcome.delivery, now)
    if tally.state not in (ReplyState.SENDING, ReplyState.UNKNOWN):
        # A callback was faster, and knows better than an answer that failed.
        return {}
    match outcome:
        case Retry():
            return _again(tally, outcome, now, chance)
        case Refused():
            return _refused(outcome)
        case Unknown():
            return _over(ReplyState.UNKNOWN, outcome.code, outcome.words)
        case Stopped() | SenderStopped():
            # Nobody was asked anything: the attempt was none.
            return {"state": ReplyState.PENDING, "attempt": tally.attempt - 1, "next_at": now, "lease_until": None}


def says_more(status: Status, known: str | None) -> bool:
    """Tell whether a word says more of an attempt than was known: it is of a higher rank, or takes a delivery back."""
    taken_back = status.takes_back and known == "delivered" and status.delivery in FAILED
    return taken_back or RANK[status.delivery] > RANK[known]


def after_status(tally: ReplyHistory, status: Status, now: datetime, chance: float) -> Change:
    """Return what a gateway's later word changes."""
    if status.attempt is not None and status.attempt != tally.attempt:
        # One before the present attempt: good news settles a reply that is in doubt, bad news is old news.
        if status.delivery in FAILED or tally.state not in (*IN_DOUBT, ReplyState.PENDING):
            return {}
        return _taken(tally, status.sid, status.delivery, now)
    if not says_more(status, tally.delivery):
        return {}
    if status.delivery not in FAILED:
        return _taken(tally, status.sid, status.delivery, now)
    match status.failure:
        case Retry(once=once) if not once or tally.soft_failures < SOFT_FAILURES:
            change = _again(tally, status.failure, now, chance)
        case Stopped() | SenderStopped():
            change = {"state": ReplyState.PENDING, "next_at": now, "lease_until": None}
        case None:
            change = _over(ReplyState.FAILED, status.error_code or "none", "not delivered")
        case Refused() as refused:
            change = _refused(refused)
        case failure:
            change = _over(ReplyState.FAILED, failure.code, failure.words)
    return change | {"delivery": status.delivery, "sid": status.sid or tally.sid}


def after_lookups(tally: ReplyHistory, now: datetime, doubtful: bool = False) -> Change:
    """Return what to do with a reply that the gateway's list does not hold: one re-send while it is of use.

    `doubtful`: it may be there in other words, so that a person has to look.
    """
    if not doubtful and tally.unknowns < RESENDS and tally.useful_until > now:
        return {"state": ReplyState.PENDING, "next_at": now, "lease_until": None}
    return {"state": ReplyState.REVIEW, "lease_until": None}


def _taken(tally: ReplyHistory, sid: str | None, delivery: str | None, now: datetime) -> Change:
    better = delivery if RANK[delivery] > RANK[tally.delivery] else tally.delivery
    if tally.state == ReplyState.SENT:
        return {"sid": sid or tally.sid, "delivery": better}
    if not tally.unsettled:
        return {"sid": tally.sid or sid}
    settled = {"state": ReplyState.SENT, "sent_at": now, "lease_until": None, "error_code": None, "error_words": None}
    return settled | {"sid": sid or tally.sid, "delivery": better}


def _again(tally: ReplyHistory, outcome: Retry, now: datetime, chance: float) -> Change:
    wait = timedelta(seconds=backoff_s(tally.attempt, outcome.after_s, chance))
    return _over(ReplyState.PENDING, outcome.code, outcome.words) | {"next_at": now + wait}


def _refused(outcome: Refused) -> Change:
    return _over(ReplyState.FAILED, outcome.code, outcome.words) | {"refusal": outcome.scope}


def _over(state: ReplyState, code: str, words: str) -> Change:
    return {"state": state, "error_code": code, "error_words": words, "lease_until": None}
