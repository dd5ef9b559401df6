"""The states that claims, visit forms and disputes stand in, each declared once; the value is what their table holds.

None of them follows from time alone: a claim is over when its end is past, a form is void after its day, whatever its
state says.
"""

from enum import StrEnum
from typing import Final


class ClaimState(StrEnum):
    """How a claim stands."""

    LIVE = "live"
    """it holds its client until its end (R7)"""
    WALK_IN = "walkin"
    """the site's own client, held as one (R6, B2)"""
    SUSPECTED = "suspected"
    """the same number under another name: it holds provisionally, until 判 (R11, B18)"""
    CONTESTED = "contested"
    """sent before another's claim and received after it: it holds nothing until 判 (R11, B21)"""
    WITHDRAWN = "withdrawn"
    """given up by its agent, or taken back by the manager (撤)"""
    DISPLACED = "displaced"
    """its client turned out to be another's (E14)"""
    DENIED = "denied"
    """its client said at his arrival that he came by nobody (核实 否, R15, B3)"""


PENDING: Final = (ClaimState.SUSPECTED, ClaimState.CONTESTED)
"""Those that wait for the manager's 判."""
LASTING: Final = (ClaimState.LIVE, *PENDING)
"""Those of registrations that nothing but time has ended."""
LIVING: Final = (*LASTING, ClaimState.WALK_IN)
"""Those of claims that nothing but time has ended."""


class FormState(StrEnum):
    """How a visit form stands on its day."""

    OPEN = "open"
    """it waits for signatures, or for proof of what differs (R13, R22)"""
    ASKED = "asked"
    """client service was asked with whom he came (R15)"""
    CONFIRMED = "confirmed"
    """all have signed"""
    DENIED = "denied"
    """he came by nobody, or what differs was not proved"""


WAITING: Final = (FormState.OPEN, FormState.ASKED)
"""Those in which a form may still be signed or answered."""
CLOSED: Final = (FormState.CONFIRMED, FormState.DENIED)


class FormKind(StrEnum):
    """How the client of a visit form came."""

    LED = "led"
    """with an agent (到访)"""
    OWN = "own"
    """alone, under a live report (自访, R15)"""
    WALK_IN = "walkin"
    """alone, under none (现场客, R6)"""


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    """nobody has ruled; a default judgement (R20) follows from the times"""
    DECIDED = "decided"
    """the manager has ruled (R21)"""
    CANCELLED = "cancelled"
    """the manager withdrew it (J9)"""
