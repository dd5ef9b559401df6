"""What becomes of one client of a report text, and what the text says beside him."""

from dataclasses import dataclass, field
from typing import Any

from worker.rules.codes import Code
from worker.rules.model import Claim
from worker.rules.numbers import Rule
from worker.rules.states import ClaimState, Flag

REGISTERED = (Code.ACCEPTED, Code.CHECK_READING)
"""Codes of a report that is registered and asks for nobody but, perhaps, its sender."""


def code_of(claim: Claim) -> Code:
    """Return the code of a registration: contested, suspected, unlisted, check_reading, accepted, the first (L24)."""
    if claim.state != ClaimState.LIVE:
        return Code(claim.state)
    return next((code for flag, code in _SAID if flag in claim.flags), Code.ACCEPTED)


_SAID = ((Flag.UNLISTED, Code.UNLISTED), (Flag.UNSURE, Code.CHECK_READING))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text says beside a client: `another` (另报) for one that amends nothing, `alone` for its only client."""

    another: bool = False
    alone: bool = False
    said: str = ""
    """its words, as far as they can be of this client (L23)"""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one client of a text: code, rules in the order applied, what the words are made of."""

    code: Code
    rules: tuple[Rule, ...]
    params: dict[str, Any] = field(default_factory=dict)
    claim: Claim | None = None
    recorded: Code | None = None
    """the code of his row in the register where it is another than what is said"""

    @property
    def for_sender(self) -> dict[str, Any]:
        """Return what the sender's words are made of: nothing of whom his client overlaps with (R11)."""
        return {key: value for key, value in self.params.items() if key not in ("other", "other_at", "was")}

    @property
    def is_own(self) -> bool:
        """Tell whether the claim is one that the reporter won, or met as his unit's."""
        return self.claim is not None and self.code != Code.DUPLICATE_OTHER

    @property
    def ref(self) -> str:
        """Return the registration's number as it stands with the code (E4)."""
        return self.claim.ref if self.claim is not None and self.is_own else ""
