"""Who is on no roster reports so often in a day, and so many clients in a text (R26, L10)."""

from dataclasses import replace
from typing import Any, Final

from worker.rules.codes import Code
from worker.rules.refusals import answer_stranger
from worker.rules.turn import Turn

CLIENTS_IN_A_TEXT: Final = 10


def day_is_full(turn: Turn) -> bool:
    """Tell whether a phone off the roster has sent all its reports of the day."""
    return turn.is_stranger and _reports_today(turn) >= turn.policy.unlisted_reports_per_day


def is_beyond(turn: Turn, index: int) -> bool:
    """Tell whether the client at this place of a text is more than a phone off the roster may report."""
    return turn.is_stranger and (index >= CLIENTS_IN_A_TEXT or day_is_full(turn))


def why_left_out(turn: Turn, index: int) -> dict[str, Any]:
    """Return what is told of a client whom only the length of a stranger's text leaves out; nothing of any other."""
    return {"reason": "beyond", "limit": CLIENTS_IN_A_TEXT} if is_beyond(turn, index) and not day_is_full(turn) else {}


def count_unlisted(turn: Turn) -> None:
    """Count a report of a phone off the roster, whatever became of it."""
    if turn.is_stranger:
        sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
        turn.state.put(replace(sender, unlisted_on=today, unlisted_reports=_reports_today(turn) + 1))


def answer_beyond_day(turn: Turn) -> None:
    """Say that the day's reports are all sent: once behind the last of them, whatever else was said that day.

    Where none is allowed it is the answer to a stranger, within its caps.
    """
    limit = turn.policy.unlisted_reports_per_day
    sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
    full = {"reason": "full", "limit": limit}
    if not limit:
        answer_stranger(turn, Code.REFUSED_UNKNOWN_SENDER, full)
    elif sender.full_on != today and not turn.is_abroad:
        # Not by the count: the policy may have become less than what he had sent already.
        turn.state.put(replace(sender, full_on=today))
        turn.answer(Code.REFUSED_UNKNOWN_SENDER, full)


def _reports_today(turn: Turn) -> int:
    sender = turn.state.sender(turn.phone)
    return sender.unlisted_reports if sender.unlisted_on == turn.state.day(turn.now).isoformat() else 0
