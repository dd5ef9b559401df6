"""How a claim stands, as the register says it (K3): one table of conditions, of which the first that holds tells.

The conditions are data, so that the same table gives the status of a claim here and the SQL that finds claims by it
(`worker.readers.search`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from worker.rules.model import Claim
from worker.rules.states import LASTING, ClaimState

ITSELF: Final = ""
"""Stands for the claim's own state, which is then its status."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something is noted on the claim."""

    field: str


@dataclass(frozen=True, slots=True)
class Reached:
    """A moment that is noted on the claim has come."""

    field: str


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The claim's state is none of these."""

    states: tuple[ClaimState, ...]


Condition = Noted | Reached | Otherwise

TABLE: Final[tuple[tuple[str, tuple[Condition, ...]], ...]] = (
    ("sold", (Reached("deal_at"),)),
    (ITSELF, (Otherwise(tuple(LASTING)),)),
    ("lapsed", (Reached("ends_at"), Noted("visited_at"))),
    ("expired", (Reached("ends_at"),)),
    (ITSELF, (Otherwise((ClaimState.LIVE,)),)),
    ("visited", (Noted("visited_at"),)),
    ("renewed", (Noted("renewed_at"),)),
    ("live", ()),
)
"""Status → the conditions of which all must hold, in the order in which they are tried."""


def status_of(claim: Claim, now: datetime) -> str:
    """Return how a claim stands at a moment."""
    status = next(status for status, conditions in TABLE if all(_holds(each, claim, now) for each in conditions))
    return str(claim.state) if status == ITSELF else status


def _holds(condition: Condition, claim: Claim, now: datetime) -> bool:
    match condition:
        case Otherwise(states):
            return claim.state not in states
        case Noted(field):
            return getattr(claim, field) is not None
        case Reached(field):
            moment: datetime | None = getattr(claim, field)
            return moment is not None and moment <= now
