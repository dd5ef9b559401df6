"""What the door notes beside a text, in its payload.

A word of its gateway, that it is the same text once more, and by how much the line's time was ahead of a second clock.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from worker.rules.codes import Code
from worker.rules.model import Claim, Decision, Message

OPT_OUT: Final = "opt_out"
"""What its gateway says that the text does to its sender's consent: stop or start (L8)."""
REPEATS: Final = "repeats"
"""The same text of the same sender, a moment ago under another id: its place, and how long ago it was sent."""
AHEAD: Final = "ahead"
"""By how many whole seconds the time that the line gave it is ahead of what a second clock says, beyond AHEAD_LEAST."""
AHEAD_LEAST: Final = timedelta(minutes=2)
"""So far two clocks may differ without anybody being told."""
APART: Final = "apart"
"""By how many whole seconds the line's time is later than its gateway says that a text was sent which came at once."""
REPEATED_WITHIN: Final = timedelta(seconds=3)
"""Some gateways bring one SMS twice, each with an id of its own."""
_NO_THUMB_MS: Final = 1_000
"""Nobody sends the same words twice within a second."""


def opt_out_noted(message: Message) -> str | None:
    """Return stop or start where the gateway of a text has said so, whatever the text says."""
    return message.payload.get(OPT_OUT) if message.kind == "text" else None


def note_of_clock(received_at: datetime, believed: datetime | None) -> dict[str, int]:
    """Return the note beside a message of a person whose time is ahead of what a second clock says; empty if not."""
    ahead = received_at - believed if believed is not None else timedelta()
    return {AHEAD: ahead // timedelta(seconds=1)} if ahead > AHEAD_LEAST else {}


def note_of_stated(received_at: datetime, sent_at: datetime | None) -> dict[str, int]:
    """Return the note beside a text that came at once, of the time that its gateway states; empty where it states none.

    It decides nothing: operators are told when gateway and line contradict each other.
    """
    return {} if sent_at is None else {APART: (received_at - sent_at) // timedelta(seconds=1)}


def ahead_noted(message: Message) -> timedelta:
    """Return by how much a message's time is noted to be ahead of a second clock; zero where the two agreed."""
    noted = message.payload.get(AHEAD, 0) if message.kind in ("text", "form") else 0
    return timedelta(seconds=noted)


def note_of_first(
    sent: datetime, before: Iterable[tuple[int, datetime, Any]], within: timedelta = REPEATED_WITHIN
) -> dict[str, Any]:
    """Return the note beside a text that was sent at a moment; empty where it is a text of its own.

    `before`: place, time of sending and payload of what the same sender sent in the same words; `within`: how far apart
    its gateway may date one text. None follows from one that is itself a repeat: of three in a row, each moments behind
    the other, only the second may be one.
    """
    for seq, at, payload in before:
        apart = abs(sent - at)
        if REPEATS not in (payload or {}) and apart <= within:
            return {REPEATS: {"seq": seq, "after_ms": apart // timedelta(milliseconds=1)}}
    return {}


def is_repeat(message: Message, decision: Decision) -> bool:
    """Tell whether a text is its sender's last one brought twice, by what it would come to; then it comes to nothing.

    What wins a claim is none: a rival's ended in between. A second later it may be his own thumb's, so that only what
    reports a client again is taken for one (E19).
    """
    noted = message.payload.get(REPEATS) if message.kind == "text" else None
    if noted is None or any(isinstance(fact, Claim) and fact.place[0] == decision.seq for fact in decision.facts):
        return False
    again = bool(decision.rows) and all(row.code == Code.DUPLICATE_OWN for row in decision.rows)
    # One wrong code that is brought twice is one try (L5).
    again = again or decision.kind == "confirm"
    return again or bool(noted["after_ms"] < _NO_THUMB_MS)
