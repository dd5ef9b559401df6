"""What became of a claim: its reading amended by its sender, affirmed by him, or checked by the site (R2b; L21–L24).

And who has it, and until when: handed over to a colleague, extended by the manager (L16).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from worker.rules.model import NO_AGENT, Claim
from worker.rules.states import Flag
from worker.rules.turn import Turn
from worker.rules.values import HANDED, PastReading

AMENDED, AFFIRMED, CHECKED, EXTENDED = "amended", "affirmed", "checked", "extended"


@dataclass(frozen=True, slots=True)
class Became:
    """One change: how, when and by which text, the client and agent after it, and in a word what was read before."""

    how: str
    at: datetime
    seq: int
    client: str
    agent: str
    was: str
    until: datetime | None
    days: int
    words: str


def reading_of(turn: Turn, claim: Claim, how: str, until: datetime | None = None) -> PastReading:
    """Return what is kept of a change of a claim's reading: how, by which text, and what it was before."""
    before = (claim.client, claim.agent, Flag.UNSURE in claim.flags)
    return PastReading(how, turn.message.seq, turn.now, turn.phone, *before, until)


@dataclass(frozen=True, slots=True)
class First:
    """What was first read of a claim's text."""

    client: str
    agent: str
    unsure: bool


def first_reading(claim: Claim) -> First:
    """Return how a claim's text was first read."""
    if not claim.readings:
        return First(claim.client, claim.agent, Flag.UNSURE in claim.flags)
    first = claim.readings[0]
    return First(first.client, first.agent, first.unsure)


def confirmed(claim: Claim) -> bool:
    """Tell whether its sender has confirmed the reading of a claim, or a person has checked it."""
    return any(reading.how in (AFFIRMED, CHECKED) for reading in claim.readings)


def is_agreed(claim: Claim) -> bool:
    """Tell whether a claim was given to a colleague, or more days: others know it as it is, and nobody renames it."""
    return any(reading.how in (HANDED, EXTENDED) for reading in claim.readings)


def times_amended(claim: Claim) -> int:
    """Return how often a claim was amended."""
    return sum(reading.how == AMENDED for reading in claim.readings)


def became(claim: Claim) -> Iterator[Became]:
    """Yield what became of a claim's reading, in line order."""
    known = [(reading.client, reading.agent) for reading in claim.readings]
    after = [*known[1:], (claim.client, claim.agent)]
    for reading, (client, agent) in zip(claim.readings, after, strict=False):
        same_agent = reading.agent in (agent, NO_AGENT)
        was = reading.client if same_agent else f"{reading.client}/{reading.agent}"
        was = reading.agent if reading.how == HANDED else was
        given = (reading.until, reading.days, reading.words)
        yield Became(reading.how, reading.at, reading.seq, client, agent, was, *given)
