"""Refusals, and their caps against floods, loops and toll fraud (texts.md, section 3; E15, E17, L10, L13)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from worker.rules.codes import Code
from worker.rules.turn import Turn

WINDOW = timedelta(minutes=10)


def refuse(turn: Turn, code: Code, params: dict[str, Any] | None = None) -> None:
    """Answer with a refusal, unless the sender has had his five of the last ten minutes.

    The last says that no more are told, and whom to ring: never the number that he texts to, nor a person (L13). What
    an act's code comes to is not counted (`confirming.py`).
    """
    sender = turn.state.sender(turn.phone)
    recent = tuple(at for at in sender.refusals if turn.now - datetime.fromisoformat(at) < WINDOW)
    limit = turn.policy.refusals_per_10min
    if len(recent) >= limit:
        return
    telephone = turn.policy.telephone
    last: dict[str, Any] = {}
    if len(recent) + 1 == limit:
        last = {"telephone": telephone} if telephone else {"muted": True}
    turn.answer(code, (params or {}) | last)
    turn.state.put(replace(sender, refusals=(*recent, turn.now.isoformat())))


def forgive(turn: Turn) -> None:
    """Begin anew to count the refusals of a sender whose text was right: that ends his muting (L13).

    Not of one who was told enough for this hour (L11): a right text before each wrong one would have all answered.
    """
    sender = turn.state.sender(turn.phone)
    if sender.told(turn.hour)[0] >= turn.policy.messages_per_hour:
        return
    answers = [reply.code for reply in turn.replies if (reply.recipient, reply.role) == (turn.phone, "reply")]
    if sender.refusals and any(not code.refuses for code in answers):
        turn.state.put(replace(sender, refusals=()))


def answer_stranger(turn: Turn, code: Code, params: dict[str, Any] | None = None) -> None:
    """Answer a number that nobody knows: once a day, only in the site's countries, capped per hour (E15, L10)."""
    sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
    full = turn.in_hour().hour_unknown >= turn.policy.unknown_per_hour
    if sender.unknown_on == today or turn.is_abroad or full:
        return
    turn.count_unknown()
    turn.answer(code, params)
    turn.state.put(replace(sender, unknown_on=today))
