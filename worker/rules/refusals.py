"""Refusals, and their caps against floods, loops and toll fraud (texts.md, section 3; E15, E17)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from parsers.numbers import country_code_of
from worker.rules.codes import Code
from worker.rules.turn import Turn

WINDOW = timedelta(minutes=10)


def refuse(turn: Turn, code: Code, params: dict[str, Any] | None = None) -> None:
    """Answer with a refusal, unless the sender has had his five of the last ten minutes; the last names a telephone."""
    sender = turn.state.sender(turn.phone)
    recent = tuple(at for at in sender.refusals if turn.now - datetime.fromisoformat(at) < WINDOW)
    limit = turn.policy.refusals_per_10min
    if len(recent) >= limit:
        return
    last = {"telephone": turn.state.site.number} if len(recent) + 1 == limit else {}
    turn.answer(code, (params or {}) | last)
    turn.state.put(replace(sender, refusals=(*recent, turn.now.isoformat())))


def answer_stranger(turn: Turn, code: Code, params: dict[str, Any] | None = None) -> None:
    """Answer a number that nobody knows: once a day, only in the site's country, capped per hour (E15)."""
    sender, today = turn.state.sender(turn.phone), turn.state.day(turn.now).isoformat()
    abroad = country_code_of(turn.phone) != country_code_of(turn.state.site.number)
    full = turn.in_hour().hour_unknown >= turn.policy.unknown_per_hour
    if sender.unknown_on == today or abroad or full:
        return
    turn.count_unknown()
    turn.answer(code, params)
    turn.state.put(replace(sender, unknown_on=today))
