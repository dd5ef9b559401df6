"""Who is on no roster reports so often in a day, and so many clients in a text (R26, L10)."""

from dataclasses import replace
from typing import Final

from worker.rules.turn import Turn

CLIENTS_IN_A_TEXT: Final = 10


def day_is_full(turn: Turn) -> bool:
    """Tell whether a phone off the roster has sent all its reports of the day."""
    return turn.is_stranger and _reports_today(turn) >= turn.policy.unlisted_reports_per_day


def is_beyond(turn: Turn, index: int) -> bool:
    """Tell whether the client at this place of a text is more than a phone off the roster may report."""
    return turn.is_stranger and (index >= CLIENTS_IN_A_TEXT or day_is_full(turn))


def count_unlisted(turn: Turn) -> None:
    """Count a report of a phone off the roster, whatever became of it."""
    if turn.is_stranger:
        sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
        turn.state.put(replace(sender, unlisted_on=today, unlisted_reports=_reports_today(turn) + 1))


def _reports_today(turn: Turn) -> int:
    sender = turn.state.sender(turn.phone)
    return sender.unlisted_reports if sender.unlisted_on == turn.state.day(turn.now).isoformat() else 0
