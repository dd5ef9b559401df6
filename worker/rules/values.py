"""What stands inside of facts: past readings of a claim, signatures and members of a form, what is said in a dispute.

`codec` writes them as mappings; a field that does not hold is named by `left_out` and not written.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from worker.rules.states import ClaimState, Side

HANDED: Final = "handed"
"""How a claim that was given to a colleague changed (转, L16)."""


@dataclass(frozen=True, slots=True)
class PastReading:
    """A change of how a claim is read (R2b, L24), of its agent or end: by which text, and how it was before."""

    how: str
    """amended, affirmed, checked, handed, extended (`readings.py`)"""
    seq: int
    at: datetime
    phone: str
    client: str
    agent: str
    unsure: bool = False
    """nobody had confirmed it before"""
    until: datetime | None = None
    """of an amended one: the end that the claim has if it is valid (L23); of an extended one its new end"""
    days: int = 0
    """of an extended one: how many more it was given (延, L16)"""
    words: str = ""
    """of an extended one: why"""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: what does not hold."""
        return tuple(name for name in ("unsure", "until", "days", "words") if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Signature:
    """A party's signature on a visit form; `name` as the roster has it, or of staff the site, else empty."""

    phone: str
    at: datetime
    seq: int
    name: str


@dataclass(frozen=True, slots=True)
class Before:
    """How a claim stood before a form was confirmed: what it returns to when a signature is taken back (L7)."""

    claim: int
    state: ClaimState
    ends_at: datetime
    visited_at: datetime | None = None
    visit: int = 0
    contact_at: datetime | None = None
    ahead: int = 0
    days: int = 0
    """how many more days it had been given by then (延, L16); they are in `ends_at`"""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: most claims were made while the clocks agreed, and given no days."""
        return tuple(name for name in ("ahead", "days") if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Member:
    """A further client on a visit form (C6), and the number of the claim that he comes under."""

    client: str
    first3: str
    last4: str
    claim: int


@dataclass(frozen=True, slots=True)
class Party:
    """A side of a dispute: who has the client, or a unit that objects (R18, J4)."""

    side: Side
    unit: str
    """WALK_IN: the site itself"""
    agent: str
    phone: str
    at: datetime
    seq: int
    words: str
    until: datetime | None = None
    """of an objector: until when his papers count (R19, J4)"""
    named: str = ""
    """of an objector who wrote less than a client whom he need not know: what he wrote, R1 or 张先生138****5678"""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: a holder has no date of his own, and most name their client."""
        return (*(("until",) if self.side == Side.HOLDER else ()), *(() if self.named else ("named",)))


@dataclass(frozen=True, slots=True)
class Paper:
    """What a party has handed in (R19, R28); it counts if it is in time and of somebody whose records count (R27)."""

    unit: str
    kind: str
    words: str
    phone: str
    at: datetime
    seq: int
    counted: bool
    late: bool
    day: date | None = None
    """of a call"""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the fields that are not kept: the day of what is no call."""
        return ("day",) if self.day is None else ()

    @property
    def accepted(self) -> bool:
        """Whether it counts."""
        return self.counted and not self.late


@dataclass(frozen=True, slots=True)
class Opinion:
    """What client service thinks of a dispute (R21)."""

    words: str
    phone: str
    at: datetime
    seq: int
    late: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """The manager's decision of a dispute (R21): whose the client is, and why."""

    unit: str
    agent: str
    phone: str
    at: datetime
    seq: int
    words: str
