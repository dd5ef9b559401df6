"""How often a phone may ask about clients that are not its own: each answer tells something of others (L2)."""

from dataclasses import replace
from typing import Final

from worker.rules.turn import Turn

FOREIGN_IN_A_TEXT: Final = 5


def foreign_left(turn: Turn) -> int:
    """Return of how many clients that are not its own this text may still be told; staff asks as it likes."""
    return min(FOREIGN_IN_A_TEXT, max(turn.policy.foreign_queries_per_day - _asked_today(turn), 0))


def count_foreign(turn: Turn, told: int) -> None:
    """Count what the sender was told of clients that are not its own, within the site's day."""
    today = turn.state.day(turn.now).isoformat()
    sender, asked = turn.state.sender(turn.phone), _asked_today(turn) + told
    turn.state.put(replace(sender, foreign_on=today, foreign_asked=asked))


def _asked_today(turn: Turn) -> int:
    sender = turn.state.sender(turn.phone)
    return sender.foreign_asked if sender.foreign_on == turn.state.day(turn.now).isoformat() else 0
